import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { measure } from "../../../commands/usage/measure";
import { keep, latest, recordsOf, table, type UsageRecord } from "../../../commands/usage/records";
import type { Api, Reply } from "../../../commands/shared/api/api-server";

const pod = (uid: string, name: string, owner?: object, labels = {}) => ({
  metadata: { uid, name, namespace: "monitoring", labels, ...(owner && { ownerReferences: [owner] }) },
});
const pods = [
  pod("1", "mimir-0", { kind: "StatefulSet", name: "mimir", controller: true }),
  pod("2", "mimir-1", { kind: "StatefulSet", name: "mimir", controller: true }),
  pod(
    "3",
    "gateway-abc-x",
    { kind: "ReplicaSet", name: "gateway-abc", controller: true },
    { "pod-template-hash": "abc" },
  ),
  pod("4", "alone"),
];

/** A kubelet whose pods each use a tenth of a core, and a mebibyte more with each look. */
function cluster(answer: (path: string) => Reply | undefined = () => undefined): Api {
  let look = 0;
  const stats = (mebibytes: number) => ({
    cpu: { time: new Date(look * 10_000).toISOString(), usageCoreNanoSeconds: 5e9 + look * 1e9 },
    memory: { workingSetBytes: (mebibytes + look) * 2 ** 20 },
  });
  const answers = (path: string): object => {
    if (path === "/api/v1/nodes") return { items: [{ metadata: { name: "pi" } }] };
    if (path === "/api/v1/pods") return { items: pods };
    look++;
    const all = [...pods.map(({ metadata: { uid } }) => uid), "a static pod"];
    return {
      node: stats(1000),
      pods: all.map((uid) => ({ podRef: { name: uid, namespace: "x", uid }, ...stats(10) })),
    };
  };
  return {
    server: "https://cluster",
    request: async (path) => answer(path) ?? { status: 200, body: JSON.stringify(answers(path)) },
  };
}

// A busy machine may take a while for the first look, and there have to be two.
const args = { seconds: 0.3, step: 0.02, signal: new AbortController().signal, tell: () => undefined };

describe("What the cluster uses", () => {
  it("is the mean and the most of all looks, by node, and by workload: its pods together", async () => {
    const { nodes, workloads } = await measure({ api: cluster(), ...args });
    assert.deepEqual(Object.keys(workloads.monitoring).sort(), [
      "Deployment/gateway",
      "Pod/alone",
      "StatefulSet/mimir",
    ]);
    const { memory, peak, cpu } = workloads.monitoring["StatefulSet/mimir"];
    assert.ok(memory > 22 * 2 ** 20 && memory < peak, `${memory} of ${peak}`);
    assert.equal(cpu.toFixed(6), "0.200000");
    assert.equal(nodes.pi.cpu.toFixed(6), "0.100000");
    assert.ok(nodes.pi.memory > 1000 * 2 ** 20);
  });

  it("counts the time of a pod and that of its successor once", async () => {
    let look = 0;
    const pair = [
      pod("old", "a-1", { kind: "StatefulSet", name: "a", controller: true }),
      pod("new", "a-1", { kind: "StatefulSet", name: "a", controller: true }),
    ];
    const stats = (seconds: number) => ({
      cpu: { time: new Date(look * 10_000).toISOString(), usageCoreNanoSeconds: seconds * 1e9 },
      memory: { workingSetBytes: 2 ** 20 },
    });
    const answers = (path: string): object => {
      if (path === "/api/v1/nodes") return { items: [{ metadata: { name: "pi" } }] };
      if (path === "/api/v1/pods") return { items: pair };
      const uid = look < 2 ? "old" : "new";
      const summary = {
        node: stats(look * 10),
        pods: [{ podRef: { name: "a-1", namespace: "monitoring", uid }, ...stats((look % 2) * 10) }],
      };
      look++;
      return summary;
    };
    const api: Api = {
      server: "https://cluster",
      request: async (path) => ({ status: 200, body: JSON.stringify(answers(path)) }),
    };
    // Here a look takes ten milliseconds, however busy the machine is: there are exactly four.
    const clock = mock.method(Date, "now", () => look * 10);
    const measured = measure({ api, ...args, seconds: 0.04, step: 0.01 });
    const { nodes, workloads } = await measured.finally(() => clock.mock.restore());
    assert.equal(look, 4);
    assert.equal(nodes.pi.cpu.toFixed(6), "1.000000");
    // Of thirty seconds it was looked at for twice ten.
    assert.equal(workloads.monitoring["StatefulSet/a"].cpu.toFixed(3), "0.667");
    assert.equal(workloads.monitoring["StatefulSet/a"].memory, 2 ** 20);
  });

  it("is not measured while a node is away, or by who may not, and both are said", async () => {
    const away = cluster((path) => (path.includes("proxy") ? { status: 502, body: "dial tcp: refused" } : undefined));
    await assert.rejects(
      measure({ api: away, ...args }),
      /the kubelet of node pi answers 502.*\n→ .*kubectl get nodes/,
    );
    const refused = cluster((path) => (path.includes("proxy") ? { status: 403, body: "forbidden" } : undefined));
    await assert.rejects(measure({ api: refused, ...args }), /403: forbidden\n→ .*get on nodes\/proxy/);
  });
});

describe("Measurements that were kept", () => {
  let file: string;
  beforeEach(() => (file = join(mkdtempSync(join(tmpdir(), "usage-")), "usage.jsonl")));
  afterEach(() => rmSync(join(file, ".."), { recursive: true }));

  const usage = (mebibytes: number) => ({
    memory: mebibytes * 2 ** 20,
    peak: 2 * mebibytes * 2 ** 20,
    cpu: mebibytes / 1000,
  });
  const record = (label: string, at: string, mebibytes: number, workload: string): UsageRecord => ({
    ...{ label, at, seconds: 300, nodes: { pi: usage(2000 + mebibytes) } },
    workloads: {
      monitoring: { "DaemonSet/alloy": usage(50), [workload]: usage(mebibytes) },
      shop: { "Pod/x": usage(7) },
    },
  });

  it("stand beside one another, the latest of each label, with the difference from the first to the last", () => {
    keep(file, record("loki", "2026-11-01T00:00:00Z", 1500, "StatefulSet/prometheus"));
    keep(file, record("kps-removed", "2026-11-20T00:00:00Z", 1, "StatefulSet/mimir"));
    keep(file, record("kps-removed", "2026-11-21T00:00:00Z", 600, "StatefulSet/mimir"));
    assert.equal(
      table(latest(recordsOf(file)), ["monitoring"]).split("\n\n")[0],
      `
| memory, MiB (most)                 |          loki |   kps-removed | difference |
|------------------------------------|--------------:|--------------:|-----------:|
| node pi                            | 3,500 (7,000) | 2,600 (5,200) |       −900 |
| monitoring: DaemonSet/alloy        |      50 (100) |      50 (100) |         +0 |
| monitoring: StatefulSet/mimir      |             – |   600 (1,200) |       +600 |
| monitoring: StatefulSet/prometheus | 1,500 (3,000) |             – |     −1,500 |
| all of monitoring                  | 1,550 (3,100) |   650 (1,300) |       −900 |
| other namespaces                   |        7 (14) |        7 (14) |         +0 |
| all nodes                          | 3,500 (7,000) | 2,600 (5,200) |       −900 |`.trim(),
    );
  });

  it("have no difference while there is one; and a line that is none is named", () => {
    keep(file, record("before", "2026-11-01T00:00:00Z", 1500, "StatefulSet/prometheus"));
    assert.doesNotMatch(table(recordsOf(file), ["monitoring"]), /difference/);
    writeFileSync(file, `${readFileSync(file, "utf8")}{"label":"x"}\n`);
    assert.throws(() => recordsOf(file), /line 2 is not a measurement\n→ /);
  });
});
