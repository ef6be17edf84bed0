import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { binariesOf, binaryPath } from "./build";
import { hostRoutes, LINK, linkExists, overlapping, Route } from "./native/network";
import { cacheDir, stateDir } from "./paths";
import { ProgramName, PROGRAMS } from "./programs";

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
  /** Whether every program is built already. */
  built: boolean;
  /** The host's IPv4 routes. */
  routes: Route[];
  /** Whether the link's name is taken. */
  linkTaken: boolean;
}

const GB = 1e9;

/** Bytes for a cluster, its images and volumes. Measured: 3 GB with everything loaded and an hour of logs. */
const NEEDED_TO_RUN = 5 * GB;

/** Bytes for the first build. Measured: 7 GB build cache, 6 GB module cache, 2 GB binaries and images. */
const NEEDED_TO_BUILD = 20 * GB;

/** Folders that the node covers with its own: the state folder must be visible inside it. */
const COVERED = ["/var/lib", "/var/log", "/run", "/proc", "/sys"];

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
      `This is ${facts.platform}: without Docker the cluster runs on Linux only. Start a Docker engine, and kind is used instead.`,
    );
  }
  if (facts.uid !== 0) {
    problems.push(
      `You are not root (uid ${facts.uid}), and namespaces, mounts and cgroups need it: run it as root (sudo -E env PATH=$PATH npm run cluster -- up), or start a Docker engine that you may use.`,
    );
  }
  const needed = facts.built ? NEEDED_TO_RUN : NEEDED_TO_BUILD;
  for (const { path, bytes } of facts.free) {
    if (bytes >= needed) continue;
    problems.push(
      `${path} has ${(bytes / GB).toFixed(1)} GB free and ${needed / GB} GB are needed${facts.built ? "" : " (most of it for the first build)"}: ` +
        `free some, or set XDG_CACHE_HOME, XDG_STATE_HOME, GOCACHE and GOMODCACHE to folders on a larger disk.`,
    );
  }
  const covered = COVERED.find((path) => `${facts.state}/`.startsWith(`${path}/`));
  if (covered) {
    problems.push(
      `The state folder ${facts.state} is under ${covered}, which the node replaces: set XDG_STATE_HOME to another folder.`,
    );
  }
  if (facts.linkTaken) {
    problems.push(
      `The network interface ${LINK} exists already and belongs to no cluster of this user: another user's cluster is up (have it taken down), ` +
        `or one was cut off (remove it with \`ip link delete ${LINK}\`).`,
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
  const programs = (Object.keys(PROGRAMS) as ProgramName[]).filter((name) => name !== "kind");
  return {
    platform: process.platform,
    uid: process.geteuid?.() ?? -1,
    state: stateDir(),
    free: await Promise.all([cacheDir(), stateDir()].map(freeBytes)),
    built: binariesOf(programs).every((one) => existsSync(binaryPath(one))),
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
