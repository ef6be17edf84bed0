import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { Report, timed } from "../build";
import { run, succeeds, waitFor } from "../run";
import {
  cniConfig,
  cniConfigDir,
  containerdConfig,
  containerdSocket,
  kubeletConfig,
  kubeProxyConfig,
  Machine,
} from "./config";
import { binary, configDir, Daemon, keysDir, pluginDir, readySeconds } from "./daemons";
import { daemonEnded, daemonLog, daemonRuns, inNode, runInNode, runningNode, startDaemon } from "./node";

const linesOfALog = 15;

/** Writes what a node's own daemons read, but for their keys. */
export async function writeMachine(machine: Machine): Promise<void> {
  const { dir, net } = machine;
  const config = (file: string) => join(configDir(dir), file);
  const cni = join(dir, "node", cniConfigDir);
  for (const folder of [configDir(dir), cni]) mkdirSync(folder, { recursive: true });
  const onOverlay = (await run("stat", ["--file-system", "--format=%T", dir])).trim() === "overlayfs";
  const containerd = containerdConfig(binary("runc", "runc"), pluginDir(), onOverlay ? "native" : "overlayfs");
  write(config("containerd.toml"), containerd);
  write(config("kubelet.yaml"), stringify(kubeletConfig(machine, keysDir(dir), config("resolv.conf"))));
  write(config("kube-proxy.yaml"), stringify(kubeProxyConfig(net, keysDir(dir))));
  write(config("resolv.conf"), "# the node has no network access, so there are no servers\n");
  write(join(cni, "10-pods.conflist"), JSON.stringify(cniConfig(net)));
}

/** Writes a file unless it holds the same already: kube-proxy stops when its configuration is written. */
export function write(file: string, content: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === content) return;
  writeFileSync(file, content, { mode: 0o600 });
}

/**
 * Starts those of a node's daemons that don't run, each when the one before it is ready.
 * @param init Process 1 of the node.
 */
export async function startDaemons(
  machine: Machine,
  init: number,
  daemons: readonly Daemon[],
  report: Report,
): Promise<void> {
  const { dir } = machine;
  for (const daemon of daemons) {
    if (daemonRuns(dir, init, daemon.name)) continue;
    await timed(`starting ${daemon.name}`, report, async () => {
      startDaemon(dir, init, daemon.name, daemon.argv);
      await waitFor(
        daemon.name,
        readySeconds,
        () => isReady(dir, init, daemon),
        () => endOfLog(dir, daemon.name),
      );
    });
  }
}

async function isReady(dir: string, init: number, daemon: Daemon): Promise<boolean> {
  if (daemonEnded(dir, init, daemon.name))
    throw new Error(`${daemon.name} ended immediately. ${endOfLog(dir, daemon.name)}`);
  if (!daemonRuns(dir, init, daemon.name)) return false;
  return daemon.ready === undefined || succeeds(...inNode(init, daemon.ready));
}

function endOfLog(dir: string, name: string): string {
  const file = daemonLog(dir, name);
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  return `The end of ${file}:\n${lines.slice(-linesOfALog).join("\n")}`;
}

/** The archives that a node has imported since its state was made. */
export function importedBy({ dir }: Pick<Machine, "dir">): string[] {
  const file = importsOf(dir);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as string[]) : [];
}

/** Imports an archive into a running node, unless it has it. */
export async function importOnce(machine: Pick<Machine, "dir">, archive: string): Promise<void> {
  const done = importedBy(machine);
  if (done.includes(archive)) return;
  const ctr = [binary("containerd", "ctr"), `--address=${containerdSocket}`, "--namespace=k8s.io"];
  await runInNode(runningNode(machine.dir)!, [...ctr, "images", "import", "--local", archive]);
  writeFileSync(importsOf(machine.dir), JSON.stringify([...done, archive]));
}

const importsOf = (dir: string) => join(dir, "imported.json");
