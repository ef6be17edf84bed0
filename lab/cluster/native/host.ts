import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../run";
import { cgroup } from "./config";

/**
 * What kubelet sets for the whole machine, whatever namespace it is in:
 * https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/kubelet/cm/container_manager_linux.go (setupKernelTunables)
 */
const sysctls = [
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
];

/** Writes the machine's values into a file, unless it is there: then it holds them from before an earlier start. */
export function saveSysctls(file: string): void {
  if (existsSync(file)) return;
  const values = sysctls.map((name) => [name, readFileSync(join("/proc/sys", name), "utf8").trim()]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(values)));
}

/** Sets the values that {@link saveSysctls} wrote. */
export function restoreSysctls(file: string): void {
  if (!existsSync(file)) return;
  const values = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  for (const [name, value] of Object.entries(values)) writeFileSync(join("/proc/sys", name), value);
}

const cgroups = "/sys/fs/cgroup";
const controllers = ["cpu", "cpuset", "io", "memory", "pids", "hugetlb"];

/**
 * The pods' part of the CPU beside the machine's other processes, in version 1 and in version 2: four times the default. By the default, all pods
 * together get as much as one session of this machine, and several run the tests; on a node, they get as much as all the rest at least.
 */
const cpuPart = { "cpu.shares": "4096", "cpu.weight": "400" };

/** Folders at the top of each cgroup hierarchy: one with version 2, one a controller with version 1. */
function hierarchies(root = cgroups): string[] {
  if (isVersion2(root)) return [root];
  return readdirSync(root)
    .map((name) => join(root, name))
    .filter((path) => statSync(path).isDirectory());
}

function isVersion2(root: string): boolean {
  return existsSync(join(root, "cgroup.controllers"));
}

/**
 * Makes the cgroup under which kubelet makes those of pods.
 *
 * @returns Controllers of version 2 that had to be switched on at the top, for {@link removeCgroups}.
 */
export function makeCgroups(): string[] {
  makeCgroup(cgroup);
  const added = isVersion2(cgroups) ? switchOn() : [];
  for (const path of hierarchies())
    for (const [name, value] of Object.entries(cpuPart)) {
      const file = join(path, cgroup, name);
      if (existsSync(file)) writeFileSync(file, value);
    }
  return added;
}

/** Makes a cgroup in each hierarchy. */
export function makeCgroup(name: string): void {
  for (const path of hierarchies()) mkdirSync(join(path, name), { recursive: true });
}

/** Switches those controllers of version 2 on at the top that are off, and returns them. */
function switchOn(): string[] {
  const words = (path: string) => readFileSync(path, "utf8").trim().split(/\s+/);
  const control = join(cgroups, "cgroup.subtree_control");
  const available = words(join(cgroups, "cgroup.controllers"));
  const on = words(control);
  const added = controllers.filter((name) => available.includes(name) && !on.includes(name));
  for (const name of added) writeFileSync(control, `+${name}`);
  return added;
}

/** Removes the pods' cgroup with everything under it, and switches the controllers off again. */
export async function removeCgroups(added: string[]): Promise<void> {
  await removeCgroup(cgroup);
  for (const name of added) writeFileSync(join(cgroups, "cgroup.subtree_control"), `-${name}`);
}

/** Removes a cgroup from each hierarchy with everything under it, which may take a moment after its last process has ended. */
export async function removeCgroup(name: string): Promise<void> {
  const paths = hierarchies().map((path) => join(path, name));
  await waitFor(`removal of the cgroup ${name}`, 180, async () => paths.map(removeTree).every((gone) => gone));
}

function removeTree(path: string): boolean {
  if (!existsSync(path)) return true;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(path, entry.name));
  }
  try {
    rmdirSync(path);
    return true;
  } catch {
    return !existsSync(path);
  }
}
