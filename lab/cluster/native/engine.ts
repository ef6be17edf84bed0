import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binariesOf, build, timed } from "../build";
import { ClusterOptions, Engine } from "../engine";
import { clusterName, kubeconfigPath, stateDir } from "../paths";
import { hostFacts, hostProblems } from "../preflight";
import { installPrerequisites } from "../prerequisites";
import { programRelease } from "../programs";
import { run } from "../run";
import { buildSystemImages } from "../system-images";
import { coreDns, provisionerName, storageClasses } from "./addons";
import { cgroup, Machine } from "./config";
import { binary, daemons, keysDir, readySeconds } from "./daemons";
import { makeCgroups, removeCgroups, restoreSysctls, saveSysctls } from "./host";
import { connect, defaultRange, disconnect, link, linkAbandoned, Network, network } from "./network";
import { importOnce, startDaemons, write, writeMachine } from "./machine";
import { runningNode, startNode, stopNode } from "./node";
import { certificates, kubeconfig, makeKeys } from "./pki";
import { removeSecondNode } from "./second-node";

const nodePrograms = ["containerd", "runc", "cni", "etcd", "kubernetes", "coredns"] as const;

/** What `down` must know of what `up` did. */
interface Record {
  network: Network;
  /** Cgroup controllers that were switched on. */
  controllers: string[];
}

/** Kubernetes from Go modules, in namespaces of this machine. Linux and root. */
export const native: Engine = {
  name: "native",

  async isUp() {
    return runningNode(stateDir()) !== undefined && (await answers());
  },

  async prepare({ range = defaultRange }, report) {
    network(range); // throws for a range that can't be divided
    if (runningNode(stateDir())) return;
    if (process.platform === "linux" && process.geteuid?.() === 0) {
      await installPrerequisites(report);
      if (await linkAbandoned()) {
        report(`removing the network interface ${link}, which an interrupted cluster left`);
        await disconnect();
      }
    }
    const problems = hostProblems(await hostFacts(), range);
    if (problems.length > 0) throw new Error(`The cluster can't run here:\n- ${problems.join("\n- ")}`);
  },

  async up(options, report) {
    await build(binariesOf([...nodePrograms]), report);
    const record = await writeFiles(options);
    const machine = firstMachine(record.network);
    const init = runningNode(machine.dir) ?? (await startNode(machine.dir));
    await connect(record.network, init);
    await startDaemons(machine, init, daemons(machine), report);
    for (const image of await buildSystemImages(report)) await importOnce(machine, image.archive);
    await removeSecondNode({ ifAbandoned: true });
    await apply([
      ...coreDns(record.network, programRelease("coredns")),
      ...storageClasses(options.storageClasses, provisionerName),
    ]);
    await timed("waiting for the cluster's DNS", report, () =>
      // not `rollout status`, which gives up at once where an earlier run was stopped before the deployment was ready
      kubectl(
        ...["wait", "--for=condition=available", "deployment/coredns", "--namespace=kube-system"],
        `--timeout=${readySeconds}s`,
      ),
    );
  },

  pull: async () => false, // the node has no way out

  async load(archive) {
    await importOnce({ dir: stateDir() }, archive);
  },

  async down(report) {
    const record = readRecord();
    if (record) {
      report("ending the node's processes");
      await stopNode(stateDir());
      await disconnect();
      await removeCgroups(record.controllers);
      restoreSysctls(sysctlsFile());
    }
    rmSync(stateDir(), { recursive: true, force: true });
  },
};

function sysctlsFile(): string {
  return join(stateDir(), "sysctls.json");
}

function recordFile(): string {
  return join(stateDir(), "native.json");
}

function readRecord(): Record | undefined {
  return existsSync(recordFile()) ? (JSON.parse(readFileSync(recordFile(), "utf8")) as Record) : undefined;
}

/** Writes everything that the daemons read, and takes note of what changes on the machine before it changes. */
async function writeFiles(options: ClusterOptions): Promise<Record> {
  mkdirSync(stateDir(), { recursive: true });
  const before = readRecord();
  const net = network(options.range ?? before?.network.range ?? defaultRange);
  if (before && before.network.range !== net.range) {
    throw new Error(
      `A cluster with the range ${before.network.range} exists already, and its range can't change: remove it first, or leave --range ${net.range} out.`,
    );
  }
  saveSysctls(sysctlsFile());
  const record = before ?? { network: net, controllers: [] };
  record.controllers = [...new Set([...record.controllers, ...makeCgroups()])];
  writeFileSync(recordFile(), JSON.stringify(record));

  await makeKeys(keysDir(), net);
  for (const { name, names } of certificates(net)) {
    if (!names) write(join(keysDir(), `${name}.kubeconfig`), kubeconfig(keysDir(), net, name));
  }
  write(kubeconfigPath(), kubeconfig(keysDir(), net, "admin"));
  await writeMachine(firstMachine(net));
  return record;
}

const firstMachine = (net: Network): Machine => ({ name: clusterName, dir: stateDir(), net, cgroup, taints: [] });

async function apply(objects: object[]): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: objects };
  await run(
    binary("kubernetes", "kubectl"),
    ["apply", "--server-side", "--force-conflicts", "--filename=-", `--kubeconfig=${kubeconfigPath()}`],
    { input: JSON.stringify(list) },
  );
}

function kubectl(...args: string[]): Promise<string> {
  return run(binary("kubernetes", "kubectl"), [...args, `--kubeconfig=${kubeconfigPath()}`]);
}

function answers(): Promise<boolean> {
  return kubectl("get", "--raw=/readyz", "--request-timeout=5s").then(
    () => true,
    () => false,
  );
}
