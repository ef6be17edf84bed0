import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../lab/until";
import type { Stage, StageName } from "../../stages";
import { ApiProxy, testCluster } from "../support/cluster";
import { leaveNamespace, makeNamespace } from "../support/deploy";
import { evaluatedBy as evaluated } from "../support/evaluated-by";
import { clusterWide } from "../support/names";
import { note } from "../support/note";
import { receiverObjects, receiverUrl } from "../support/receiver";
import { StageUpdates, type Disturbance } from "../support/stage-updates";
import { alwaysFiring, told } from "../support/test-alert";
import type { Transition } from "../support/transition";
import { WrittenSamples } from "../support/written-samples";
import { LogWriter } from "../support/writers";

// The walk of transitions.test.ts with the other backend. What doesn't depend on it is shown there: adoption, the control plane, the API server and the
// object store in trouble, silences, the former names.

const namespace = "e2e-transitions-vm";
const stack = "sandbox";
const backend = "victoria-metrics";
/** Seconds between two scrapes. */
const interval = 10;
const claims = {
  prometheus: "prometheus-kube-prometheus-stack-prometheus-db-prometheus-kube-prometheus-stack-prometheus-0",
  victoriaMetrics: "data-victoria-metrics-0",
  vmagent: "data-vmagent-0",
};
const retirement = ["migration.retireKps=true", "migration.reclaimVolumes[0]=prometheus", "migration.dualWriteDays=0"];
/** What kube-prometheus-stack is, and what its operator makes. */
const ofRelease = /kube-prometheus-stack|prometheus-operated/;

const seconds = () => Math.floor(Date.now() / 1000);

describe("A stack with VictoriaMetrics goes through every stage, back and forward again, while samples and lines flow", function () {
  this.timeout(15 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "transitions-vm-"));
  let proxy: ApiProxy;
  let updates: StageUpdates;
  let samples: WrittenSamples;
  let lines: LogWriter;
  /** How often the evaluator has changed. */
  let evaluators = 0;
  let begun: number;
  /** From then on VictoriaMetrics is written to, until it is removed. */
  let written: number;

  const wanted = (stage: StageName, more: string[] = []): Transition => ({
    ...{ namespace, stack, backend, stage, secrets: join(folder, "secrets.yaml"), others: [] },
    config: [
      ...[`kps.scrapeInterval=${interval}s`, "kps.storage=1Gi", "loki.storage=1Gi", "metrics.mimirOutage=30m"],
      ...[`alertmanager.webhook=${receiverUrl(namespace, "/notify")}`, "alertmanager.groupWait=1s"],
      ...["alertmanager.groupInterval=10s", ...more],
    ],
    components: [
      ...["object-storage", "secrets", "alertmanager", "loki", "victoria-metrics", "vmalert", "vmagent"],
      ...["kube-prometheus-stack", "monitors", "rules", "upstream-rules", "prometheus-api"],
    ],
  });
  const bring = (transition: Transition, disturbances?: Disturbance[]) => updates.bring(transition, disturbances);
  const kill = (at: RegExp): Disturbance[] => [{ at, what: "kill" }];

  before(async () => {
    const { kubectl } = await testCluster();
    // The operator's pods are not what the Pod Security Standard calls restricted.
    await makeNamespace(namespace, "privileged");
    await kubectl.apply([...receiverObjects(namespace), alwaysFiring(namespace, stack)]);
    proxy = await ApiProxy.start();
    updates = new StageUpdates(proxy);
    samples = new WrittenSamples(proxy, {
      ...{ namespace, backend, cluster: stack, interval },
      ...{ job: "alertmanager", jobs: "victoria-metrics|loki.*" },
    });
    await bring(wanted("loki"));
    await until("the alert fires", 300, async () => ((await told(namespace)) > 0 ? true : undefined));
    lines = new LogWriter(proxy, namespace);
    begun = seconds();
  });

  after(async () => {
    const { kubectl } = await testCluster();
    await Promise.allSettled([lines?.stop()]);
    proxy?.stop();
    await leaveNamespace(namespace);
    await kubectl.run(["delete", "--ignore-not-found", ...clusterWide(namespace)]);
    rmSync(folder, { recursive: true });
  });

  async function names(...kinds: string[]): Promise<string> {
    const { kubectl } = await testCluster();
    return kubectl.run(["get", kinds.join(","), "-n", namespace, "-o", "name"]);
  }

  /** Waits until none of these objects is there: operators and controllers remove some a moment later. */
  const gone = (what: RegExp, ...kinds: string[]) =>
    until(`nothing is left that is ${what.source}`, 300, async () => {
      assert.doesNotMatch(await names(...kinds), what);
      return true;
    });

  /** Waits until rules are evaluated by the one, and by no other. */
  async function evaluatedBy(evaluator: Stage["evaluator"], hasPrometheus = true): Promise<void> {
    const { backend: api, prometheus } = samples;
    await evaluated(evaluator, { name: backend, backend: api, cluster: stack, ...(hasPrometheus && { prometheus }) });
  }

  it("loki → dual-write, killed when VictoriaMetrics is there and its writer isn't", async () => {
    await bring(wanted("dual-write"), kill(/ready: StatefulSet\.apps\/.*\/victoria-metrics$/));
    await samples.scraped(seconds());
    written = seconds(); // by now Prometheus writes what it scrapes
    await evaluatedBy("prometheus");
    await samples.scraped(written + 2 * interval);
    await samples.same(written);
  });

  it("dual-write → victoria-metrics-default, killed when vmalert is there and Prometheus still evaluates", async () => {
    await bring(wanted("victoria-metrics-default"), kill(/ready: Deployment\.apps\/.*\/vmalert$/));
    evaluators++;
    await evaluatedBy(backend);
    await samples.same(written);
  });

  it("the retirement lifts the protection of Prometheus's volume, and loses nothing", async () => {
    await bring(wanted("victoria-metrics-default", retirement));
    const { kubectl } = await testCluster();
    const policy = "jsonpath={.spec.persistentVolumeClaimRetentionPolicy.whenDeleted}";
    const statefulSet = "statefulset/prometheus-kube-prometheus-stack-prometheus";
    await until("the operator has passed it on to its StatefulSet", 300, async () =>
      (await kubectl.run(["get", statefulSet, "-n", namespace, "-o", policy])) === "Delete" ? true : undefined,
    );
    await samples.scraped(seconds());
    await samples.same(written);
  });

  it("victoria-metrics-default → kps-removed, killed in the middle of the removal: vmagent scrapes, each target once", async () => {
    await bring(wanted("kps-removed", retirement), kill(/^removed:/));
    await gone(ofRelease, "statefulset", "deployment", "pod", "service", "secret", "prometheus");
    await gone(new RegExp(claims.prometheus), "pvc");
    for (const claim of [claims.victoriaMetrics, claims.vmagent]) assert.match(await names("pvc"), new RegExp(claim));
    const alone = seconds();
    await evaluatedBy(backend, false);
    await samples.scraped(alone + 3 * interval);
    const shortest = Math.min(...(await samples.gaps(alone)));
    assert.ok(shortest >= interval / 2, `two samples are only ${shortest} s apart`);
    await samples.noGap(written);
  });

  it("kps-removed → victoria-metrics-default brings an empty Prometheus, killed half-way; nothing of vmagent is left but its claim", async () => {
    const from = seconds();
    await bring(wanted("victoria-metrics-default"), kill(/^wave 4/));
    await gone(/vmagent/, "statefulset", "pod", "service", "secret", "configmap", "prometheus");
    assert.match(await names("pvc"), new RegExp(claims.vmagent));
    await samples.scraped(seconds());
    const first = await samples.oldest("prometheus");
    assert.ok(first >= from, `Prometheus has a sample of ${first}, which is before ${from}`);
    await samples.noGap(written);
  });

  it("victoria-metrics-default → dual-write → loki, killed twice: VictoriaMetrics' claim stays, and nothing else of it", async () => {
    const from = seconds();
    await bring(wanted("dual-write"), kill(/ready: StatefulSet\.apps\/.*\/victoria-metrics$/));
    evaluators++;
    await evaluatedBy("prometheus");
    await gone(/vmalert/, "statefulset", "deployment", "pod", "service", "secret", "configmap", "prometheus");
    await samples.same(from);
    await samples.noGap(written);
    await bring(wanted("loki"), kill(/^removed:.*victoria-metrics/));
    await gone(/\/victoria-metrics(-\d+)?$/m, "statefulset", "pod", "service", "configmap");
    assert.match(await names("pvc"), new RegExp(claims.victoriaMetrics));
    await samples.letGo(from);
  });

  it("forward again to the end: what was written on the way is all there", async () => {
    await bring(wanted("dual-write"));
    await samples.scraped(seconds());
    const from = seconds();
    await bring(wanted("victoria-metrics-default"));
    evaluators++;
    await evaluatedBy(backend);
    await samples.same(from);
    await bring(wanted("victoria-metrics-default", retirement));
    await bring(wanted("kps-removed", retirement));
    await gone(ofRelease, "statefulset", "deployment", "pod", "service", "secret", "prometheus");
    await samples.noGap(from);
    const first = await samples.oldest("backend");
    assert.ok(first <= written, `VictoriaMetrics' oldest sample is of ${first}, it is written to since ${written}`);
  });

  it("has lost no line", async () => {
    await lines.stop();
    assert.ok(lines.acknowledged > 100, `only ${lines.acknowledged} lines`);
    await until("every line is found", 300, async () => {
      assert.deepEqual(await lines.missing(), []);
      return true;
    });
    const times = await told(namespace);
    note(
      `VictoriaMetrics: ${lines.acknowledged} lines, ${updates.kills} kills, the evaluator changed ${evaluators} times, ${times} notifications in ${seconds() - begun} s`,
    );
    assert.ok(updates.kills >= 5);
  });
});
