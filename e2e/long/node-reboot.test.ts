import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KubernetesObject } from "../../commands/shared/objects";
import { image } from "../../components/images";
import { status } from "../../lab/cluster/cluster";
import { onSecondNode, SecondNode, secondNodeName } from "../../lab/cluster/native/second-node";
import { until } from "../../lab/until";
import { ApiProxy, testCluster } from "../support/cluster";
import { applyHere, makeNamespace, removeNamespace, renderPart } from "../support/deploy";
import { PrometheusApi } from "../support/metrics";
import { clusterWide } from "../support/names";
import { NodeLines } from "../support/node-lines";
import { leftOut, note } from "../support/note";
import { prompt, withArguments } from "../support/prompt";

// A node of its own goes away for minutes and comes back: first its network, then its power, then both. On it are the stack's agents with what they
// collect; Loki, VictoriaMetrics and vmagent are on the first node, as the program places them. A copy of vmagent on the second node shows what one on
// each node would save. Whatever is on the node's disk is counted in Loki, and each scrape of the node in VictoriaMetrics.

const namespace = "e2e-node-reboot";
/** Seconds between two scrapes. */
const interval = 5;
/** Seconds without network, at least. */
const outageSeconds = 130;
/** The copy of vmagent on the second node, and the label that it gives its samples. */
const copy = { name: "vmagent-there", label: "there" };
const alerts = ["KubeNodeNotReady", "NodeDown"];
/** Lines a second of a writer. */
const linesPerSecond = 10;

interface Sample {
  /** Seconds since 1970. */
  at: number;
  value: number;
}

describe("A node goes away for minutes and comes back, with the stack's agents on it", function () {
  this.timeout("25m");

  let node: SecondNode;
  let proxy: ApiProxy;
  let lines: NodeLines;
  let victoriaMetrics: PrometheusApi;

  const now = () => Date.now() / 1000;
  const kubectl = async (...args: string[]) => (await testCluster()).kubectl.run(["-n", namespace, ...args]);

  before(async function () {
    const { engine } = await status();
    if (engine !== "native" || process.env.KUBECONFIG) {
      leftOut("a node that goes away", "only the native engine's throw-away cluster can have a second node");
      this.skip();
    }
    node = await SecondNode.start(["alloy", "vmagent", "node-exporter", "minio-mc"]);
    proxy = await ApiProxy.start();
    lines = new NodeLines(proxy, namespace);
    victoriaMetrics = new PrometheusApi(proxy, namespace, "services/victoria-metrics:8428");
    await makeNamespace(namespace, "privileged");
    const resources = await renderPart({
      ...{ namespace, stack: "sandbox", edit: (object: KubernetesObject) => placed(soon(prompt(object))) },
      config: [
        ...["metrics.backend=victoria-metrics", "stage=kps-removed", "kps.enabled=false", "metrics.mimirOutage=30m"],
        ...[`kps.scrapeInterval=${interval}s`, "loki.canary=false", "logs.events=false"],
      ],
      components: [
        ...["secrets", "object-storage", "loki", "alloy", "victoria-metrics", "vmalert", "vmagent"],
        ...["monitors", "exporters", "rules"],
      ],
    });
    await applyHere(namespace, resources);
    const own = resources.find(({ object }) => object?.kind === "StatefulSet" && object.metadata.name === "vmagent");
    await (await testCluster()).kubectl.apply([copied(own!.object!), countingMonitor]);
    await kubectl("rollout", "status", `statefulset/${copy.name}`, "--timeout=300s");
  });

  after(async () => {
    const cluster = await testCluster();
    if (!node) return;
    await node.remove(); // first: while it is away, none of its pods would end
    await removeNamespace(namespace);
    await cluster.kubectl.run(["delete", "--ignore-not-found", ...clusterWide(namespace)]);
    proxy?.stop();
  });

  /** Starts a writer on the second node, and waits until its lines and its metric are collected. */
  async function write(name: string): Promise<void> {
    await (await testCluster()).kubectl.apply([writer(name)]);
    await kubectl("wait", `pod/${name}`, "--for=condition=Ready", "--timeout=180s");
    await until(`lines and samples of ${name} are collected`, 300, async () => {
      const collected = await lines.of(name);
      const scraped = await Promise.all(["", copy.label].map((by) => samples(`counting_total{pod="${name}"`, by, 0)));
      return onDisk(name).length - collected.length < 50 && scraped.every((each) => each.length > 2) ? true : undefined;
    });
  }

  /** Each file of a pod's containers, as it was read last. */
  const files = new Map<string, Map<string, string>>();

  /**
   * What a pod's containers have written to the second node's disk, in the order in which they ran. That of a container which is gone, too: of those
   * that have ended, the kubelet keeps one, and a container that starts twice after a power cut leaves two.
   */
  function onDisk(pod: string): string[] {
    const pods = join(node.folder("/var/log"), "pods");
    const folder = readdirSync(pods).find((name) => name.startsWith(`${namespace}_${pod}_`));
    if (!folder) return [];
    const read = files.get(pod) ?? new Map<string, string>();
    files.set(pod, read);
    for (const file of readdirSync(join(pods, folder, "writer")))
      read.set(file, readFileSync(join(pods, folder, "writer", file), "utf8"));
    return [...read]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([, text]) =>
        text
          .split("\n")
          .slice(0, -1) // what comes after the last end of a line is half of one, or nothing
          .map((line) => line.replace(/^\S+ stdout F /, "")),
      );
  }

  /** Ends a writer, and waits until its last line is in Loki. What it wrote and what Loki has, which must not have a line twice or one of its own. */
  async function collected(pod: string): Promise<{ written: string[]; lost: string[] }> {
    await kubectl("exec", pod, "--", "touch", "/tmp/go");
    const isLast = (line?: string) => line?.endsWith("the end");
    await until(`${pod} has ended`, 120, async () => isLast(onDisk(pod).at(-1)) || undefined);
    let found: string[] = [];
    const written = onDisk(pod);
    await until(`Loki has the last line of ${pod}`, 300, async () => {
      found = (await lines.of(pod)).map(({ line }) => line[1]);
      return found.length >= written.length || isLast(found.at(-1)) ? true : undefined;
    });
    // What a queue still holds comes in no order: nothing has come for a while.
    await until(`nothing more of ${pod} comes`, 120, async () => {
      const before = found.length;
      await new Promise((resolve) => setTimeout(resolve, 5000));
      found = (await lines.of(pod)).map(({ line }) => line[1]);
      return found.length === before || found.length >= written.length ? true : undefined;
    });
    const [have, want] = [new Set(found), new Set(written)];
    assert.equal(want.size, written.length, `${pod} itself has written a line twice`);
    assert.equal(have.size, found.length, `${pod}: a line is there twice`);
    assert.deepEqual(
      found.filter((line) => !want.has(line)),
      [],
      `${pod} hasn't written these`,
    );
    return { written, lost: written.filter((line) => !have.has(line)) };
  }

  /**
   * The samples of a selector without its closing brace, of whatever series, by time. Fails if two have the same time.
   * @param by label of the vmagent that scraped them; empty: the stack's own
   */
  async function samples(selector: string, by: string, from: number): Promise<Sample[]> {
    const parameters = { "match[]": `${selector}, scraper="${by}"}`, start: `${from}`, reduce_mem_usage: "1" };
    const answer = await victoriaMetrics.send(`/api/v1/export?${new URLSearchParams(parameters)}`);
    assert.equal(answer.status, 200);
    const found = (await answer.text())
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { values: (number | null)[]; timestamps: number[] })
      .flatMap(({ values, timestamps }) => timestamps.map((at, i) => ({ at: at / 1000, value: values[i] })))
      // None: where a series ends.
      .filter((each): each is Sample => each.value !== null)
      .sort((a, b) => a.at - b.at);
    assert.equal(new Set(found.map(({ at }) => at)).size, found.length, `a sample of ${selector} is there twice`);
    return found;
  }

  /** The longest time between two of these samples, and the scrapes that are missing in it. */
  function longestGap(found: readonly Sample[]): { seconds: number; missing: number; from: number } {
    const gaps = found.slice(1).map(({ at }, i) => ({ seconds: at - found[i].at, from: found[i].at }));
    const longest = gaps.reduce((a, b) => (b.seconds > a.seconds ? b : a));
    return { ...longest, missing: Math.round(longest.seconds / interval) - 1 };
  }

  /** Waits until samples that are younger than this have arrived, and gives all since `from`. */
  async function samplesSince(selector: string, by: string, from: number, younger: number): Promise<Sample[]> {
    return until(`new samples of ${selector}} by ${by || "vmagent"}`, 300, async () => {
      const found = await samples(selector, by, from);
      return found.length > 1 && found.at(-1)!.at > younger ? found : undefined;
    });
  }

  async function firing(): Promise<string[]> {
    const found = await victoriaMetrics.query(`ALERTS{alertname=~"${alerts.join("|")}", alertstate="firing"}`);
    assert.ok(found.every(({ metric }) => metric.node === undefined || metric.node === secondNodeName));
    return [...new Set(found.map(({ metric }) => metric.alertname))].sort();
  }

  const nodeIs = (ready: "True" | "Unknown") =>
    kubectl("wait", `node/${secondNodeName}`, `--for=condition=Ready=${ready}`, "--timeout=240s");

  /** Waits until every pod of the node is ready again that hadn't ended, with containers that began after a time. */
  const podsAreBack = (since: number) =>
    until("every pod of the node is back", 400, async () => {
      const { items } = await (
        await testCluster()
      ).kubectl.json<{ items: Pod[] }>([
        "get",
        "pods",
        "-n",
        namespace,
        `--field-selector=spec.nodeName=${secondNodeName}`,
        "-o",
        "json",
      ]);
      const lasting = items.filter(({ status }) => status.phase !== "Succeeded");
      assert.ok(lasting.length >= 4, `${lasting.length} pods`);
      for (const { metadata, status } of lasting)
        for (const { name, ready, state } of status.containerStatuses ?? [])
          assert.ok(ready && Date.parse(state.running!.startedAt) / 1000 > since, `${metadata.name}: ${name}`);
      return lasting.map(({ metadata }) => metadata.name);
    });

  it(`loses no line and none of an agent's samples without its network for ${outageSeconds} seconds; what is scraped from elsewhere is lost`, async () => {
    await write("cable");
    const from = now() - 2 * interval;
    const cut = now();
    await node.loseNetwork();
    await nodeIs("Unknown");
    await until("the stack's alerts on the node fire", 280, async () => {
      assert.deepEqual(await firing(), alerts);
      return true;
    });
    await until("the outage has lasted", outageSeconds, async () => now() - cut > outageSeconds || undefined);
    await node.regainNetwork();
    const back = now();
    await nodeIs("True");
    await until("they don't fire any more", 240, async () => ((await firing()).length === 0 ? true : undefined));

    const to = now();
    const { written, lost } = await collected("cable");
    assert.deepEqual(lost, []);
    assert.ok(written.length > (outageSeconds * linesPerSecond) / 2, `only ${written.length} lines were written`);
    note(`network away for ${Math.round(back - cut)} s: ${written.length} lines, none lost, none doubled`);

    const counted = 'counting_total{pod="cable"';
    // Until the writer was told to end.
    const scraped = async (selector: string, by: string) =>
      (await samplesSince(selector, by, from, back)).filter(({ at }) => at < to);
    const there = await scraped(counted, copy.label);
    assert.ok(there[0].at - from <= 2 * interval);
    assert.ok(longestGap(there).seconds <= 2 * interval, `${longestGap(there).seconds} s without a sample`);
    assert.deepEqual(
      there.filter(({ value }, i) => i > 0 && value < there[i - 1].value),
      [],
      "the counter goes back",
    );
    const central = longestGap(await scraped(counted, ""));
    assert.ok(central.seconds >= back - cut - interval, `the node was scraped while it was away: ${central.seconds}`);
    assert.ok(central.seconds <= back - cut + 60, `${central.seconds} s without a sample`);
    const elsewhere = await scraped('up{job="victoria-metrics"', copy.label);
    const others = longestGap(elsewhere.filter(({ value }) => value === 1));
    assert.ok(others.seconds >= back - cut - interval, `the node scraped while it was away: ${others.seconds}`);
    // The absence itself is recorded, scrape by scrape.
    const up = await scraped('up{job="node-exporter"', "");
    assert.ok(longestGap(up).seconds <= 2 * interval + 10, `${longestGap(up).seconds} s without \`up\``);
    assert.ok(up.some(({ at, value }) => at > cut && value === 0) && up.at(-1)!.value === 1);
    note(
      `scrapes of the node lost: ${central.missing} of ${there.length} by the one vmagent on another node (${central.seconds.toFixed(0)} s), none by one on the node; ` +
        `by a vmagent on the node that is away: ${others.missing} of each target elsewhere`,
    );
  });

  it("comes back from a power cut without a hand: pods, positions and volumes are as before", async () => {
    await write("power");
    const claim = async () => kubectl("get", "pvc", `data-${copy.name}-0`, "-o", "jsonpath={.spec.volumeName}");
    const volume = await claim();
    const from = now() - 2 * interval;
    const cut = now();
    await node.losePower();
    onDisk("power"); // while the first container's file is there
    await nodeIs("Unknown");
    await node.powerOn();
    const back = now();
    const pods = await podsAreBack(cut);
    assert.ok(pods.includes(`${copy.name}-0`));
    assert.equal(await claim(), volume);

    // Before the writer is told to end: it must have been scraped once more.
    const scraped = await Promise.all(
      ["", copy.label].map((by) => samplesSince('counting_total{pod="power"', by, from, back)),
    );
    const { written, lost } = await collected("power");
    note(`power away for ${Math.round(back - cut)} s: ${written.length} lines on the disk, ${lost.length} lost`);
    assert.ok(lost.length <= 3 * linesPerSecond, `lost: ${lost.join(", ")}`);
    await lines.exactly("cable", onDisk("cable"));

    for (const [i, by] of ["the one vmagent elsewhere", "a vmagent on the node"].entries()) {
      const gap = longestGap(scraped[i]);
      const before = cut - gap.from;
      note(`power away: by ${by} ${gap.missing} scrapes are missing, the last ${before.toFixed(1)} s before the cut`);
      assert.ok(before <= 3 * interval, `the last sample is of ${before} s before the cut`);
    }
    await until("no alert fires", 240, async () => ((await firing()).length === 0 ? true : undefined));
  });

  it("has what waited on its disk when the power goes while the network is away", async () => {
    await write("both");
    const from = now() - 2 * interval;
    const away = now();
    const before = onDisk("both").length;
    await node.loseNetwork();
    await until("a minute's lines are written", 180, async () => onDisk("both").length - before > 60 * 8 || undefined);
    const cut = now();
    await node.losePower();
    const atCut = onDisk("both").length;
    await node.regainNetwork();
    await node.powerOn();
    const back = now();
    await podsAreBack(cut);

    await samplesSince('counting_total{pod="both"', copy.label, from, back); // before the writer is told to end
    const { written, lost } = await collected("both");
    note(
      `power away ${Math.round(cut - away)} s after the network: ${written.length} lines on the disk, ${lost.length} lost`,
    );
    // Alloy has what it can't send in memory, and its positions go on.
    const places = lost.map((line) => written.indexOf(line));
    const others = places.filter((place) => place < before - 3 * linesPerSecond || place >= atCut);
    assert.deepEqual(others, [], "lines are lost that were written while there was a network");
    const found = await samples('counting_total{pod="both"', copy.label, from);
    const waited = found.filter(({ at }) => at > away && at < cut).length;
    const scrapes = Math.floor((cut - away) / interval);
    note(`of ${scrapes} scrapes that waited on the node, ${waited} were on its volume and came`);
    assert.ok(waited >= scrapes / 2, "what waited on vmagent's volume hasn't come");
  });
});

interface Pod {
  metadata: { name: string };
  status: {
    phase: string;
    containerStatuses?: { name: string; ready: boolean; state: { running?: { startedAt: string } } }[];
  };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- objects of every kind
type Json = any;

/** Agents of nodes only on the second one: another test may have its own on the first. */
function placed(object: KubernetesObject): KubernetesObject {
  if (object.kind === "DaemonSet") Object.assign((object as Json).spec.template.spec, onSecondNode);
  return object;
}

/** Alerts on the node fire after a minute, so that the outage needn't last ten. */
function soon(object: KubernetesObject): KubernetesObject {
  if (object.kind === "PrometheusRule")
    for (const { rules } of (object as Json).spec.groups)
      for (const rule of rules) if (alerts.includes(rule.alert)) rule.for = "1m";
  return object;
}

/** The stack's vmagent once more, on the second node. */
function copied(vmagent: KubernetesObject): KubernetesObject {
  const changed = withArguments(vmagent, [`-remoteWrite.label=scraper=${copy.label}`]) as Json;
  const labels = { app: copy.name };
  changed.metadata = { name: copy.name, namespace, labels };
  changed.spec.selector = { matchLabels: labels };
  changed.spec.template.metadata.labels = labels;
  Object.assign(changed.spec.template.spec, onSecondNode);
  return changed;
}

const counting = { app: "counting" };

const countingMonitor: KubernetesObject & { spec: object } = {
  ...{ apiVersion: "monitoring.coreos.com/v1", kind: "PodMonitor", metadata: { name: "counting", namespace } },
  spec: { selector: { matchLabels: counting }, podMetricsEndpoints: [{ port: "http" }] },
};

/** Writes numbered lines, and has the number as a metric. A line says which start of it wrote it. */
const script = `mkdir /tmp/www; httpd -p 8080 -h /tmp/www
start=$(date +%s); i=0
until [ -e /tmp/go ]; do
  echo "$start number $i"
  echo "counting_total $i" > /tmp/www/next; mv /tmp/www/next /tmp/www/metrics
  i=$((i+1)); sleep ${1 / linesPerSecond}
done
echo "$start the end"`;

const writer = (name: string): KubernetesObject & { spec: object } => ({
  ...{ apiVersion: "v1", kind: "Pod", metadata: { name, namespace, labels: counting } },
  spec: {
    ...onSecondNode,
    // One that has ended stays so over a power cut.
    restartPolicy: "OnFailure",
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    containers: [
      {
        name: "writer",
        image: image("minio-mc"),
        imagePullPolicy: "IfNotPresent",
        command: ["sh", "-c", script],
        ports: [{ name: "http", containerPort: 8080 }],
      },
    ],
  },
});
