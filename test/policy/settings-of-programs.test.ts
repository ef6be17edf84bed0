import assert from "node:assert/strict";
import { stringify } from "yaml";
import { settings as ofLoki } from "../../e2e/support/policy-against-loki";
import { settings as ofMimir } from "../../e2e/support/policy-against-mimir";
import { configurationFieldsAreKnown as policy } from "../../policy/configuration-fields-are-known";
import { changed, goodLoki, goodMimir, lokiChart } from "./fixtures";
import { allFindings, configMap } from "./support";

// Of the same values the end-to-end tests (`policy-against-loki`, `policy-against-mimir`) ask the programs themselves.
describe("configuration-fields-are-known, of each setting that the programs are asked about", () => {
  it("judges in a chart's values what stands there, and not what the chart may add", async () => {
    const saidOf = (structuredConfig: object) => allFindings(policy, lokiChart({ structuredConfig }));
    assert.match(
      (await saidOf({ querier: { query_store_only: true, query_ingester_only: true } })).join(),
      /structuredConfig\.querier is a block with query_store_only and query_ingester_only/,
    );
    assert.deepEqual(await saidOf({ bloom_gateway: { enabled: true } }), []);
  });

  const all = [
    ...ofLoki.map((each) => ({ ...each, name: "Loki", good: goodLoki })),
    ...ofMimir.map((each) => ({ ...each, name: "Mimir", good: goodMimir })),
  ];
  for (const { path, value, unfit, name, good } of all) {
    it(`${name}: ${path} may be ${JSON.stringify(value)}, and not ${JSON.stringify(unfit)}`, async () => {
      const saidOf = (given: unknown) => allFindings(policy, configMap(stringify(changed(good, path, given))));
      assert.deepEqual(await saidOf(value), []);
      const found = await saidOf(unfit);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0], /refuses to start/);
    });
  }
});
