import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pictures, picturesPart } from "../../../commands/graph/cli";
import { withPart } from "../../../commands/shared/page";
import { mermaid } from "../../../commands/graph/mermaid";
import { pictureOf, type Node, type Picture } from "../../../commands/graph/picture";
import type { PreviewOptions } from "../../../commands/shared/preview";
import { stagePreviews } from "../../../commands/shared/stage-previews";
import { previewByHost } from "../../program/support/hosted";
import { testStack } from "../../stacks/stacks";
import { inStage, previewOf, previewsOfPi } from "../../program/support/previews";
import { stagesWith } from "../../../stages";
import { ownProgram } from "../../../engine/project";

const previews = () => Promise.all(stagesWith("mimir").map((stage) => previewOf("production", ...inStage(stage))));

/** Words that Mermaid's flowcharts keep for themselves: an id of that name breaks the picture. */
const reserved = /^(end|graph|flowchart|subgraph|default|style|class|click|linkStyle|classDef|direction|o|x)$/;

const label = `"[^"<>\`\\\\]*(?:<br/>[^"<>\`\\\\]*)*"`;
const shapes = [`\\[${label}\\]`, `\\[/${label}/\\]`, `\\[\\(${label}\\)\\]`, `\\(\\[${label}\\]\\)`].join("|");
const grammar = {
  subgraph: new RegExp(`^  subgraph (\\w+)\\[${label}\\]$`),
  end: /^ {2}end$/,
  node: new RegExp(`^(?: {2}){1,2}(\\w+)(?:${shapes})$`),
  flow: new RegExp(`^  (\\w+) (?:-->|==>)(?:\\|${label}\\|)? (\\w+)$`),
};

/** What is wrong with a text in Mermaid's language, as far as it can be told without a browser. */
function faults(text: string): string[] {
  const [head, ...rest] = text.split("\n");
  const ids: string[] = [];
  const used: string[] = [];
  const wrong = head === "flowchart LR" ? [] : [`begins with ${head}`];
  let depth = 0;
  for (const line of rest) {
    const [subgraph, node, flow] = [grammar.subgraph, grammar.node, grammar.flow].map((one) => one.exec(line));
    if (subgraph) ids.push(subgraph[1]);
    else if (node) ids.push(node[1]);
    else if (flow) used.push(flow[1], flow[2]);
    else if (!grammar.end.test(line)) wrong.push(`is no line of a flowchart: ${line}`);
    depth += subgraph ? 1 : grammar.end.test(line) ? -1 : 0;
    if (depth < 0 || depth > 1) wrong.push(`frames don't match at: ${line}`);
  }
  if (depth !== 0) wrong.push("a frame is open");
  return [
    ...wrong,
    ...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `twice: ${id}`),
    ...ids.filter((id) => reserved.test(id)).map((id) => `reserved: ${id}`),
    ...used.filter((id) => !ids.includes(id)).map((id) => `not there: ${id}`),
  ];
}

describe("Mermaid", () => {
  it("is well-formed for every stage, and every stack", async () => {
    const all = [
      ...(await previews()),
      ...(await Promise.all(previewsOfPi())),
      ...(await Promise.all(["staging", "sandbox"].map((stack) => previewOf(stack)))),
    ];
    for (const preview of all) assert.deepEqual(faults(mermaid(pictureOf(preview))), [], preview.stack);
  });

  it("is drawn of a stack that is written for its first update, and of buckets whose address only a pod knows", async () => {
    const preview = async (options: PreviewOptions) => (await previewByHost(options)).preview;
    const text = pictures([await stagePreviews(testStack("ceph-small"), preview)]);
    const drawn = text.split("```mermaid\n").slice(1);
    assert.equal(drawn.length, 4);
    for (const each of drawn) assert.deepEqual(faults(each.split("\n```")[0]), []);
    assert.match(text, /subgraph \w+\["object store: \$\{LOKI_BUCKET_HOST\}:\$\{LOKI_BUCKET_PORT\}"\]/);
  });

  it("that is not well-formed is noticed", () => {
    const cases: [string, RegExp][] = [
      ["graph", /begins with/],
      ['flowchart LR\n  end["a"]', /reserved: end/],
      ['flowchart LR\n  a["a"]\n  a["b"]', /twice: a/],
      ['flowchart LR\n  a["a"]\n  a --> b', /not there: b/],
      ['flowchart LR\n  subgraph g["g"]\n    a["a"]', /a frame is open/],
      ['flowchart LR\n  a["say "a""]', /no line/],
      ["flowchart LR\n  a[a]", /no line/],
    ];
    for (const [text, what] of cases) assert.match(faults(text).join("\n"), what);
  });

  it("keeps names that mean something to it out of its way, and breaks long lists", () => {
    const node = (title: string, details: string[] = []): Node => ({ id: "a", title, details, kind: "part" });
    const drawn = (one: Node) => mermaid({ nodes: [one], flows: [] } satisfies Picture).split("\n")[1];
    assert.equal(drawn(node('a "b" <c> #1;')), '  a["a #34;b#34; #60;c#62; #35;1#59;"]');
    const names = Array.from({ length: 12 }, (_, i) => `name-${i}`).join(", ");
    const lines = drawn(node("a", [names])).split("<br/>");
    assert.ok(lines.length > 2 && lines.every((line) => line.length < 50), lines.join("\n"));
  });
});

describe("docs/stages.md", () => {
  it("has the picture of every stage that is built; run `npm run graph`", async () => {
    const page = readFileSync(join(ownProgram, "docs/stages.md"), "utf8");
    const drawn = [
      { backend: "mimir" as const, previews: await previews() },
      { backend: "victoria-metrics" as const, previews: await Promise.all(previewsOfPi()) },
    ];
    assert.equal(withPart(page, picturesPart, pictures(drawn)), page);
  });
});
