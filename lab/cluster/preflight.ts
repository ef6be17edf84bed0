import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { binariesOf, binaryPath } from "./build";
import { hostRoutes, link, linkExists, overlapping, Route } from "./native/network";
import { cacheDir, stateDir } from "./paths";
import { ProgramName, programTable } from "./programs";

/** What has to be known of a machine to say whether Kubernetes can run on it. */
export interface HostFacts {
  /** `process.platform`. */
  platform: string;
  /** Effective user id. */
  uid: number;
  /** Folder of the cluster's state. */
  state: string;
  /** Free bytes where the cache and the state are. */
  free: { path: string; bytes: number }[];
  /** The share of the programs that has yet to be built, from 0 to 1. */
  unbuilt: number;
  /** The host's IPv4 routes. */
  routes: Route[];
  /** Whether the link's name is taken. */
  linkTaken: boolean;
}

const GB = 1e9;

/** Bytes for a cluster, its images and volumes. Measured: 3 GB with everything loaded and an hour of logs. */
const neededToRun = 5 * GB;

/** Bytes beside them for the first build. Measured: 7 GB build cache, 6 GB module cache, 2 GB binaries and images. */
const neededToBuild = 15 * GB;

/** Folders that the node covers with its own: the state folder must be visible inside it. */
const coveredPaths = ["/var/lib", "/var/log", "/run", "/proc", "/sys"];

/**
 * Everything that keeps Kubernetes from running on a machine, each with what to do about it; empty when nothing does. No port is among it: the node
 * has a network of its own and listens on nothing of the host's.
 *
 * @param range Address range that the cluster would use.
 */
export function hostProblems(facts: HostFacts, range: string): string[] {
  const problems: string[] = [];
  if (facts.platform !== "linux") {
    problems.push(
      `This is ${facts.platform}: without Docker the cluster only runs on Linux. Start a Docker engine to use kind instead.`,
    );
  }
  if (facts.uid !== 0) {
    problems.push(
      `You are not root (uid ${facts.uid}), but namespaces, mounts and cgroups need root: run it as root (sudo -E env PATH=$PATH npm run cluster -- up), or start a Docker engine that you may use.`,
    );
  }
  // What an interrupted build has made is there: the build continues with the space that is left.
  const needed = neededToRun + facts.unbuilt * neededToBuild;
  for (const { path, bytes } of facts.free) {
    if (bytes >= needed) continue;
    problems.push(
      `${path} has ${Math.floor(bytes / (GB / 10)) / 10} GB free and ${Math.ceil(needed / GB)} GB are needed${facts.unbuilt > 0 ? " (most of it for programs that are built once)" : ""}: ` +
        `free some, or set XDG_CACHE_HOME, XDG_STATE_HOME, GOCACHE and GOMODCACHE to folders on a larger disk.`,
    );
  }
  const covered = coveredPaths.find((path) => `${facts.state}/`.startsWith(`${path}/`));
  if (covered) {
    problems.push(
      `The state folder ${facts.state} is under ${covered}, which the node replaces: set XDG_STATE_HOME to another folder.`,
    );
  }
  if (facts.linkTaken) {
    problems.push(
      `The network interface ${link} exists already and belongs to no cluster of this user: another user's cluster is running (ask for its removal), ` +
        `or an earlier run was interrupted (remove it with \`ip link delete ${link}\`).`,
    );
  }
  for (const { dst, dev } of overlapping(range, facts.routes)) {
    problems.push(
      `The address range ${range} overlaps with this machine's route to ${dst}${dev ? ` by ${dev}` : ""}: choose another with --range A.B.0.0/16.`,
    );
  }
  return problems;
}

/** Gathers the facts of this machine. Routes are only asked for on Linux. */
export async function hostFacts(): Promise<HostFacts> {
  const linux = process.platform === "linux";
  const programs = (Object.keys(programTable) as ProgramName[]).filter(
    (name) => !["kind", "helm", "loki-next", "mimir-before"].includes(name),
  );
  const binaries = binariesOf(programs);
  return {
    platform: process.platform,
    uid: process.geteuid?.() ?? -1,
    state: stateDir(),
    free: await Promise.all([cacheDir(), stateDir()].map(freeBytes)),
    unbuilt: binaries.filter((one) => !existsSync(binaryPath(one))).length / binaries.length,
    routes: linux ? await hostRoutes() : [],
    linkTaken: linux && (await linkExists()),
  };
}

/** Free bytes at a path that may not exist yet. */
async function freeBytes(path: string): Promise<{ path: string; bytes: number }> {
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return { path, bytes: bavail * bsize };
}
