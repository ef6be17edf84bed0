import assert from "node:assert/strict";
import { image } from "../components/images";
import type { KubernetesObject } from "../commands/shared/objects";
import { until } from "../lab/until";
import { unhealthy } from "./support/alloy";
import { ApiProxy, testCluster } from "./support/cluster";
import { applyHere, makeNamespace, removeNamespace, renderPart } from "./support/deploy";
import { journalFile } from "./support/journal";
import { LokiClient, nanoseconds, type Line } from "./support/loki";
import { lacking, reportExcused } from "./support/metric-coverage";
import { killProcess } from "./support/node";
import { note } from "./support/note";

// Alloy itself, in the pods of stack sandbox, from the files of a real node to a real Loki. Every line is counted: one that is missing or
// there twice fails. The journal is a file of systemd's own making; the node's own may be none.

const namespace = "e2e-logs";
const journal = `/var/log/journal/${namespace}.journal`;
/** Positions of an earlier run are among what must go: they would be those of another journal. */
const cleanNode = `rm -rf ${journal} /var/log/pods/${namespace}_static_* /var/lib/observability/${namespace}`;
const outageSeconds = 130;

type Labelled = { stream: Record<string, string>; line: Line };

describe("Alloy of stack sandbox, from a node's files to Loki", function () {
  this.timeout("20m");
  const start = Date.now() - 60_000;
  let proxy: ApiProxy;
  let loki: LokiClient;

  const kubectl = async (...args: string[]) => (await testCluster()).kubectl.run(["-n", namespace, ...args]);
  /** A command on the node's /var/log, and in a writer. */
  const onNode = async (script: string, input?: string) =>
    (await testCluster()).kubectl.run(["exec", "-i", "node", "-n", namespace, "--", "sh", "-euc", script], input);
  const tell = (pod: string, signal = "go") => kubectl("exec", pod, "--", "touch", `/tmp/${signal}`);

  const collector = () =>
    kubectl("get", "pods", "-l", "app.kubernetes.io/component=logs", "-o", "jsonpath={.items[0].metadata.name}");
  const allHealthy = async () => {
    for (const part of ["logs", "events"]) {
      const pods = `app.kubernetes.io/component=${part},app.kubernetes.io/name=alloy`;
      // The pod is looked up each time: the one of before an update may still be there at first.
      await until(`every component of Alloy for ${part} is healthy`, 300, async () => {
        const pod = await kubectl("get", "pods", "-l", pods, "-o", "jsonpath={.items[0].metadata.name}");
        const ill = await unhealthy(proxy, namespace, pod);
        if (ill.length > 0) throw new Error(`${pod}: ${ill.join("; ")}`);
        return true;
      });
    }
  };

  /** Every line of a query, page by page. */
  const everyLine = async (query: string): Promise<Labelled[]> => {
    const all = new Map<string, Labelled>();
    for (let from = nanoseconds(start); ;) {
      const page = await loki.page(query, from, nanoseconds(Date.now() + 60_000));
      for (const each of page) all.set(`${JSON.stringify(each.stream)} ${each.line.join(" ")}`, each);
      const last = page.at(-1)?.line[0];
      if (page.length < 5000 || last === undefined || last === from) return [...all.values()];
      from = last; // taken in again: others may have the same time
    }
  };

  /** Waits until Loki has as many lines of a pod as it wrote, and compares them. */
  const exactly = async (pod: string, expected: string[]) => {
    const query = `{namespace="${namespace}", pod="${pod}"}`;
    let found: string[] = [];
    await until(`Loki has ${expected.length} lines of ${pod}`, 400, async () => {
      found = (await everyLine(query)).map(({ line }) => line[1]);
      return found.length >= expected.length && new Set(found).size >= expected.length ? true : undefined;
    }).catch(() => undefined);
    const [have, want] = [new Set(found), new Set(expected)];
    assert.deepEqual(
      { lost: expected.filter((text) => !have.has(text)), unknown: found.filter((text) => !want.has(text)) },
      { lost: [], unknown: [] },
      pod,
    );
    assert.equal(found.length, expected.length, `${pod}: lines are there twice`);
    note(`${pod}: ${found.length} lines, none lost, none doubled`);
  };

  before(async () => {
    const cluster = await testCluster();
    assert.ok(!cluster.unavailable.has(image("alloy")), cluster.unavailable.get(image("alloy")));
    proxy = await ApiProxy.start();
    loki = new LokiClient(proxy, namespace);
    // Alloy reads the node's folders, which no namespace but a privileged one allows.
    await makeNamespace(namespace, "privileged");
    await cluster.kubectl.apply([node]);
    await kubectl("wait", "pod/node", "--for=condition=Ready", "--timeout=300s");
    await onNode(`${cleanNode}; mkdir -p /var/log/journal`);
    await onNode(
      `base64 -d | gunzip > ${journal}`,
      await journalFile([
        { MESSAGE: "a job begins", _SYSTEMD_UNIT: "cron.service", _TRANSPORT: "syslog" },
        { MESSAGE: "a user comes", _SYSTEMD_UNIT: "user@1000.service", _TRANSPORT: "stdout" },
        { MESSAGE: "link is up", _TRANSPORT: "kernel" },
      ]),
    );
    const part = {
      namespace,
      stack: "sandbox",
      config: ["loki.canary=false"],
      components: ["alloy", "loki", "object-storage", "secrets"],
    };
    await applyHere(namespace, await renderPart(part));
    await cluster.kubectl.apply(Object.entries(writers).map(([name, script]) => writer(name, script)));
  });

  after(async () => {
    await onNode(cleanNode).catch(() => undefined);
    await removeNamespace(namespace);
    proxy?.stop();
  });

  it("has no component that isn't healthy", allHealthy);

  it("gives a pod's lines every label, of stdout and stderr apart", async () => {
    await exactly("plain", ["to stdout", "to stderr"]);
    const found = await everyLine(`{namespace="${namespace}", pod="plain"}`);
    const labels = (stream: string) => ({
      cluster: "sandbox",
      namespace,
      pod: "plain",
      container: "writer",
      app: "plain",
      job: `${namespace}/writer`,
      stream,
      container_runtime: "containerd",
    });
    for (const { stream, line } of found) {
      const { service_name, detected_level, ...own } = stream; // Loki's own: https://grafana.com/docs/loki/latest/get-started/labels/
      assert.ok(service_name && detected_level !== "");
      assert.deepEqual(own, labels(line[1].slice(3)));
    }
  });

  it("reads a file to its end when the kubelet rotates it, and the new one from its beginning", async () => {
    const first = lines(0, rotatedLines);
    // A file that is renamed before Alloy finds its pod is never read (components/alloy/README.md, Traps).
    await until("Alloy reads the file", 240, async () =>
      (await everyLine(`{namespace="${namespace}", pod="rotated"}`)).length > 0 ? true : undefined,
    );
    await tell("rotated", "begin");
    await until("the kubelet rotates the file", 300, async () => {
      const files = await onNode(`ls /var/log/pods/${namespace}_rotated_*/writer`);
      return files.split("\n").length > 2 ? true : undefined;
    });
    await tell("rotated");
    await exactly("rotated", [...first, ...lines(rotatedLines, 100)]);
  });

  it("reads a truncated file from its beginning again", async () => {
    await exactly("truncated", lines(0, 100));
    await onNode(`for file in /var/log/pods/${namespace}_truncated_*/writer/0.log; do : > $file; done`);
    await tell("truncated");
    await exactly("truncated", lines(0, 150));
  });

  it("finds a static pod's file in the folder with its manifest's hash", async () => {
    const [time, longAgo] = [new Date(), new Date(Date.now() - 30 * 86_400_000)].map((each) => each.toISOString());
    const folder = `/var/log/pods/${namespace}_static_${manifestHash}/writer`;
    // Loki would refuse the first line, and with it all that is sent together; it is left out and counted.
    const content = `${longAgo} stdout F too old\n${time} stdout F of a static pod`;
    // The kubelet knows no pod with this folder's UID, and removes it once a minute: it may be gone before Alloy looks.
    await until("Loki has the static pod's line", 240, async () => {
      await onNode(`mkdir -p ${folder}; [ -e ${folder}/0.log ] || cat > ${folder}/0.log`, `${content}\n`);
      return (await everyLine(`{namespace="${namespace}", pod="static"}`)).length > 0 ? true : undefined;
    });
    await exactly("static", ["of a static pod"]);
  });

  it("reads the journal, with the unit of services and of the kernel", async () => {
    const found = await until("Loki has the journal's entries", 240, async () => {
      const all = await everyLine(
        `{job="systemd-journal", cluster="sandbox"} |~ "a job begins|a user comes|link is up"`,
      );
      return all.length >= 3 ? all : undefined;
    });
    assert.deepEqual(found.map(({ stream, line }) => `${stream.unit}: ${line[1]}`).sort(), [
      "cron.service: a job begins",
      "kernel: link is up",
      "user@.service: a user comes",
    ]);
    const { kubectl } = await testCluster();
    const names = await kubectl.run(["get", "nodes", "-o", "jsonpath={.items[*].metadata.name}"]);
    for (const { stream } of found) assert.ok(names.split(" ").includes(stream.node), stream.node);
  });

  it("takes in Kubernetes' events", async () => {
    const query = `{job="kubernetes-events", namespace="${namespace}"} |= "plain" |= "Started"`;
    const [event] = await until("an event of the writer is there", 240, async () => {
      const all = await everyLine(query);
      return all.length > 0 ? all : undefined;
    });
    assert.equal(event.stream.cluster, "sandbox");
  });

  it("exports every metric that dashboards and rules name", async () => {
    const found = await until("Alloy exports all", 120, async () => {
      const metrics = await proxy.request(namespace, `pods/${await collector()}:12345`, "/metrics");
      const has = lacking("alloy", await metrics.text());
      assert.deepEqual(has.unseen, []);
      return has;
    });
    reportExcused("alloy", found);
  });

  it(`loses no line and doubles none: killed, restarted, and Loki away for ${outageSeconds} seconds`, async () => {
    const killed = await collector();
    await killProcess(namespace, killed, "alloy");
    await until("the kubelet has started it again", 240, async () => {
      const path = "jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}";
      return /^[1-9]\d* true$/.test(await kubectl("get", "pod", killed, "-o", path)) ? true : undefined;
    });

    await kubectl("delete", "pod", killed, "--wait");
    await kubectl("rollout", "status", "daemonset/alloy", "--timeout=300s");
    await until("it reads again", 300, async () => {
      const written = (await kubectl("logs", "counter")).trim().split("\n").length;
      const read = (await everyLine(`{namespace="${namespace}", pod="counter"}`)).length;
      return written - read < 100 ? true : undefined;
    });

    // Not restarted while Loki is away: what waits in memory goes with its process (components/alloy/README.md, Traps).
    await kubectl("scale", "statefulset", "loki", "--replicas=0");
    await until("Loki is away", 180, async () =>
      (await kubectl("get", "pods", "-l", "app.kubernetes.io/name=loki", "-o", "name")).includes("pod/loki-0")
        ? undefined
        : true,
    );
    const away = Date.now();
    await until("the outage has lasted", outageSeconds + 60, async () =>
      Date.now() - away > outageSeconds * 1000 ? true : undefined,
    );
    await kubectl("scale", "statefulset", "loki", "--replicas=1");
    await kubectl("rollout", "status", "statefulset/loki", "--timeout=300s");
    await tell("counter");
    const written = await until("the writer has ended", 120, async () => {
      const all = (await kubectl("logs", "counter")).trim().split("\n");
      return all.at(-1) === "the end" ? all : undefined;
    });
    assert.ok(written.length > outageSeconds, `only ${written.length} lines were written`);
    await exactly("counter", written);
    await allHealthy();
  });
});

const lines = (from: number, count: number) => Array.from({ length: count }, (_, i) => `line ${from + i} ${padding}`);
const padding = "x".repeat(400);
/** More than the kubelet's limit of 10 MiB. */
const rotatedLines = 26_000;
const manifestHash = "0123456789abcdef0123456789abcdef";

const print = (from: number, count: number) => `seq ${from} ${from + count - 1} | sed 's/.*/line & ${padding}/'`;
const signalled = (signal: string) => `until [ -e /tmp/${signal} ]; do sleep 1; done`;

/** What each writer does, and then stays. */
const writers: Readonly<Record<string, string>> = {
  plain: "echo to stdout; echo to stderr >&2",
  rotated: `${print(0, 1)}; ${signalled("begin")}; ${print(1, rotatedLines - 1)}; ${signalled("go")}; ${print(rotatedLines, 100)}`,
  // Fewer than before: Alloy may look only when they are all there, and takes a file for truncated that is shorter than what it has read.
  truncated: `${print(0, 100)}; ${signalled("go")}; ${print(100, 50)}`,
  static: "",
  counter: `i=0; until [ -e /tmp/go ]; do echo "number $i"; i=$((i+1)); sleep 0.1; done; echo the end`,
};

function writer(name: string, script: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: { "app.kubernetes.io/name": name },
      // The API's mirror of a static pod has it, and the kubelet names the folder after it.
      annotations: name === "static" ? { "kubernetes.io/config.hash": manifestHash } : {},
    },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [
        {
          name: "writer",
          image: image("minio-mc"),
          imagePullPolicy: "IfNotPresent",
          command: ["sh", "-c", `${script}\nexec sleep 3600`],
        },
      ],
    },
  };
}

const nodeFolders = { logs: "/var/log", positions: "/var/lib/observability" };

/** A pod with the node's logs, and what collectors keep there. */
const node: KubernetesObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "node", namespace },
  spec: {
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    containers: [
      {
        name: "node",
        image: image("minio-mc"),
        imagePullPolicy: "IfNotPresent",
        command: ["sleep", "3600"],
        securityContext: { runAsUser: 0 },
        volumeMounts: Object.entries(nodeFolders).map(([name, mountPath]) => ({ name, mountPath })),
      },
    ],
    volumes: Object.entries(nodeFolders).map(([name, path]) => ({
      name,
      hostPath: { path, type: "DirectoryOrCreate" },
    })),
  },
};
