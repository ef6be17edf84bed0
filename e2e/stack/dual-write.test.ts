import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { kubeconfigPath } from "../../lab/cluster/paths";
import { KeptValues } from "../../engine/generated";
import type { KubernetesObject } from "../../commands/shared/objects";
import { offlineRender } from "../../commands/shared/render";
import { imagesOf, isWorkload } from "../../commands/verify/unavailable";
import { operatorAndPrometheus } from "../../lab/sandbox/operator";
import { until } from "../../lab/until";
import { apiOf } from "../../commands/shared/api/api-server";
import { loadStack } from "../../commands/verify/load";
import { subjectOf } from "../../commands/verify/subject";
import { line } from "../../commands/verify/table";
import { verify } from "../../commands/verify/verify";
import { ApiProxy, testCluster } from "../support/cluster";
import { applyHere, leaveNamespace, makeNamespace, renderPart } from "../support/deploy";
import { refusedBuckets, storeScript } from "../support/job";
import { PrometheusApi, sorted, type Series } from "../support/metrics";
import { killProcess } from "../support/node";
import { clusterWide, prometheusPod } from "../support/names";
import { note } from "../support/note";
import { prompt } from "../support/prompt";
import type { StageName } from "../../stages";
import { testStack } from "../../test/stacks/stacks";

const namespace = "e2e-dual-write";
const stack = "sandbox";
/** Settings that only make the test faster or smaller. */
const smaller = ["kps.scrapeInterval=5s", "kps.storage=1Gi", "mimir.storage=1Gi"];
const components = [
  "object-storage",
  "secrets",
  "alertmanager",
  "mimir",
  "exporters",
  "monitors",
  "rules",
  "upstream-rules",
];

/**
 * The node's port 9100 is taken where the sandbox runs on the same cluster. And what is in the bucket is looked for every few seconds, not
 * every quarter of an hour, so that a block is found while somebody waits for it.
 */
function adapt(object: KubernetesObject): KubernetesObject {
  const text = JSON.stringify(prompt(object))
    .replaceAll("9100", "29100")
    .replace(/bucket_store:\\n/, "$&    sync_interval: 5s\\n")
    .replace(/\\ncompactor:\\n/, "$&  cleanup_interval: 5s\\n");
  return JSON.parse(text) as KubernetesObject;
}

const kubeconfig = process.env.KUBECONFIG ?? kubeconfigPath();
const seconds = () => Math.floor(Date.now() / 1000);

describe("Prometheus writes every sample to Mimir too, on a real cluster", function () {
  this.timeout(12 * 60_000);
  let proxy: ApiProxy;
  let prometheus: PrometheusApi;
  let mimir: PrometheusApi;

  /** A sample of the day before yesterday: long gone from the write-ahead log, and too old for the ingester to be asked. */
  const history = { name: "sample_of_the_day_before_yesterday", at: seconds() - 40 * 3600, value: 42 };
  const historic = async () => {
    const [found] = await mimir.query(history.name, history.at + 1);
    return found?.value?.[1] === String(history.value) ? true : undefined;
  };
  const generated = new KeptValues({});

  before(async () => {
    // node-exporter reads the node, and so does what kills a process: the Pod Security Standard calls that privileged.
    await makeNamespace(namespace, "privileged");
    proxy = await ApiProxy.start();
    prometheus = new PrometheusApi(proxy, namespace, `pods/${prometheusPod}:9090`, "", { cluster: stack });
    mimir = new PrometheusApi(proxy, namespace, "services/mimir:9009", "/prometheus");

    await applyStack("dual-write");
    // Before Prometheus writes: a sample that is older than the newest one by more than an hour is refused.
    const { name, at, value } = history;
    await until("Mimir takes a sample", 180, async () => {
      const answer = await proxy.request(namespace, "services/mimir:9009", "/otlp/v1/metrics", otlp(name, at, value));
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
      return true;
    });
    await until("Mimir has uploaded it", 180, async () => {
      await upload();
      return true;
    });
    await applyPrometheus("dual-write");
    await until("Prometheus scrapes and Mimir has it", 240, async () =>
      (await mimir.query('up{job="node-exporter"} == 1')).length > 0 ? true : undefined,
    );
  });

  after(async () => {
    const { kubectl } = await testCluster();
    proxy?.stop();
    await leaveNamespace(namespace);
    await kubectl.run(["delete", "--ignore-not-found", ...clusterWide(namespace)]);
  });

  // Why Mimir refused samples is said nowhere but in Prometheus's log.
  afterEach(async function () {
    if (this.currentTest?.state !== "failed") return;
    const { kubectl } = await testCluster();
    const said = await kubectl.run(["logs", prometheusPod, "-n", namespace, "-c", "prometheus"]);
    for (const text of said
      .split("\n")
      .filter((each) => /non-recoverable|level=ERROR/.test(each))
      .slice(-5))
      note(text);
  });

  /** Applies a stage; what it doesn't have is removed. */
  async function applyStack(stage: StageName): Promise<void> {
    const config = [...smaller, `stage=${stage}`];
    await applyHere(namespace, await renderPart({ namespace, stack, config, components, generated, edit: adapt }));
  }

  /** Applies what kube-prometheus-stack would make of a stage's values. */
  async function applyPrometheus(stage: StageName): Promise<void> {
    const { kubectl } = await testCluster();
    const config = [...smaller, `stage=${stage}`, `namespace.name=${namespace}`];
    const { resources } = await offlineRender({ ...testStack(stack), config });
    const release = resources.find((each) => each.release?.chart === "kube-prometheus-stack")?.release;
    await kubectl.apply(operatorAndPrometheus(release!, "its own namespace").map(prompt));
  }

  async function scale(name: string, replicas: 0 | 1): Promise<void> {
    const { kubectl } = await testCluster();
    await kubectl.run(["scale", `statefulset/${name}`, `--replicas=${replicas}`, "-n", namespace]);
    const pod = ["wait", `pod/${name}-0`, "-n", namespace, "--timeout=180s"];
    await (replicas === 0 ? kubectl.run([...pod, "--for=delete"]) : ready(name));
  }

  async function ready(name: string): Promise<void> {
    const { kubectl } = await testCluster();
    await kubectl.run(["rollout", "status", `statefulset/${name}`, "-n", namespace, "--timeout=300s"]);
  }

  /** Has Mimir write what it has in memory to its bucket, and waits until that is done. */
  async function upload(): Promise<void> {
    const path = "/ingester/flush?wait=true";
    const answer = await proxy.request(namespace, "pods/mimir-0:9009", path, { method: "POST" });
    assert.ok(answer.ok, `${path} answered ${answer.status}: ${await answer.text()}`);
  }

  const blocks = async (): Promise<string[]> => {
    const said = await storeScript(namespace, "mimir-object-store", "mc find store/mimir-blocks --name meta.json");
    return said.split("\n").filter((line) => line.includes("/meta.json"));
  };

  /** Waits until Prometheus has scraped for so long: that time passes is what is tested. */
  const scrapedFor = (duration: number) => {
    const end = seconds() + duration;
    return until(`samples of ${duration} s`, duration + 120, async () => {
      const [newest] = await prometheus.query('max(timestamp(up{job="node-exporter"}))');
      return Number(newest?.value?.[1]) > end ? true : undefined;
    });
  };

  /**
   * That Mimir has every sample of a span that Prometheus has, of every job and of what rules make, each at its time with its value.
   * @returns how many there are
   */
  async function nothingMissing(from: number): Promise<number> {
    const to = seconds();
    const jobs = (await prometheus.query(`group by (job) (last_over_time(up[${to - from}s]))`, to)).map(
      (s) => s.metric.job,
    );
    assert.ok(jobs.length > 5, `Prometheus has only the jobs ${jobs.join(", ")}`);
    let total = 0;
    for (const selector of [...jobs.map((job) => `{job="${job}"}`), 'ALERTS{job=""}', '{__name__=~".+:.+",job=""}']) {
      const question = `${selector}[${to - from}s]`;
      // Both anew each time: cAdvisor's samples bear times of their own, and come as much as half a minute after them.
      total += await until(`Mimir has every sample of ${selector}`, 240, async () => {
        const [expected, found] = await Promise.all([prometheus.query(question, to), mimir.query(question, to)]);
        const [there, here] = [expected, found].map((series) => `${series.length} series, ${samples(series)} samples`);
        assert.equal(here, there);
        assert.ok(isDeepStrictEqual(sorted(found), sorted(expected)), "the same number, but not the same samples");
        return samples(expected);
      });
    }
    return total;
  }

  it("answers `up` from Mimir as Prometheus does, and of a recorded series and an alert with the same labels", async () => {
    for (const question of ["up", "instance:node_cpu_utilisation:rate5m", 'ALERTS{alertname="Watchdog"}']) {
      await until(`both answer ${question}`, 240, async () => {
        const at = seconds() - 20; // what is newer may be on its way
        const [there, here] = await Promise.all([prometheus.query(question, at), mimir.query(question, at)]);
        assert.ok(there.length > 0, `Prometheus has nothing of ${question}`);
        assert.deepEqual(sorted(here), sorted(there));
        return true;
      });
    }
    // MinIO is scraped once a minute.
    const jobs = await until("every target is in Mimir", 180, async () => {
      const found = (await mimir.query("up == 1")).map(({ metric }) => metric.job);
      for (const job of ["apiserver", "coredns", "kubelet", "mimir", "minio", "node-exporter"]) {
        assert.ok(found.includes(job), `${job} is not among ${found.join(", ")}`);
      }
      return found;
    });
    // Seed 000's check, as it stands there.
    const { result } = await mimir.get<{ result: object[] }>("query?query=up");
    assert.ok(result.length >= jobs.length);
  });

  it("misses no sample after Mimir was stopped for minutes", async () => {
    const from = seconds();
    await scale("mimir", 0);
    await scrapedFor(150);
    await scale("mimir", 1);
    note(`${await nothingMissing(from)} samples in ${seconds() - from} s, Mimir away for 150 s: none missing`);
  });

  it("loses nothing that it acknowledged when it is killed while it takes samples", async () => {
    const { kubectl } = await testCluster();
    const restarts = () =>
      kubectl.run([
        ...["get", "pod", "mimir-0", "-n", namespace],
        ...[
          "-o",
          "jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].lastState.terminated.exitCode}",
        ],
      ]);
    const before = await restarts();
    const from = seconds() - 60;
    await killProcess(namespace, "mimir-0", "mimir");
    await until("the kubelet sees it", 180, async () => ((await restarts()) === before ? undefined : true));
    assert.match(await restarts(), / 137$/);
    await ready("mimir");
    await scrapedFor(15);
    note(`${await nothingMissing(from)} samples in ${seconds() - from} s, Mimir killed in between: none missing`);
  });

  it("loses nothing while its object store is away for minutes, and writes its blocks afterwards", async () => {
    const from = seconds();
    const there = await blocks();
    await scale("minio", 0);
    await scrapedFor(120);
    await nothingMissing(from);
    await scale("minio", 1);
    await until("a new block is in the bucket", 180, async () => {
      await upload();
      return (await blocks()).length > there.length ? true : undefined;
    });
    note(
      `${await nothingMissing(from)} samples in ${seconds() - from} s, the object store away for 120 s: none missing`,
    );
  });

  it("passes the checklist of its stage, but for the rows of what is not in this test", async () => {
    const config = [...smaller, "stage=dual-write", `namespace.name=${namespace}`];
    const loaded = await loadStack({ ...testStack(stack), config });
    const applied = ({ urn }: { urn: string }) =>
      components.some((folder) => urn.includes(`::observability:${folder}:`));
    const elsewhere = loaded.resources
      .filter((resource) => !applied(resource))
      .flatMap(({ object }) => (object && isWorkload(object) ? imagesOf(object) : []));
    const { unavailable: missing } = await testCluster();
    const unavailable = new Map([...elsewhere.map((image) => [image, "not in this test"] as const), ...missing]);
    const { monitoring } = subjectOf({ ...loaded, resources: loaded.resources.filter(applied), unavailable });
    const subject = { ...subjectOf({ ...loaded, unavailable }), monitoring };
    const api = await apiOf({ kubeconfig }, { milliseconds: 30_000 });
    // Rates are those of five minutes: Mimir has to have been there for so long.
    const { checks } = await until("no row is ✗", 420, async () => {
      const report = await verify(subject, api);
      const failures = report.checks.filter(({ result }) => result === "fail");
      if (failures.length > 0) throw new Error(failures.map((row) => line(row, stack)).join("\n"));
      return report;
    });
    const passed = checks.filter(({ result }) => result === "pass").map(({ id }) => id);
    for (const id of ["ready", "targets", "rates", "remote-write", "oldest"]) {
      assert.ok(passed.includes(`mimir/${id}`), `mimir/${id} is not among ${passed.join(", ")}`);
    }
    assert.ok(passed.includes("alertmanager/watchdog"), "Watchdog doesn't reach Alertmanager");
  });

  it("opens Loki's bucket with Mimir's key as little as Mimir's with Loki's", async () => {
    await refusedBuckets(namespace, {
      secret: "mimir-object-store",
      own: "mimir-blocks",
      others: { "loki-object-store": ["loki"] },
    });
    await refusedBuckets(namespace, {
      secret: "loki-object-store",
      own: "loki",
      others: { "mimir-object-store": ["mimir-blocks", "mimir-ruler", "mimir-alertmanager"] },
    });
  });

  it("answers from its bucket alone what is older than its write-ahead log", async () => {
    await until("the sample of the day before yesterday is found", 120, historic);
  });
});

const samples = (series: readonly Series[]) => series.reduce((sum, { values = [] }) => sum + values.length, 0);

/** A request that pushes one sample by OTLP, the one protocol of Mimir's that is JSON. */
function otlp(name: string, at: number, value: number): RequestInit {
  const dataPoints = [{ timeUnixNano: `${at}000000000`, asDouble: value, attributes: [] }];
  const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name, gauge: { dataPoints } }] }] }] };
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}
