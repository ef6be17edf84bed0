import assert from "node:assert/strict";
import { exprOf } from "../../../commands/verify/rule-groups";

describe("an expression of a rule in one line", () => {
  for (const [what, expr, line] of [
    ["drops a comment at its beginning", "# Non-HA clusters.\nup\n  > 0", "up > 0"],
    ["drops comments between and after", 'up # it\'s "there"\n# and here\n> 0 # so', "up > 0"],
    ["keeps texts in quotes", 'up{a="# \\"  b",b=\'#\',c=`#\\`}   == 0', 'up{a="# \\"  b",b=\'#\',c=`#\\`} == 0'],
    ["takes a number as it is", 1, "1"],
  ] as const)
    it(what, () => assert.equal(exprOf({ expr }), line));
});
