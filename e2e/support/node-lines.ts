import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { image } from "../../components/images";
import type { KubernetesObject } from "../../commands/shared/objects";
import { until } from "../../lab/until";
import { testCluster, type ApiProxy } from "./cluster";
import { makeNamespace, removeNamespace } from "./deploy";
import { journalFile } from "./journal";
import { LokiClient, nanoseconds, type Line } from "./loki";
import { killProcess } from "./node";
import { note } from "./note";

/** A line with the labels of its stream. */
export interface Labelled {
  stream: Record<string, string>;
  line: Line;
}

const padding = "x".repeat(400);

/** What a writer prints, from one number to another. */
export const lines = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `line ${from + i} ${padding}`);

/** A script that prints {@link lines}. */
export const print = (from: number, count: number) => `seq ${from} ${from + count - 1} | sed 's/.*/line & ${padding}/'`;

/** A script that waits until a test tells its pod. */
export const signalled = (signal: string) => `until [ -e /tmp/${signal} ]; do sleep 1; done`;

/** A script that counts ten times a second, until it is told to go. */
export const counting = `i=0; until [ -e /tmp/go ]; do echo "number $i"; i=$((i+1)); sleep 0.1; done; echo the end`;

/** What the journal of {@link NodeLines} has: unit → message. */
export const journalled: Readonly<Record<string, string>> = {
  "cron.service": "a job begins",
  kernel: "link is up",
  "user@.service": "a user comes",
};

/**
 * Pods on a real node that write lines, and a journal of systemd's own making, as the node's own may be none; and Loki, in which each line is looked
 * for: one that is missing or there twice fails.
 */
export class NodeLines {
  private readonly start = Date.now() - 60_000;
  private readonly loki: LokiClient;
  private readonly journal: string;

  /**
   * @param proxy to the cluster
   * @param namespace where the pods and Loki are
   */
  constructor(
    proxy: ApiProxy,
    private readonly namespace: string,
  ) {
    this.loki = new LokiClient(proxy, namespace);
    this.journal = `/var/log/journal/${namespace}.journal`;
  }

  /** Makes the namespace, a pod in which commands of {@link onNode} run, and the journal. */
  async begin(): Promise<void> {
    const { kubectl } = await testCluster();
    // A collector reads the node's folders, which no namespace but a privileged one allows.
    await makeNamespace(this.namespace, "privileged");
    await kubectl.apply([this.node()]);
    await this.kubectl("wait", "pod/node", "--for=condition=Ready", "--timeout=300s");
    await this.onNode(`${this.cleaning()}; mkdir -p /var/log/journal`);
    // Of this boot: Vector reads no other.
    const boot = { _BOOT_ID: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().replaceAll("-", "") };
    const entries = [
      { ...boot, MESSAGE: "a job begins", _SYSTEMD_UNIT: "cron.service", _TRANSPORT: "syslog" },
      { ...boot, MESSAGE: "a user comes", _SYSTEMD_UNIT: "user@1000.service", _TRANSPORT: "stdout" },
      { ...boot, MESSAGE: "link is up", _TRANSPORT: "kernel" },
    ];
    await this.onNode(`base64 -d | gunzip > ${this.journal}`, await journalFile(entries));
  }

  /** Removes all of it. */
  async end(): Promise<void> {
    await this.onNode(this.cleaning()).catch(() => undefined);
    await removeNamespace(this.namespace);
  }

  /** Positions of an earlier run are among what must go: they would be those of another journal. */
  private cleaning = () => `rm -rf ${this.journal} /var/lib/observability/${this.namespace}`;

  /** `kubectl` in the namespace. */
  async kubectl(...args: string[]): Promise<string> {
    return (await testCluster()).kubectl.run(["-n", this.namespace, ...args]);
  }

  /** A command on the node, which sees its /var/log and what collectors keep. */
  async onNode(script: string, input?: string): Promise<string> {
    const command = ["exec", "-i", "node", "-n", this.namespace, "--", "sh", "-euc", script];
    return (await testCluster()).kubectl.run(command, input);
  }

  /** Tells a writer to go on. */
  async tell(pod: string, signal = "go"): Promise<void> {
    await this.kubectl("exec", pod, "--", "touch", `/tmp/${signal}`);
  }

  /**
   * Starts writers. Each stays when its script has ended.
   * @param scripts name → script
   * @param annotations of their pods
   */
  async write(scripts: Readonly<Record<string, string>>, annotations: Record<string, string> = {}): Promise<void> {
    const { kubectl } = await testCluster();
    await kubectl.apply(Object.entries(scripts).map(([name, script]) => this.writer(name, script, annotations)));
  }

  /** Kills a program in a pod, and waits until the kubelet has started it again. */
  async kill(pod: string, program: string): Promise<void> {
    await killProcess(this.namespace, pod, program);
    await until("the kubelet has started it again", 240, async () => {
      const path = "jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}";
      return /^[1-9]\d* true$/.test(await this.kubectl("get", "pod", pod, "-o", path)) ? true : undefined;
    });
  }

  /** Every line of a query, page by page. */
  async every(query: string): Promise<Labelled[]> {
    const all = new Map<string, Labelled>();
    for (let from = nanoseconds(this.start); ;) {
      const page = await this.loki.page(query, from, nanoseconds(Date.now() + 60_000));
      for (const each of page) all.set(`${JSON.stringify(each.stream)} ${each.line.join(" ")}`, each);
      const last = page.at(-1)?.line[0];
      if (page.length < 5000 || last === undefined || last === from) return [...all.values()];
      from = last; // taken in again: others may have the same time
    }
  }

  /** The lines of a pod that Loki has. */
  of(pod: string): Promise<Labelled[]> {
    return this.every(`{namespace="${this.namespace}", pod="${pod}"}`);
  }

  /** Waits until Loki has as many lines of a pod as it wrote, and compares them. */
  async exactly(pod: string, expected: string[]): Promise<void> {
    let found: string[] = [];
    await until(`Loki has ${expected.length} lines of ${pod}`, 400, async () => {
      found = (await this.of(pod)).map(({ line }) => line[1]);
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
  }

  /** Waits until Loki has nearly all that a writer of {@link counting} has written. */
  async isRead(pod: string): Promise<void> {
    await until(`what ${pod} writes is read`, 300, async () => {
      const written = (await this.kubectl("logs", pod)).trim().split("\n").length;
      return written - (await this.of(pod)).length < 100 ? true : undefined;
    });
  }

  /** Tells a writer of {@link counting} to end, and says what it wrote. */
  async ended(pod: string): Promise<string[]> {
    await this.tell(pod);
    return until("the writer has ended", 120, async () => {
      const all = (await this.kubectl("logs", pod)).trim().split("\n");
      return all.at(-1) === "the end" ? all : undefined;
    });
  }

  /**
   * Takes Loki away.
   * @param seconds how long
   * @param meanwhile what happens while it is away
   */
  async withoutLoki(seconds: number, meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    await this.kubectl("scale", "statefulset", "loki", "--replicas=0");
    await until("Loki is away", 180, async () =>
      (await this.kubectl("get", "pods", "-l", "app.kubernetes.io/name=loki", "-o", "name")).includes("pod/loki-0")
        ? undefined
        : true,
    );
    const away = Date.now();
    await meanwhile();
    await until("the outage has lasted", seconds + 60, async () =>
      Date.now() - away > seconds * 1000 ? true : undefined,
    );
    await this.kubectl("scale", "statefulset", "loki", "--replicas=1");
    await this.kubectl("rollout", "status", "statefulset/loki", "--timeout=300s");
  }

  /** What the journal has given, as `unit: message`, and the nodes that the entries name. */
  async ofJournal(cluster: string): Promise<{ entries: string[]; nodes: Set<string> }> {
    const messages = Object.values(journalled);
    const found = await until("Loki has the journal's entries", 240, async () => {
      const all = await this.every(`{job="systemd-journal", cluster="${cluster}"} |~ "${messages.join("|")}"`);
      return all.length >= messages.length ? all : undefined;
    });
    return {
      entries: found.map(({ stream, line }) => `${stream.unit}: ${line[1]}`).sort(),
      nodes: new Set(found.map(({ stream }) => stream.node)),
    };
  }

  private writer(name: string, script: string, annotations: Record<string, string>): KubernetesObject {
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name,
        namespace: this.namespace,
        labels: { "app.kubernetes.io/name": name },
        annotations,
      },
      spec: this.sleeper("writer", ["sh", "-c", `${script}\nexec sleep 3600`]),
    };
  }

  private node(): KubernetesObject {
    const folders = { logs: "/var/log", positions: "/var/lib/observability" };
    const spec = this.sleeper("node", ["sleep", "3600"]);
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "node", namespace: this.namespace },
      spec: {
        ...spec,
        containers: spec.containers.map((container) => ({
          ...container,
          securityContext: { runAsUser: 0 },
          volumeMounts: Object.entries(folders).map(([name, mountPath]) => ({ name, mountPath })),
        })),
        volumes: Object.entries(folders).map(([name, path]) => ({
          name,
          hostPath: { path, type: "DirectoryOrCreate" },
        })),
      },
    };
  }

  private sleeper = (name: string, command: string[]) => ({
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    containers: [{ name, image: image("minio-mc"), imagePullPolicy: "IfNotPresent", command }],
  });
}
