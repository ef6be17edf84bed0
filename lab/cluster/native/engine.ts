import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { binariesOf, build, Report, timed } from "../build";
import { ClusterOptions, Engine } from "../engine";
import { kubeconfigPath, stateDir } from "../paths";
import { hostFacts, hostProblems } from "../preflight";
import { installPrerequisites } from "../prerequisites";
import { programRelease } from "../programs";
import { run, succeeds, waitFor } from "../run";
import { buildSystemImages } from "../system-images";
import { coreDns, provisionerName, storageClasses } from "./addons";
import { cniConfigDir, cniConfig, containerdConfig, containerdSocket, kubeletConfig, kubeProxyConfig } from "./config";
import { binary, configDir, Daemon, daemons, keysDir, pluginDir, readySeconds } from "./daemons";
import { makeCgroups, removeCgroups, restoreSysctls, saveSysctls } from "./host";
import { connect, defaultRange, disconnect, link, linkAbandoned, Network, network } from "./network";
import {
  daemonEnded,
  daemonLog,
  daemonRuns,
  inNode,
  runInNode,
  runningNode,
  startDaemon,
  startNode,
  stopNode,
} from "./node";
import { certificates, kubeconfig, makeKeys } from "./pki";

const nodePrograms = ["containerd", "runc", "cni", "etcd", "kubernetes", "coredns"] as const;
const linesOfALog = 15;

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
    return runningNode() !== undefined && (await answers());
  },

  async prepare({ range = defaultRange }, report) {
    network(range); // throws for a range that can't be divided
    if (runningNode()) return;
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
    const init = runningNode() ?? (await startNode());
    await connect(record.network, init);
    await startDaemons(init, record.network, report);
    for (const image of await buildSystemImages(report)) await importOnce(init, image.archive);
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
    await importOnce(runningNode()!, archive);
  },

  async down(report) {
    const record = readRecord();
    if (record) {
      report("ending the node's processes");
      await stopNode();
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

  const resolvConf = join(configDir(), "resolv.conf");
  const cni = join(stateDir(), "node", cniConfigDir);
  for (const dir of [configDir(), cni]) mkdirSync(dir, { recursive: true });
  const onOverlay = (await run("stat", ["--file-system", "--format=%T", stateDir()])).trim() === "overlayfs";
  const containerd = containerdConfig(binary("runc", "runc"), pluginDir(), onOverlay ? "native" : "overlayfs");
  write(join(configDir(), "containerd.toml"), containerd);
  write(join(configDir(), "kubelet.yaml"), stringify(kubeletConfig(net, keysDir(), resolvConf)));
  write(join(configDir(), "kube-proxy.yaml"), stringify(kubeProxyConfig(net, keysDir())));
  write(resolvConf, "# the node has no network access, so there are no servers\n");
  write(join(cni, "10-pods.conflist"), JSON.stringify(cniConfig(net)));
  return record;
}

/** Writes a file unless it holds the same already: kube-proxy stops when its configuration is written. */
function write(file: string, content: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === content) return;
  writeFileSync(file, content, { mode: 0o600 });
}

async function startDaemons(init: number, net: Network, report: Report): Promise<void> {
  for (const daemon of daemons(net)) {
    if (daemonRuns(init, daemon.name)) continue;
    await timed(`starting ${daemon.name}`, report, async () => {
      startDaemon(init, daemon.name, daemon.argv);
      await waitFor(
        daemon.name,
        readySeconds,
        () => isReady(init, daemon),
        () => endOfLog(daemon.name),
      );
    });
  }
}

async function isReady(init: number, daemon: Daemon): Promise<boolean> {
  if (daemonEnded(init, daemon.name)) throw new Error(`${daemon.name} ended immediately. ${endOfLog(daemon.name)}`);
  if (!daemonRuns(init, daemon.name)) return false;
  return daemon.ready === undefined || succeeds(...inNode(init, daemon.ready));
}

function endOfLog(name: string): string {
  const lines = existsSync(daemonLog(name)) ? readFileSync(daemonLog(name), "utf8").trim().split("\n") : [];
  return `The end of ${daemonLog(name)}:\n${lines.slice(-linesOfALog).join("\n")}`;
}

/** Imports an archive unless the node has had it since its state was made. */
async function importOnce(init: number, archive: string): Promise<void> {
  const file = join(stateDir(), "imported.json");
  const done = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as string[]) : [];
  if (done.includes(archive)) return;
  const ctr = [binary("containerd", "ctr"), `--address=${containerdSocket}`, "--namespace=k8s.io"];
  await runInNode(init, [...ctr, "images", "import", "--local", archive]);
  writeFileSync(file, JSON.stringify([...done, archive]));
}

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
