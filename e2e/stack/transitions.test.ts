import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ControlPlanePart } from "../../components/monitors/control-plane";
import { notRunReason } from "../../commands/verify/unavailable";
import { until } from "../../lab/until";
import { unhealthy } from "../support/alloy";
import { apiServerProcess, standStill } from "../support/api-server";
import { applicationJobs, applicationObjects, applicationSeries, releaseObjects } from "../support/applications";
import { ApiProxy, testCluster } from "../support/cluster";
import { etcdClientPort, etcdClientSecret, nodeAddress, parts, reachedAt } from "../support/control-plane";
import { leaveNamespace, removeNamespace } from "../support/deploy";
import { flattened, KeptLists } from "../support/kept-lists";
import { PrometheusApi, sorted, type Series } from "../support/metrics";
import { killProcess } from "../support/node";
import { clusterWide, prometheusPod } from "../support/names";
import { leftOut, note } from "../support/note";
import { notifications, receiverObjects, receiverUrl } from "../support/receiver";
import { answersAsDefault } from "../support/prometheus-api";
import { partOf, type Transition } from "../support/transition";
import { AlertWatch, LogWriter } from "../support/writers";
import { stages, type MimirStage } from "../../stages";
import { ownProgram } from "../../engine/project";

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

/** What happens while a stage is brought about. */
interface Disturbance {
  /** Begins at the first line of output that matches. */
  at: RegExp;
  /** `kill`: the run is killed, and started again. Anything else happens beside it. */
  what: "kill" | (() => Promise<void>);
  /** The run may fail of it, and is then started again. */
  fatal?: true;
}

describe("A stack goes through every stage, the retirement and back, while samples, lines and an alert flow", function () {
  this.timeout(15 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "transitions-"));
  let proxy: ApiProxy;
  let prometheus: PrometheusApi;
  let mimir: PrometheusApi;
  let lines: LogWriter;
  let alert: AlertWatch;
  let kills = 0;
  /** How often the evaluator has changed: each time, one notification may be repeated. */
  let evaluators = 0;
  let begun: number;
  let node: string;
  let reached: ControlPlanePart[] = [];
  /** Whether etcd is scraped where it serves its clients, each of which it asks for a certificate; else at its port for metrics. */
  let etcdByTls = false;
  let lists: KeptLists;
  /** The ScrapeConfigs of others, as adoption proposes them. */
  let scrapeConfigs: string[] = [];
  /** The series that the applications' targets had in the first stage. */
  let targets: Series["metric"][] = [];

  /** Where the control plane is, as far as it listens on the node's address. */
  const controlPlane = () => [
    ...reached.map((part) => `monitors.${part}.endpoints[0]=${node}`),
    ...(etcdByTls
      ? [`port=${etcdClientPort}`, "https=true", `clientSecret.name=${etcdClient}`].map((set) => `monitors.etcd.${set}`)
      : []),
  ];

  const wanted = (stage: MimirStage, more: string[] = []): Transition => ({
    ...{ namespace, stack, stage, secrets: join(folder, "secrets.yaml"), others: [shop] },
    config: [
      ...[`kps.scrapeInterval=${interval}s`, "kps.storage=1Gi", "mimir.storage=1Gi", "loki.storage=1Gi"],
      ...[`alertmanager.webhook=${receiverUrl(namespace, "/notify")}`, "alertmanager.groupWait=1s"],
      ...["alertmanager.groupInterval=10s", ...controlPlane(), ...scrapeConfigs, ...more],
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
    await kubectl.apply([...receiverObjects(namespace), alwaysFiring]);
    node = await nodeAddress();
    reached = await reachedAt(node);
    const secret = await etcdClientSecret({ name: etcdClient, namespace }, node);
    etcdByTls = secret !== undefined;
    if (secret) await kubectl.apply([secret]);
    proxy = await ApiProxy.start();
    prometheus = new PrometheusApi(proxy, namespace, `pods/${prometheusPod}:9090`, "", { cluster: stack });
    mimir = new PrometheusApi(proxy, namespace, "services/mimir:9009", "/prometheus");

    await adoption();
    await bring(wanted("loki"));
    await kept("loki");
    await until("the alert fires", 240, async () => ((await told()) > 0 ? true : undefined));
    await amtool("silence", "add", "alertname=Silenced", "--comment=test", "--author=test", "--duration=12h");
    lines = new LogWriter(proxy, namespace);
    alert = new AlertWatch(proxy, namespace, "SomethingIsWrong");
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

  /** Runs a transition to its end; a run that is killed is started again. */
  async function bring(transition: Transition, disturbances: Disturbance[] = []): Promise<void> {
    for (const left = [...disturbances]; ;) {
      const { killed, code, said } = await run(transition, left);
      if (killed) kills++;
      if (killed || (code !== 0 && disturbances.some(({ fatal }) => fatal) && isOutage(said))) continue;
      assert.equal(code, 0, said);
      break;
    }
    // What it converged to is what it was to be: nothing that a run killed half-way left behind, or left out.
    const { kubectl, unavailable } = await testCluster();
    const objects = (await partOf(transition)).flatMap(({ object }) =>
      object && notRunReason(object, unavailable) === undefined ? [object] : [],
    );
    const difference = await kubectl.diff(objects);
    assert.deepEqual(difference.match(/^diff .*$/gm) ?? [], [], difference);
    await answersAsDefault(proxy, namespace, stages[transition.stage]);
    // The pods are listed each time: one that the transition removes may still be there at first.
    await until("every component of every Alloy is healthy", 120, async () => {
      for (const pod of (await names("pods")).match(/(?<=pod\/)alloy.*/g) ?? [])
        assert.deepEqual(await unhealthy(proxy, namespace, pod), [], pod);
      return true;
    });
  }

  async function run(transition: Transition, left: Disturbance[]) {
    const script = join(ownProgram, "e2e", "support", "transition.ts");
    const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(transition)], {
      cwd: ownProgram,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const beside: Promise<void>[] = [];
    let killed = false;
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    createInterface({ input: child.stdout }).on("line", (line) => {
      said += `${line}\n`;
      const index = left.findIndex(({ at }) => at.test(line));
      if (index === -1 || killed) return;
      const [{ what }] = left.splice(index, 1);
      if (what === "kill") killed = child.kill("SIGKILL");
      else beside.push(what());
    });
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    await Promise.all(beside);
    return { killed, code, said };
  }

  /** A release of the chart and other applications' objects are there, and `npm run adopt` says what ends. */
  async function adoption(): Promise<void> {
    const { kubectl } = await testCluster();
    const [applications, release] = [applicationObjects(shop, namespace), releaseObjects(namespace)];
    assert.equal(applications.length, 20);
    await kubectl.apply([...applications, ...release]);
    lists = new KeptLists(folder, [...applications, ...release]);
    const { fits } = await lists.adopt(wanted("loki"));
    scrapeConfigs = fits.flatMap(({ key, value }) => (key === "metrics.scrapeConfigs" ? flattened(key, value) : []));
    // What the first update does with the release: its operator and what comes back are among the objects of the stage.
    await kubectl.run(["delete", "secret,prometheusrule", "-n", namespace, "-l", "owner=helm"]);
  }

  /** That the applications' targets are scraped with the labels of the first stage, their rules evaluated, and nothing is gone but what was said. */
  async function kept(stage: MimirStage, more: string[] = []): Promise<void> {
    const since = seconds();
    const metrics = new PrometheusApi(proxy, namespace, "services/metrics:9090");
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

  /** How often the receiver has been told that the alert fires. */
  async function told(): Promise<number> {
    const all = await notifications((await testCluster()).kubectl, namespace);
    return all.filter(({ alerts }) =>
      alerts.some(({ status, labels }) => status === "firing" && labels.alertname === "SomethingIsWrong"),
    ).length;
  }

  async function names(...kinds: string[]): Promise<string> {
    const { kubectl } = await testCluster();
    return kubectl.run(["get", kinds.join(","), "-n", namespace, "-o", "name"]);
  }

  /** Waits until rules are evaluated by the one, and by no other. */
  async function evaluatedBy(evaluator: "prometheus" | "mimir", hasPrometheus = true): Promise<void> {
    evaluators++;
    await until(`${evaluator} evaluates every rule`, 300, async () => {
      const groupsIn = async (api: PrometheusApi) => (await api.get<{ groups: Group[] }>("rules")).groups;
      const own = await groupsIn(evaluator === "mimir" ? mimir : prometheus);
      if (evaluator === "prometheus") await assert.rejects(groupsIn(mimir), /rule evaluation is disabled/);
      else if (hasPrometheus) assert.deepEqual(await groupsIn(prometheus), []);
      assert.ok(own.length > 15, `${own.length} groups`);
      const bad = own.flatMap(({ rules }) => rules.filter(({ health }) => health !== "ok"));
      assert.deepEqual(bad, []);
      const [watchdog] = await mimir.query('ALERTS{alertname="Watchdog"}');
      assert.equal(watchdog?.metric.cluster, stack);
      return true;
    });
  }

  /** That every sample that Prometheus has of a span is in Mimir. */
  async function nothingMissing(from: number): Promise<void> {
    const to = seconds() - interval;
    const question = `{job=~"node-exporter|mimir|loki.*"}[${to - from}s]`;
    await until("Mimir has every sample", 240, async () => {
      const [there, here] = await Promise.all([prometheus.query(question, to), mimir.query(question, to)]);
      assert.ok(there.length > 0, "Prometheus has no sample of that span");
      const found = new Set(times(here));
      const missing = times(there).filter((time) => !found.has(time));
      assert.deepEqual(missing, []);
      return true;
    });
  }

  /** The longest time between two samples of a target from then until now, whoever scraped it, in seconds. */
  async function longestGap(from: number): Promise<number> {
    await scraped(seconds()); // what is written later than it is scraped isn't a gap
    const to = seconds();
    const series = await mimir.query(`up{job="node-exporter"}[${to - from}s]`, to);
    assert.equal(series.length, 1, "the target's series has other labels than before");
    const at = (series[0].values ?? []).map(([time]) => time);
    return Math.max(...at.slice(1).map((time, i) => time - at[i]));
  }

  /** Waits until each part of the control plane answers whoever scrapes it now, and Mimir has a metric of its own of it, with the labels of every stage. */
  async function controlPlaneScraped(since: number): Promise<void> {
    for (const part of reached) {
      const { job, port, metric } = parts[part];
      const instance = `${node}:${part === "etcd" && etcdByTls ? etcdClientPort : port}`;
      const service = `kube-prometheus-stack-${job}`;
      const labels = { cluster: stack, endpoint: "http-metrics", instance, job, namespace: "kube-system", service };
      await until(`${job} is scraped`, 120, async () => {
        const up = await mimir.query(`up{job="${job}"}`);
        assert.deepEqual(
          up.map((series) => [series.metric, series.value?.[1]]),
          [[{ __name__: "up", ...labels }, "1"]],
        );
        const [newest] = await mimir.query(`max(timestamp(${metric}{job="${job}",instance="${instance}"}))`);
        assert.ok(Number(newest?.value?.[1]) > since, `Mimir has no new sample of ${metric}`);
        return true;
      });
    }
    const how = etcdByTls ? ", etcd by a client's certificate" : "";
    note(`scraped of the control plane: ${reached.map((part) => parts[part].job).join(", ")}${how}`);
  }

  /** When the oldest sample of a target was taken, of those that are there, in seconds; not a subquery, whose steps miss a target's only sample. */
  const oldest = async (api: PrometheusApi) => {
    const series = await api.query('up{job="node-exporter"}[2h]');
    assert.notEqual(series.length, 0, "no sample of node-exporter's at all");
    return Math.min(...series.flatMap(({ values = [] }) => values.map(([time]) => time)));
  };

  /** Waits until the newest sample in Mimir is younger than that. */
  const scraped = (since: number) =>
    until("new samples are in Mimir", 300, async () => {
      const [newest] = await mimir.query('min(timestamp(up{job="node-exporter"}))');
      return Number(newest?.value?.[1]) > since ? true : undefined;
    });

  it("loki → dual-write, killed when Mimir is there and its writer isn't", async () => {
    await bring(wanted("dual-write"), [{ at: /ready: StatefulSet\.apps\/.*\/mimir$/, what: "kill" }]);
    await scraped(seconds());
    const from = seconds(); // by now Prometheus writes what it scrapes
    evaluators--; // it doesn't change here
    await evaluatedBy("prometheus");
    await scraped(from + 2 * interval);
    await nothingMissing(from);
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
    await nothingMissing(from);
    const gap = await longestGap(from);
    assert.ok(gap <= 2 * interval, `nobody scraped for ${gap} s`);
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
    await scraped(seconds());
    await nothingMissing(from);
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
    await scraped(seconds());
    await evaluatedBy("mimir", false);
    evaluators--; // it is the one of before
    const gap = await longestGap(from);
    assert.ok(gap <= 2 * interval, `nobody scraped for ${gap} s`);
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
      (await prometheus.query('up{job="node-exporter"} == 1')).length > 0 ? true : undefined,
    );
    await scraped(seconds());
    const first = await oldest(prometheus);
    assert.ok(first >= from, `Prometheus has a sample of ${first}, which is before ${from}`);
    const inMimir = await oldest(mimir);
    assert.ok(inMimir < from - 60, `Mimir's oldest sample is of ${inMimir}, the stage was begun at ${from}`);
    await kept("mimir-default");
  });

  it("mimir-default → dual-write → loki, killed twice: Mimir's claim and buckets stay, and nothing else of it", async () => {
    const from = seconds();
    await bring(wanted("dual-write"), [{ at: /ready: StatefulSet\.apps\/.*\/mimir$/, what: "kill" }]);
    await evaluatedBy("prometheus");
    assert.doesNotMatch(await names("deployment"), /alloy-rules/);
    await nothingMissing(from);
    await bring(wanted("loki"), [{ at: /^removed:.*mimir/, what: "kill" }]);
    assert.doesNotMatch(await names("statefulset", "service", "configmap"), /mimir/);
    assert.match(await names("pvc"), new RegExp(claims.mimir));
    await kept("loki");
  });

  it("forward again to the end, the object store killed meanwhile: what was written on the way is all there", async () => {
    await bring(wanted("dual-write"));
    await bring(wanted("mimir-default"), [{ at: /^wave 2/, what: () => killProcess(namespace, "minio-0", "minio") }]);
    await evaluatedBy("mimir");
    await bring(wanted("mimir-default", retirement));
    await bring(wanted("kps-removed", retirement));
    await scraped(seconds());
    const first = await oldest(mimir);
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
    assert.match(await amtool("silence", "query"), /Silenced/);
    const times = await told();
    note(
      `${lines.acknowledged} lines, ${kills} kills, the evaluator changed ${evaluators} times, ${times} notifications in ${seconds() - begun} s`,
    );
    assert.ok(kills >= 5);
    assert.ok(times >= 1 && times <= 1 + evaluators, `told ${times} times`);
  });
});

/** Whether a run failed because the API server didn't answer. */
const isOutage = (said: string) => /handshake timeout|Client\.Timeout|i\/o timeout|deadline exceeded/.test(said);

interface Group {
  rules: { name: string; health: string; lastError?: string }[];
}

const times = (series: readonly Series[]): string[] =>
  series.flatMap(({ metric, values = [] }) =>
    values.map(([time]) => `${time} ${metric.__name__} ${metric.job} ${metric.instance}`),
  );

const alwaysFiring = {
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PrometheusRule",
  metadata: { name: "test", namespace },
  spec: {
    groups: [
      {
        name: "test",
        rules: ["SomethingIsWrong", "Silenced"].map((name) => ({
          alert: name,
          expr: "vector(1)",
          labels: { severity: "warning", namespace: "nightscout", cluster: stack },
          annotations: { summary: "A test", description: "Always fires." },
        })),
      },
    ],
  },
};
