import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ControlPlanePart } from "../../components/monitors/control-plane";
import { until } from "../../lab/until";
import { apiServerProcess, standStill } from "../support/api-server";
import {
  applicationAlert,
  applicationJobs,
  applicationObjects,
  applicationSeries,
  operatedAlertmanager,
  releaseName,
  releaseObjects,
  runningRelease,
} from "../support/applications";
import { ApiProxy, testCluster } from "../support/cluster";
import { etcdClientPort, etcdClientSecret, nodeAddress, parts, reachedAt } from "../support/control-plane";
import { leaveNamespace, removeNamespace } from "../support/deploy";
import { dataSource } from "../support/data-sources";
import { evaluatedBy as evaluated } from "../support/evaluated-by";
import { flattened, KeptLists } from "../support/kept-lists";
import { PrometheusApi, sorted, type Series } from "../support/metrics";
import { killProcess } from "../support/node";
import { clusterWide } from "../support/names";
import { leftOut, note } from "../support/note";
import { receiverObjects, receiverUrl } from "../support/receiver";
import { answersAsDefault } from "../support/prometheus-api";
import { StageUpdates, type Disturbance } from "../support/stage-updates";
import { alwaysFiring, silencedAlert, testAlert, told } from "../support/test-alert";
import type { Transition } from "../support/transition";
import { WrittenSamples } from "../support/written-samples";
import { AlertWatch, LogWriter } from "../support/writers";
import { stages, type MimirStage } from "../../stages";

const namespace = "e2e-transitions";
/** Namespace of other applications. */
const shop = "e2e-transitions-shop";
const stack = "sandbox";
/** Name of the Secret with what etcd asks of its clients. */
const etcdClient = "etcd-client";
/** Seconds between two scrapes. */
const interval = 10;
const claims = {
  prometheus: "prometheus-kube-prometheus-stack-prometheus-db-prometheus-kube-prometheus-stack-prometheus-0",
  mimir: "data-mimir-0",
};
const retirement = ["migration.retireKps=true", "migration.reclaimVolumes[0]=prometheus", "migration.dualWriteDays=0"];

const seconds = () => Math.floor(Date.now() / 1000);

describe("A stack goes through every stage, the retirement and back, while samples, lines and an alert flow", function () {
  this.timeout(15 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "transitions-"));
  let proxy: ApiProxy;
  let updates: StageUpdates;
  let samples: WrittenSamples;
  let lines: LogWriter;
  let alert: AlertWatch;
  /** How often the evaluator has changed: each time, one notification may be repeated. */
  let evaluators = 0;
  let begun: number;
  let node: string;
  let reached: ControlPlanePart[] = [];
  /** Whether etcd is scraped where it serves its clients, each of which it asks for a certificate; else at its port for metrics. */
  let etcdByTls = false;
  let lists: KeptLists;
  /** What adoption proposes for the objects of others. */
  let proposed: string[] = [];
  /** The series that the applications' targets had before the adoption. */
  let targets: Series["metric"][] = [];

  /** Where the control plane is, as far as it listens on the node's address. */
  const controlPlane = () => [
    ...reached.map((part) => `monitors.${part}.endpoints[0]=${node}`),
    ...(etcdByTls
      ? [`port=${etcdClientPort}`, "https=true", `clientSecret.name=${etcdClient}`].map((set) => `monitors.etcd.${set}`)
      : []),
  ];

  const wanted = (stage: MimirStage, more: string[] = []): Transition => ({
    ...{ namespace, stack, backend: "mimir", stage, secrets: join(folder, "secrets.yaml"), others: [shop] },
    config: [
      ...[`kps.scrapeInterval=${interval}s`, "kps.storage=1Gi", "mimir.storage=1Gi", "loki.storage=1Gi"],
      ...[`alertmanager.webhook=${receiverUrl(namespace, "/notify")}`, "alertmanager.groupWait=1s"],
      ...["alertmanager.groupInterval=10s", ...controlPlane(), ...proposed, ...more],
    ],
    components: [
      ...["object-storage", "secrets", "alertmanager", "loki", "mimir", "kube-prometheus-stack", "exporters"],
      ...["monitors", "rules", "upstream-rules", "alloy", "prometheus-api"],
    ],
  });

  before(async () => {
    const { kubectl } = await testCluster();
    await Promise.all([namespace, shop].map(removeNamespace));
    // node-exporter reads the node, and so does what kills a process: the Pod Security Standard calls that privileged.
    const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
    await kubectl.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } }]);
    await kubectl.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: shop } }]);
    await kubectl.apply([...receiverObjects(namespace), alwaysFiring(namespace, stack)]);
    node = await nodeAddress();
    reached = await reachedAt(node);
    const secret = await etcdClientSecret({ name: etcdClient, namespace }, node);
    etcdByTls = secret !== undefined;
    if (secret) await kubectl.apply([secret]);
    proxy = await ApiProxy.start();
    updates = new StageUpdates(proxy);
    samples = new WrittenSamples(proxy, {
      ...{ namespace, backend: "mimir", cluster: stack, interval },
      ...{ job: "node-exporter", jobs: "mimir|loki.*" },
    });

    await adoption();
    await kept("loki");
    await until("the alert fires", 240, async () => ((await told(namespace)) > 0 ? true : undefined));
    await amtool("silence", "add", `alertname=${silencedAlert}`, "--comment=test", "--author=test", "--duration=12h");
    lines = new LogWriter(proxy, namespace);
    alert = new AlertWatch(proxy, namespace, testAlert);
    begun = seconds();
  });

  after(async () => {
    const { kubectl } = await testCluster();
    await Promise.allSettled([lines?.stop(), alert?.stop()]);
    proxy?.stop();
    await Promise.all([namespace, shop].map(leaveNamespace));
    await kubectl.run(["delete", "--ignore-not-found", ...clusterWide(namespace)]);
    rmSync(folder, { recursive: true });
  });

  const bring = (transition: Transition, disturbances?: Disturbance[]) => updates.bring(transition, disturbances);

  const toldOf = (path: string, status: "firing" | "resolved" = "firing") =>
    told(namespace, { name: applicationAlert.name, path, status });

  /** A release of the chart runs, and scrapes and evaluates other applications' objects; `npm run adopt` says what ends; the first update. */
  async function adoption(): Promise<void> {
    const { kubectl } = await testCluster();
    const { path } = applicationAlert;
    const [applications, release] = [applicationObjects(shop, namespace), releaseObjects(namespace)];
    assert.equal(applications.length, 20);
    const running = runningRelease(namespace, [shop], `${interval}s`);
    await kubectl.apply([...applications, ...release, ...running]);
    await Promise.all(running.map((object) => kubectl.ready(object, 420)));
    lists = new KeptLists(folder, [...applications, ...release]);
    await applicationsScraped(dataSource(proxy, namespace, "prometheus"));
    await until("the AlertmanagerConfig's receiver is told", 240, async () => (await toldOf(path)) > 0 || undefined);
    // The release is named: another test may have one meanwhile.
    const { fits } = await lists.adopt(wanted("loki", [`adopt.kps.release=${namespace}/${releaseName}`]));
    proposed = fits.flatMap(({ key, value }) =>
      key === "metrics.scrapeConfigs" || /^alertmanager\.(receivers|routes)$/.test(key) ? flattened(key, value) : [],
    );

    const watches = [operatedAlertmanager, undefined].map(
      (service) => new AlertWatch(proxy, namespace, applicationAlert.name, service),
    );
    // What the first update deletes of the release, after what goes on of it was changed, as Helm does it.
    const removal = async () => {
      const kinds = "secret,prometheusrule,alertmanager.monitoring.coreos.com";
      await kubectl.run(["delete", kinds, "-n", namespace, "-l", "owner=helm"]);
    };
    await bring(wanted("loki"), [{ at: /ready: Deployment\.apps\/.*operator$/, what: removal }]);
    await until(
      "the receiver is told by the stack's Alertmanager",
      240,
      async () => (await toldOf(path)) > 1 || undefined,
    );
    await Promise.all(watches.map((watch) => watch.stop()));
    const between = Math.round((watches[1].seen!.first - watches[0].seen!.last) / 1000);
    note(`adoption: the stack's Alertmanager had the alert ${between} s after the release's had it last`);
    assert.equal(
      await toldOf(path),
      2,
      "the new Alertmanager doesn't know what the old one has sent, and tells it once",
    );
    assert.equal(await toldOf(path, "resolved"), 0);
  }

  /** That the applications' targets are scraped with the labels of before the adoption, and their rules evaluated. */
  async function applicationsScraped(metrics: PrometheusApi): Promise<void> {
    const since = seconds();
    const jobs = 'job=~"shop-.*"';
    await until("the applications' targets are scraped, and their rules evaluated", 240, async () => {
      const up = await metrics.query(`up{${jobs}} == 1 and timestamp(up{${jobs}}) > ${since}`);
      const found = sorted(up.map(({ metric: { cluster: _, ...metric } }) => ({ metric }))).map(({ metric }) => metric);
      assert.deepEqual([...new Set(found.map(({ job }) => job))].sort(), applicationJobs);
      if (targets.length === 0) targets = found;
      assert.deepEqual(found, targets);
      // Mimir's ruler evaluates a minute late (`ruler_evaluation_delay_duration`).
      assert.equal((await metrics.query(`timestamp(${applicationSeries}) > ${since - 90}`)).length, 1);
      return true;
    });
  }

  /** That of the applications' objects everything is used as before, and nothing is gone but what was said. */
  async function kept(stage: MimirStage, more: string[] = []): Promise<void> {
    await applicationsScraped(new PrometheusApi(proxy, namespace, "services/metrics:9090"));
    const gone = await lists.after(wanted(stage, more));
    const always = ["AlertmanagerMembersInconsistent"];
    // Those of the removed release may be in another stack of the cluster.
    const ofRelease = ["PrometheusDuplicateTimestamps", "PrometheusOperatorListErrors"];
    assert.deepEqual(
      gone.filter((name) => !ofRelease.includes(name)),
      stage === "kps-removed" ? [...always, `${shop}/cloud`] : always,
    );
    const rules = await names("prometheusrule");
    assert.equal(/kube-prometheus-stack-prometheus-operator/.test(rules), stage !== "kps-removed", rules);
  }

  const amtool = async (...args: string[]) =>
    (await testCluster()).kubectl.run([
      ...["exec", "alertmanager-0", "-n", namespace, "--", "amtool", "--alertmanager.url=http://127.0.0.1:9093"],
      ...args,
    ]);

  async function names(...kinds: string[]): Promise<string> {
    const { kubectl } = await testCluster();
    return kubectl.run(["get", kinds.join(","), "-n", namespace, "-o", "name"]);
  }

  /** Waits until rules are evaluated by the one, and by no other. */
  async function evaluatedBy(evaluator: "prometheus" | "mimir", hasPrometheus = true): Promise<void> {
    evaluators++;
    const { backend, prometheus } = samples;
    await evaluated(evaluator, { name: "mimir", backend, cluster: stack, ...(hasPrometheus && { prometheus }) });
  }

  /** Waits until each part of the control plane answers whoever scrapes it now, and Mimir has a metric of its own of it, with the labels of every stage. */
  async function controlPlaneScraped(since: number): Promise<void> {
    for (const part of reached) {
      const { job, port, metric } = parts[part];
      const instance = `${node}:${part === "etcd" && etcdByTls ? etcdClientPort : port}`;
      const service = `kube-prometheus-stack-${job}`;
      const labels = { cluster: stack, endpoint: "http-metrics", instance, job, namespace: "kube-system", service };
      await until(`${job} is scraped`, 120, async () => {
        const up = await samples.backend.query(`up{job="${job}"}`);
        assert.deepEqual(
          up.map((series) => [series.metric, series.value?.[1]]),
          [[{ __name__: "up", ...labels }, "1"]],
        );
        const [newest] = await samples.backend.query(`max(timestamp(${metric}{job="${job}",instance="${instance}"}))`);
        assert.ok(Number(newest?.value?.[1]) > since, `Mimir has no new sample of ${metric}`);
        return true;
      });
    }
    const how = etcdByTls ? ", etcd by a client's certificate" : "";
    note(`scraped of the control plane: ${reached.map((part) => parts[part].job).join(", ")}${how}`);
  }

  it("loki → dual-write, killed when Mimir is there and its writer isn't", async () => {
    await bring(wanted("dual-write"), [{ at: /ready: StatefulSet\.apps\/.*\/mimir$/, what: "kill" }]);
    await samples.scraped(seconds());
    const from = seconds(); // by now Prometheus writes what it scrapes
    evaluators--; // it doesn't change here
    await evaluatedBy("prometheus");
    await samples.scraped(from + 2 * interval);
    await samples.complete(from);
    await kept("dual-write");
  });

  it("Prometheus scrapes the control plane where it listens, etcd by TLS with a client's certificate", async function () {
    if (reached.length === 0) this.skip();
    await controlPlaneScraped(begun);
  });

  it("dual-write → mimir-default, killed before the rules have moved, Mimir itself killed afterwards", async () => {
    const from = seconds();
    await bring(wanted("mimir-default"), [
      { at: /ready: StatefulSet\.apps\/.*\/mimir$/, what: "kill" },
      { at: /ready: Deployment\.apps\/.*operator$/, what: () => killProcess(namespace, "mimir-0", "mimir") },
    ]);
    await evaluatedBy("mimir");
    await samples.complete(from);
    await samples.noGap(from);
    await kept("mimir-default");
  });

  it("the retirement lifts the protection of Prometheus's volume, and loses nothing", async () => {
    const from = seconds();
    await bring(wanted("mimir-default", retirement), [{ at: /ready: Deployment\.apps\/.*operator$/, what: "kill" }]);
    const { kubectl } = await testCluster();
    const policy = "jsonpath={.spec.persistentVolumeClaimRetentionPolicy.whenDeleted}";
    const statefulSet = "statefulset/prometheus-kube-prometheus-stack-prometheus";
    await until("the operator has passed it on to its StatefulSet", 240, async () =>
      (await kubectl.run(["get", statefulSet, "-n", namespace, "-o", policy])) === "Delete" ? true : undefined,
    );
    await kubectl.run(["rollout", "status", statefulSet, "-n", namespace, "--timeout=240s"]);
    await samples.scraped(seconds());
    await samples.complete(from);
  });

  it("mimir-default → kps-removed, killed in the middle of the removal, while the API server stands still", async function () {
    const pid = apiServerProcess();
    if (pid === undefined)
      leftOut("the API server standing still while the release is removed", "it is no process of this machine");
    const from = seconds() - 30;
    await bring(wanted("kps-removed", retirement), [
      { at: /^wave 3/, fatal: true, what: () => (pid === undefined ? Promise.resolve() : standStill(pid, 15)) },
      { at: /^removed:/, what: "kill" },
    ]);
    const { kubectl } = await testCluster();
    await until("Prometheus and its volume are gone", 180, async () => {
      assert.doesNotMatch(await names("statefulset", "deployment", "pod", "service", "secret"), /prometheus/);
      assert.doesNotMatch(await names("pvc"), new RegExp(claims.prometheus));
      return true;
    });
    assert.match(await names("pvc"), new RegExp(claims.mimir));
    // What others made for the operator is there as it was.
    for (const kind of ["servicemonitor", "scrapeconfig", "prometheusrule"]) assert.notEqual(await names(kind), "");
    assert.match(await kubectl.run(["get", "crd", "-o", "name"]), /servicemonitors\.monitoring\.coreos\.com/);
    await samples.scraped(seconds());
    await evaluatedBy("mimir", false);
    evaluators--; // it is the one of before
    await samples.noGap(from);
    await kept("kps-removed", retirement);
  });

  it("Alloy scrapes the control plane in stage kps-removed, and its series have the labels that Prometheus gave them", async function () {
    if (reached.length === 0) this.skip();
    await controlPlaneScraped(seconds());
  });

  it("kps-removed → mimir-default brings an empty Prometheus, killed half-way; what was written is in Mimir", async () => {
    const from = seconds();
    await bring(wanted("mimir-default"), [{ at: /^wave 4/, what: "kill" }]);
    assert.doesNotMatch(await names("statefulset"), /alloy-metrics/);
    await until("Prometheus scrapes", 240, async () =>
      (await samples.prometheus.query('up{job="node-exporter"} == 1')).length > 0 ? true : undefined,
    );
    await samples.scraped(seconds());
    const first = await samples.oldest("prometheus");
    assert.ok(first >= from, `Prometheus has a sample of ${first}, which is before ${from}`);
    const inMimir = await samples.oldest("backend");
    assert.ok(inMimir < from - 60, `Mimir's oldest sample is of ${inMimir}, the stage was begun at ${from}`);
    await kept("mimir-default");
  });

  it("mimir-default → dual-write → loki, killed twice: Mimir's claim and buckets stay, and nothing else of it", async () => {
    const from = seconds();
    await bring(wanted("dual-write"), [{ at: /ready: StatefulSet\.apps\/.*\/mimir$/, what: "kill" }]);
    await evaluatedBy("prometheus");
    assert.doesNotMatch(await names("deployment"), /alloy-rules/);
    await samples.complete(from);
    await bring(wanted("loki"), [{ at: /^removed:.*mimir/, what: "kill" }]);
    assert.doesNotMatch(await names("statefulset", "service", "configmap"), /mimir/);
    assert.match(await names("pvc"), new RegExp(claims.mimir));
    await kept("loki");
    await samples.letGo(from);
  });

  it("forward again to the end, the object store killed meanwhile: what was written on the way is all there", async () => {
    await bring(wanted("dual-write"));
    await bring(wanted("mimir-default"), [{ at: /^wave 2/, what: () => killProcess(namespace, "minio-0", "minio") }]);
    await evaluatedBy("mimir");
    await bring(wanted("mimir-default", retirement));
    await bring(wanted("kps-removed", retirement));
    await samples.scraped(seconds());
    const first = await samples.oldest("backend");
    assert.ok(first < begun + 300, `Mimir's oldest sample is of ${first}, the test was begun at ${begun}`);
  });

  it("answers by the name that Prometheus had, once kube-prometheus-stack is gone", async () => {
    await until("the name is free", 180, async () =>
      /prometheus-operated/.test(await names("service")) ? undefined : true,
    );
    const formerNames = `prometheusApi.formerNames[0]=${namespace}/prometheus-operated`;
    await bring(wanted("kps-removed", [...retirement, "migration.from=kps-removed", formerNames]));
    await answersAsDefault(proxy, namespace, stages["kps-removed"], "prometheus-operated");
  });

  it("has lost no line and no alert, kept the silence, and told people no more often than it may", async () => {
    await lines.stop();
    assert.ok(lines.acknowledged > 100, `only ${lines.acknowledged} lines`);
    await until("every line is found", 120, async () => {
      assert.deepEqual(await lines.missing(), []);
      return true;
    });
    await alert.stop();
    assert.ok(alert.looks > 100, `Alertmanager was asked ${alert.looks} times only`);
    assert.deepEqual(
      alert.absent,
      [],
      `Alertmanager was without the alert in ${alert.absent.length} of ${alert.looks} looks`,
    );
    assert.match(await amtool("silence", "query"), new RegExp(silencedAlert));
    const times = await told(namespace);
    note(
      `${lines.acknowledged} lines, ${updates.kills} kills, the evaluator changed ${evaluators} times, ${times} notifications in ${seconds() - begun} s`,
    );
    assert.ok(updates.kills >= 5);
    assert.ok(times >= 1 && times <= 1 + evaluators, `told ${times} times`);
  });
});
