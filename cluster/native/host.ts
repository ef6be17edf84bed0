import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../run";
import { CGROUP } from "./config";

/**
 * What kubelet sets for the whole machine, whatever namespace it is in:
 * https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/kubelet/cm/container_manager_linux.go (setupKernelTunables)
 */
const SYSCTLS = [
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
  const values = SYSCTLS.map((name) => [name, readFileSync(join("/proc/sys", name), "utf8").trim()]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(values)));
}

/** Sets the values that {@link saveSysctls} wrote. */
export function restoreSysctls(file: string): void {
  if (!existsSync(file)) return;
  const values = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  for (const [name, value] of Object.entries(values)) writeFileSync(join("/proc/sys", name), value);
}

const CGROUPS = "/sys/fs/cgroup";
const CONTROLLERS = ["cpu", "cpuset", "io", "memory", "pids", "hugetlb"];

/** Folders at the top of each cgroup hierarchy: one with version 2, one a controller with version 1. */
function hierarchies(root = CGROUPS): string[] {
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
  for (const path of hierarchies()) mkdirSync(join(path, CGROUP), { recursive: true });
  if (!isVersion2(CGROUPS)) return [];
  const words = (path: string) => readFileSync(path, "utf8").trim().split(/\s+/);
  const control = join(CGROUPS, "cgroup.subtree_control");
  const available = words(join(CGROUPS, "cgroup.controllers"));
  const on = words(control);
  const added = CONTROLLERS.filter((name) => available.includes(name) && !on.includes(name));
  for (const name of added) writeFileSync(control, `+${name}`);
  return added;
}

/** Removes that cgroup with everything under it, which may take a moment after its last process has ended, and switches the controllers off again. */
export async function removeCgroups(added: string[]): Promise<void> {
  const paths = hierarchies().map((path) => join(path, CGROUP));
  await waitFor("removal of the pods' cgroups", 60, async () => paths.map(removeCgroup).every((gone) => gone));
  for (const name of added) writeFileSync(join(CGROUPS, "cgroup.subtree_control"), `-${name}`);
}

function removeCgroup(path: string): boolean {
  if (!existsSync(path)) return true;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  }
  try {
    rmdirSync(path);
    return true;
  } catch {
    return !existsSync(path);
  }
}
