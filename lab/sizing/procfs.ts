import { readFileSync, writeFileSync } from "node:fs";

/** Memory of a process, in bytes. */
export interface Memory {
  /** Resident: what counts against a pod's limit, but for pages of files, which the kernel can drop. */
  resident: number;
  /** The part of it that is no file's. */
  anonymous: number;
  /** The most that was resident since the start, or since {@link forgetPeak}. */
  peak: number;
}

/** Clock ticks a second of `/proc/<pid>/stat`: 100 on every architecture that Kubernetes runs on. */
const ticks = 100;

/**
 * Memory by the text of `/proc/<pid>/status`.
 * @throws Error when a line is missing, as in that of a process that has ended
 * @see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
 */
export function parseMemory(status: string): Memory {
  const bytes = (key: string) => {
    const kilobytes = new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
    if (kilobytes === undefined) throw new Error(`/proc/<pid>/status has no ${key}: the process has ended`);
    return Number(kilobytes) * 1024;
  };
  return { resident: bytes("VmRSS"), anonymous: bytes("RssAnon"), peak: bytes("VmHWM") };
}

/**
 * Seconds of CPU that a process has used, by the text of `/proc/<pid>/stat`.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function parseCpuSeconds(stat: string): number {
  const [user, system] = timesIn(stat);
  return (user + system) / ticks;
}

/** Ticks of a process, and of its ended children: of each user, then system. */
function timesIn(stat: string): number[] {
  // The second field is the program's name in parentheses, which may contain anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).map(Number);
}

/** Memory of a process now. */
export const memoryOf = (pid: number): Memory => parseMemory(readFileSync(`/proc/${pid}/status`, "utf8"));

/** Seconds of CPU that a process has used since its start. */
export const cpuSecondsOf = (pid: number): number => parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, "utf8"));

/** Seconds of CPU that child processes of this one have used, once they have ended. Known on Linux only: elsewhere 0. */
export function endedChildrenSeconds(): number {
  try {
    const [, , user, system] = timesIn(readFileSync("/proc/self/stat", "utf8"));
    return (user + system) / ticks;
  } catch {
    return 0;
  }
}

/** Makes the present memory the peak. */
export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, "5");
