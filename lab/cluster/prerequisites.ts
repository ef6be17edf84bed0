import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Report, timed } from "./build";
import { installedGo } from "./go";
import { run } from "./run";

/** Something that must be installed on the machine, by the name of the Debian package that brings it. */
export interface Prerequisite {
  /** Debian package. */
  package: string;
  /** What it is for, for the person who is asked to install it. */
  why: string;
  /** Whether the machine has it. */
  present: () => boolean | Promise<boolean>;
}

/** What Debian's packages provide that Kubernetes on the machine itself needs. */
const hostPrerequisites: Prerequisite[] = [
  { package: "golang-go", why: "builds the programs", present: async () => (await installedGo()) !== undefined },
  { package: "gcc", why: "builds runc and pause", present: () => hasCommand("gcc") },
  { package: "libc6-dev", why: "builds runc and pause", present: () => existsSync("/usr/include/stdio.h") },
  { package: "libseccomp-dev", why: "builds runc", present: () => existsSync("/usr/include/seccomp.h") },
  { package: "pkg-config", why: "builds runc", present: () => hasCommand("pkg-config") },
  { package: "libpcre2-8-0", why: "used by nginx", present: () => hasLibrary("libpcre2-8.so.0") },
  { package: "libevent-2.1-7", why: "used by memcached", present: () => hasLibrary("libevent-2.1.so.7") },
  { package: "libsasl2-2", why: "used by memcached", present: () => hasLibrary("libsasl2.so.2") },
  { package: "iproute2", why: "makes the network", present: () => hasCommand("ip") },
  { package: "nftables", why: "holds kube-proxy's rules", present: () => hasCommand("nft") },
  { package: "procps", why: "sets kernel parameters", present: () => hasCommand("sysctl") },
  { package: "openssl", why: "makes the keys", present: () => hasCommand("openssl") },
  { package: "util-linux", why: "makes the node's namespaces", present: () => hasCommand("unshare") },
  { package: "mount", why: "mounts volumes", present: () => hasCommand("mount") },
];

/** The packages whose {@link Prerequisite.present} says no. */
async function missing(prerequisites: Prerequisite[]): Promise<Prerequisite[]> {
  const present = await Promise.all(prerequisites.map((one) => one.present()));
  return prerequisites.filter((_, i) => !present[i]);
}

/** What to tell a person who has to install packages by hand. */
function installHint(packages: Prerequisite[]): string {
  const list = packages.map((one) => `  ${one.package}: ${one.why}`).join("\n");
  return (
    `These are missing on this machine (Debian's package names):\n${list}\n` +
    `Install them as root: apt-get update && apt-get install ${packages.map((one) => one.package).join(" ")}`
  );
}

/**
 * Installs what is missing, with apt-get. Packages stay installed after `down`.
 *
 * @throws Error that names them and the command, where the package manager isn't there or fails.
 */
export async function installPrerequisites(report: Report, prerequisites = hostPrerequisites): Promise<void> {
  const wanted = await missing(prerequisites);
  if (wanted.length === 0) return;
  if (!hasCommand("apt-get")) throw new Error(installHint(wanted));
  const names = wanted.map((one) => one.package);
  const apt = (...args: string[]) => run("apt-get", args, { env: { DEBIAN_FRONTEND: "noninteractive" }, finish: true });
  await timed(`installing ${names.join(", ")}`, report, async () => {
    try {
      await apt("update");
      await apt("install", "--yes", "--no-install-recommends", ...names);
    } catch (error) {
      throw new Error(`${installHint(wanted)}\napt-get failed: ${(error as Error).message}`, { cause: error });
    }
  });
  const still = await missing(wanted);
  if (still.length > 0) throw new Error(installHint(still));
}

/** Whether a command is on PATH. */
export function hasCommand(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function hasLibrary(file: string): boolean {
  return ["/usr/lib", "/lib"]
    .filter(existsSync)
    .flatMap((root) => [root, ...readdirSync(root).map((name) => join(root, name))])
    .some((dir) => existsSync(join(dir, file)));
}
