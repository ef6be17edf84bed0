import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Report } from "../build";
import { clusterName, kubeconfigPath, stateDir } from "../paths";
import { run, waitFor } from "../run";
import { cgroup, Machine, Taint } from "./config";
import { binary, keysDir, workerDaemons } from "./daemons";
import { makeCgroup, removeCgroup } from "./host";
import { importedBy, importOnce, startDaemons, write, writeMachine } from "./machine";
import { Network, secondNetwork } from "./network";
import { runningNode, startNode, startTime, stopNode } from "./node";
import { authority, kubeconfig, makeCertificates, nodeCertificates } from "./pki";

/*
 * A second node, which a test has for itself: with a containerd, a kubelet, a kube-proxy, a network and folders of its own, inside the namespaces of
 * the first one, with which it ends. Pods come to it only if they tolerate its taint, or every taint, as agents of nodes do: who takes its network or its
 * power away must be alone on the cluster.
 */

/** Its interface on the first node, at the other end of its own. */
const link = "second";

/** Name of the node. */
export const secondNodeName = `${clusterName}-2`;

const taint: Taint = { key: "observability.cluster/second-node", effect: "NoSchedule" };

/** Fields of a pod's specification that bring it to that node, and only there. */
export const onSecondNode = {
  nodeSelector: { "kubernetes.io/hostname": secondNodeName },
  tolerations: [{ key: taint.key, operator: "Exists" }],
};

/** A second node of the throw-away cluster (native engine only), which can lose its network and its power. */
export class SecondNode {
  private constructor(
    private readonly first: Network,
    private readonly machine: Machine,
    private readonly report: Report,
  ) {}

  /**
   * Brings it up, with images of the first one; one that another process left is removed first.
   * @param images Their short names, as `images.json` has them.
   * @throws Error when there is no cluster of the native engine, or another process has a second node
   */
  static async start(images: readonly string[], report: Report = () => {}): Promise<SecondNode> {
    if (!runningNode(stateDir())) throw new Error("there is no cluster of the native engine: npm run cluster -- up");
    await removeSecondNode({ ifAbandoned: true });
    const { dir } = place;
    if (existsSync(dir))
      throw new Error(`another process has a second node already: ${readFileSync(ownerFile(), "utf8")}`);
    mkdirSync(dir, { recursive: true });
    writeFileSync(ownerFile(), JSON.stringify({ pid: process.pid, started: startTime(process.pid) }));
    const { network } = JSON.parse(readFileSync(join(stateDir(), "native.json"), "utf8")) as { network: Network };
    const machine = { ...place, net: secondNetwork(network) };
    const node = new SecondNode(network, machine, report);
    await node.writeFiles();
    await node.powerOn();
    const isWanted = (archive: string) =>
      ["pause", ...images].includes(basename(archive).replace(/-[0-9a-f]+\.tar$/, ""));
    for (const archive of importedBy({ dir: stateDir() }).filter(isWanted)) await importOnce(machine, archive);
    return node;
  }

  /** Folder on this machine of one of its file systems: `/var/log`, `/var/lib`. */
  folder(path: "/var/log" | "/var/lib"): string {
    return join(this.machine.dir, "node", path);
  }

  /** From now on nothing passes its link, in either direction, and neither side notices: as with a switch that hangs. */
  async loseNetwork(): Promise<void> {
    const drop = (hook: string, side: string) =>
      `chain ${hook} {\ntype filter hook ${hook} priority -400;\n${side} "${link}" drop;\n}`;
    const rules = `table inet ${link} {\n${drop("prerouting", "iifname")}\n${drop("postrouting", "oifname")}\n}`;
    await onFirst("nft", rules);
  }

  /** Its network is back. */
  async regainNetwork(): Promise<void> {
    await onFirst("nft", "delete", "table", "inet", link);
  }

  /** Kills everything on it in one moment. What its kernel hasn't written to the disk isn't lost, as it is also this machine's. */
  async losePower(): Promise<void> {
    await stopNode(this.machine.dir);
  }

  /** Starts it with the disk that it had, and waits until it is ready. */
  async powerOn(): Promise<void> {
    const { machine } = this;
    makeCgroup(machine.cgroup);
    const init = await startNode(machine.dir, firstInit());
    await connect(machine.net, init);
    await startDaemons(machine, init, workerDaemons(machine), this.report);
  }

  /** Removes it with everything on it. */
  remove(): Promise<void> {
    return removeSecondNode();
  }

  private async writeFiles(): Promise<void> {
    const { dir, name, net } = this.machine;
    const keys = keysDir(dir);
    mkdirSync(keys, { mode: 0o700 });
    for (const file of authority) cpSync(join(keysDir(), file), join(keys, file));
    const wanted = nodeCertificates(name, net);
    await makeCertificates(keys, wanted);
    for (const { name, names } of wanted)
      if (!names) write(join(keys, `${name}.kubeconfig`), kubeconfig(keys, this.first, name));
    await writeMachine(this.machine);
  }
}

const place = {
  name: secondNodeName,
  get dir() {
    return join(stateDir(), "second");
  },
  cgroup: `${cgroup}/second`,
  taints: [taint],
};

const ownerFile = () => join(place.dir, "owner.json");

/**
 * Removes the second node, if there is one: its processes with their mounts and its network, the API server's objects of it, its cgroups and files.
 * @param options whether only one is to go whose process has ended
 */
export async function removeSecondNode({ ifAbandoned = false } = {}): Promise<void> {
  const { dir, name } = place;
  if (!existsSync(dir) || (ifAbandoned && isOwned())) return;
  await stopNode(dir);
  const kubectl = (...args: string[]) =>
    run(binary("kubernetes", "kubectl"), [...args, `--kubeconfig=${kubeconfigPath()}`], { clearsUp: true });
  await kubectl("delete", "node", name, "--ignore-not-found");
  // Nobody else says that they have ended.
  const there = `--field-selector=spec.nodeName=${name}`;
  await kubectl("delete", "pods", "--all-namespaces", there, "--force", "--grace-period=0");
  await removeCgroup(place.cgroup);
  rmSync(dir, { recursive: true, force: true });
}

/** Whether the process that started it still runs. */
function isOwned(): boolean {
  if (!existsSync(ownerFile())) return false;
  const { pid, started } = JSON.parse(readFileSync(ownerFile(), "utf8")) as { pid: number; started: string };
  return startTime(pid) === started;
}

function firstInit(): number {
  const init = runningNode(stateDir());
  if (!init) throw new Error("the cluster has ended");
  return init;
}

/** Runs a command in the first node's network. */
function onFirst(...command: string[]): Promise<string> {
  return run("nsenter", ["--target", String(firstInit()), "--net", "--", ...command]);
}

/** Joins the second node's network to the first node's, which routes for it. Both interfaces end with it. */
async function connect(net: Network, init: number): Promise<void> {
  const inside = (...args: string[]) => run("nsenter", ["--target", String(init), "--net", "--", ...args]);
  const isThere = () =>
    onFirst("ip", "link", "show", "dev", link).then(
      () => true,
      () => false,
    );
  // The kernel removes a network a moment after its last process.
  await waitFor(`removal of the interface ${link}`, 120, async () => !(await isThere()));
  await onFirst("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", String(init));
  await inside("ip", "address", "add", `${net.node}/30`, "dev", "eth0");
  await inside("ip", "link", "set", "eth0", "up");
  await inside("ip", "link", "set", "lo", "up");
  await inside("ip", "route", "replace", "default", "via", net.host);
  await inside("sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
  await onFirst("ip", "address", "add", `${net.host}/30`, "dev", link);
  await onFirst("ip", "link", "set", link, "up");
  await onFirst("ip", "route", "replace", net.pods, "via", net.node);
}
