import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { costs, costsPart } from "../../../commands/costs/cli";
import { withPart } from "../../../commands/shared/page";
import { fitOf, type Fit } from "../../../commands/shared/capacity/fit";
import { formatPreview } from "../../../commands/shared/format";
import type { NodeKind } from "../../../commands/shared/capacity/nodes";
import { type Preview } from "../../../commands/shared/preview";
import { workloadsOf, type Workload } from "../../../commands/shared/capacity/workloads";
import { offline } from "../../program/support/cli";
import { inStage, previewOf, previewsOfPi } from "../../program/support/previews";
import { stagesWith } from "../../../stages";
import type { NodeExpression } from "../../../commands/shared/capacity/pod-spec";
import { testStackWords } from "../../stacks/stacks";
import { ownProgram } from "../../../engine/project";

const GiB = 2 ** 30;

const node = (
  name: string,
  count: number,
  cpu: number,
  memory: number,
  labels: Record<string, string> = {},
): NodeKind => ({
  ...{ name, arch: "arm64", count, room: { cpu, memory: memory * GiB } },
  labels: { "kubernetes.io/arch": "arm64", ...labels },
});

const pods = (
  name: string,
  number: Workload["pods"],
  cpu: number,
  memory: number,
  more: Partial<Workload> = {},
): Workload => ({
  ...{ name, pods: number, requests: { cpu, memory: memory * GiB }, limits: {}, nodeTerms: [] },
  ...more,
});

const on = (key: string, ...values: string[]): NodeExpression[][] => [[{ key, operator: "In", values }]];

/** The verdict, and of each workload that lacks a node: how many pods, which node is the nearest, cores and GiB that it lacks. */
const said = ({ fits, missing }: Fit) => [
  fits,
  ...missing.map(({ workload, pods, node, lacks }) => [workload, pods, node, lacks.cpu, lacks.memory / GiB]),
];

describe("the fit of a stack", () => {
  it("is found where every pod has a node, with what is left on each kind", () => {
    const fit = fitOf(
      [pods("agent", "one a node", 0.1, 0.5), pods("large", 2, 1, 3), pods("small", 1, 0.5, 0.5)],
      [node("pi", 2, 4, 4), node("pc", 1, 8, 16)],
    );
    assert.deepEqual(said(fit), ["yes"]);
    assert.deepEqual(
      fit.nodes.map(({ name, count, room }) => [name, count, room.cpu, room.memory / GiB]),
      [
        ["pi", 2, 4, 4],
        ["pc", 1, 8, 16],
      ],
    );
    const sum = (of: (free: Fit["nodes"][number]["free"]) => number) =>
      fit.nodes.reduce((all, { free }) => all + of(free), 0);
    assert.equal(sum(({ cpu }) => cpu).toFixed(3), (16 - 0.3 - 2.5).toFixed(3));
    assert.equal(sum(({ memory }) => memory) / GiB, 24 - 1.5 - 6.5);
  });

  it("fails by memory, by CPU, or by both, and says what the nearest node lacks", () => {
    const nodes = [node("pi", 2, 4, 8), node("pc", 1, 8, 16)];
    assert.deepEqual(said(fitOf([pods("a", 1, 1, 18)], nodes)), ["no", ["a", 1, "pc", 0, 2]]);
    assert.deepEqual(said(fitOf([pods("a", 1, 8.5, 1)], nodes)), ["no", ["a", 1, "pc", 0.5, 0]]);
    assert.deepEqual(said(fitOf([pods("a", 3, 5, 9)], nodes)), ["no", ["a", 2, "pi", 1, 1]]);
  });

  it("counts each node by itself: room on two nodes is not room for one pod", () => {
    assert.deepEqual(said(fitOf([pods("a", 1, 1, 6)], [node("pi", 2, 4, 4)])), ["no", ["a", 1, "pi", 0, 2]]);
  });

  it("takes a node that is filled to the last thousandth of a core", () => {
    assert.deepEqual(said(fitOf([pods("a", 40, 0.1, 0)], [node("pi", 1, 4, 4)])), ["yes"]);
    assert.deepEqual(said(fitOf([pods("a", 41, 0.1, 0)], [node("pi", 1, 4, 4)]))[0], "no");
  });

  it("puts replicas on nodes of their own as long as there are some, and together where there are none", () => {
    const workload = pods("a", 2, 1, 1, { limits: { memory: 2 * GiB } });
    const fullest = (count: number) => fitOf([workload], [node("pi", count, 4, 4)]).nodes[0].memoryLimits / GiB;
    assert.deepEqual([fullest(2), fullest(1)], [2, 4]);
  });

  it("is tight where only packing finds a place: spread, the small ones are in the way", () => {
    // Each node gets one of 3 cores, so each has 3 left: one of 2 for each, and none for the third. Packed: 3 and 3, then 2, 2 and 2.
    const workloads = [pods("a", 2, 3, 1), pods("b", 3, 2, 1)];
    assert.deepEqual(said(fitOf(workloads, [node("pi", 2, 6, 8)])), ["tight"]);
  });

  it("puts a DaemonSet on every node that it may run on, and says on which kind it has no room", () => {
    const agent = pods("agent", "one a node", 1, 3);
    const nodes = [node("pi", 2, 4, 2), node("pc", 1, 8, 16)];
    assert.deepEqual(said(fitOf([agent], nodes)), ["no", ["agent", 2, "pi", 0, 1]]);
    const labelled = [node("pi", 2, 4, 2), node("pc", 1, 8, 16, { disk: "ssd" })];
    assert.deepEqual(said(fitOf([{ ...agent, nodeTerms: on("disk", "ssd") }], labelled)), ["yes"]);
  });

  it("gives a pod only nodes with the labels that it wants, by each operator", () => {
    const nodes = [node("pi", 1, 4, 4, { disk: "sd", size: "2" }), node("pc", 1, 4, 4, { size: "8" })];
    const chosen = (term: NodeExpression) => {
      const { fits, nodes: after } = fitOf([pods("a", 1, 1, 1, { nodeTerms: [[term]] })], nodes);
      return fits === "yes" ? after.filter(({ free }) => free.cpu < 4).map(({ name }) => name)[0] : fits;
    };
    assert.deepEqual(
      [
        chosen({ key: "disk", operator: "In", values: ["sd"] }),
        chosen({ key: "disk", operator: "NotIn", values: ["sd"] }),
        chosen({ key: "disk", operator: "Exists" }),
        chosen({ key: "disk", operator: "DoesNotExist" }),
        chosen({ key: "size", operator: "Gt", values: ["4"] }),
        chosen({ key: "size", operator: "Lt", values: ["4"] }),
        chosen({ key: "disk", operator: "In", values: ["ssd"] }),
      ],
      ["pi", "pc", "pi", "pc", "pc", "pi", "no"],
    );
  });

  it("takes terms as alternatives, and what stands in one term together", () => {
    const nodes = [
      node("pi", 1, 4, 4, { disk: "sd", room: "cellar" }),
      node("pc", 1, 4, 4, { disk: "ssd", room: "attic" }),
    ];
    const both = [[...on("disk", "ssd")[0], ...on("room", "cellar")[0]]];
    const either = [...on("disk", "ssd"), ...on("room", "nowhere")];
    assert.deepEqual(said(fitOf([pods("a", 1, 1, 1, { nodeTerms: both })], nodes)), ["no", ["a", 1, null, 1, 1]]);
    assert.deepEqual(said(fitOf([pods("a", 1, 1, 1, { nodeTerms: either })], nodes)), ["yes"]);
  });

  it("lets pods that can go to few nodes have them first", () => {
    const nodes = [node("ssd", 1, 4, 4, { disk: "ssd" }), node("sd", 1, 4, 4)];
    const workloads = [pods("anywhere", 1, 1, 4), pods("bound", 1, 1, 2, { nodeTerms: on("disk", "ssd") })];
    assert.deepEqual(said(fitOf(workloads, nodes)), ["yes"]);
  });

  it("places the greatest first, so that small ones don't take its room", () => {
    assert.deepEqual(said(fitOf([pods("small", 2, 1, 1), pods("large", 1, 4, 4)], [node("pi", 2, 4, 4)])), ["yes"]);
  });

  it("is not known without nodes, without their sizes, and by labels that the settings don't tell", () => {
    const reason = (workloads: Workload[], nodes: NodeKind[]) => fitOf(workloads, nodes, ["mine"]);
    const labelled = reason([pods("a", 1, 1, 1, { nodeTerms: on("disk", "ssd") })], [node("pi", 1, 4, 4)]);
    assert.deepEqual(labelled, {
      fits: "unknown",
      reason: "a selects nodes by the label disk, and the settings don't say which have it (cluster.nodes[].labels)",
      nodes: [],
      missing: [],
      notSeen: ["mine"],
    });
    assert.equal(reason([], []).reason, "the settings list no nodes (cluster.nodes)");
    assert.match(reason([], [{ ...node("pi", 1, 4, 4), room: undefined }]).reason ?? "", /how much CPU .*"pi" has/);
  });
});

describe("the fit, printed", () => {
  const printed = (fit: Fit) => {
    const nothing = { resources: [], violations: [], outputs: {}, requests: [], diagnostics: [] };
    return formatPreview({ stack: "s", stage: null, ...nothing, fit }).split("\n");
  };

  it("tells what is left, and that it is allocatable less this stack alone", () => {
    const lines = printed(fitOf([pods("a", 1, 1, 1, { limits: { memory: 2 * GiB } })], [node("pi", 2, 4, 8)]));
    assert.ok(
      lines.some((line) => /^pi \(arm64\) +2 +7\.00 +15360 Mi +2048 Mi of 8192 Mi$/.test(line)),
      lines.join("\n"),
    );
    assert.ok(
      lines.some((line) =>
        /^The stack fits its nodes\. .*after cluster\.headroom, cluster\.nodes\[\]\.reserved and this stack; other workloads are not counted/.test(
          line,
        ),
      ),
    );
  });

  it("tells which pods find no node, and what the nearest lacks", () => {
    const lines = printed(fitOf([pods("StatefulSet a", 2, 5, 9)], [node("pi", 1, 4, 8)]));
    assert.ok(
      lines.includes(
        "    StatefulSet a: 2 pods have no node; each asks for 5.00 cores and 9216 Mi; even pi, which has the most room, lacks 1.00 cores and 1024 Mi",
      ),
      lines.join("\n"),
    );
  });

  it("warns where memory limits exceed a node, and of a release that isn't counted", () => {
    const over = pods("a", 1, 1, 1, { limits: { memory: 9 * GiB } });
    const lines = printed(fitOf([over], [node("pi", 1, 4, 8)], ["mine"])).join("\n");
    assert.match(lines, /Memory limits add up to more than a node has \(pi\)/);
    assert.match(lines, /What the Helm release mine starts is not counted/);
    assert.doesNotMatch(
      printed(fitOf([pods("a", 1, 1, 1)], [node("pi", 1, 4, 8)])).join("\n"),
      /add up|chart is not known/,
    );
  });

  it("says that it is not known, and why", () => {
    assert.ok(
      printed(fitOf([], [])).includes(
        "Whether the stack fits its nodes is not known: the settings list no nodes (cluster.nodes).",
      ),
    );
  });
});

describe("the stacks of the tests' own", function () {
  let previews: Preview[][];

  before(async () => {
    previews = await Promise.all(
      [stagesWith("mimir").map((stage) => previewOf("production", ...inStage(stage))), previewsOfPi()].map((all) =>
        Promise.all(all),
      ),
    );
  });

  it("fit their nodes in every stage, and no release of theirs is left out", () => {
    for (const { stack, stage, fit } of previews.flat()) {
      assert.deepEqual([fit.fits, fit.missing, fit.notSeen], ["yes", [], []], `${stack}, ${stage}`);
      assert.ok(fit.nodes.length > 0);
    }
  });

  it("fit Raspberry Pis of 4 GB, too, where VictoriaMetrics has the metrics", () => {
    const pis = [node("pi5", 3, 4, 3.8, { "kubernetes.io/os": "linux" })];
    const fits = previews[1].map(({ resources }) => fitOf(workloadsOf(resources).workloads, pis).fits);
    assert.deepEqual(fits, ["yes", "yes", "yes", "yes"]);
  });

  it("don't fit where other things need the room, and that is advice: the exit code stays 0", async () => {
    const reserved = ["--config", "cluster.nodes[0].reserved.memory=3500Mi"];
    const { code, out } = await offline("preview", ...testStackWords("sandbox"), "--no-policies", ...reserved);
    assert.equal(code, 0);
    assert.match(
      out,
      /^The stack does not fit its nodes:\n {4}\w+ \S+.* no node; each asks for .*; even this-machine, which has the most room, lacks /m,
    );
  });

  it(`cost what ${costsPart.page} says; npm run costs writes it`, () => {
    const text = readFileSync(join(ownProgram, costsPart.page), "utf8");
    assert.equal(text, withPart(text, costsPart, costs(previews)));
  });
});
