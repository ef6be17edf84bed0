import { cpuSecondsOf, forgetPeak, memoryOf } from "./procfs";
import { metricsOf, total } from "./metrics";
import type { Running } from "./workspace";

/** What a process used over a time. */
export interface Usage {
  /** Resident memory in bytes, sampled each second, and the most there ever was in between. */
  resident: { mean: number; peak: number };
  /** Mean of the part that is no file's, in bytes. */
  anonymous: number;
  /** Seconds of CPU a minute. */
  cpu: number;
  /** Go's heap in bytes, the most that was seen; 0 for a program whose metrics aren't read. */
  heap: number;
}

/** A process that is watched. */
export interface Watched {
  program: Running;
  /** Base URL, where its metrics are to be read. */
  url?: string;
}

const metricsEvery = 15;

/**
 * Watches processes side by side.
 * @param seconds how long, or what it lasts until
 * @param alongside is called with the metrics of each that has a URL, each time they are read
 * @returns usage in the order of the processes
 * @throws Error when one ends
 */
export async function watch(
  processes: readonly Watched[],
  seconds: number | Promise<unknown>,
  alongside: (metrics: Awaited<ReturnType<typeof metricsOf>>[]) => void = () => undefined,
): Promise<Usage[]> {
  const seen = processes.map(({ program: { pid } }) => {
    forgetPeak(pid);
    return { pid, cpuBefore: cpuSecondsOf(pid), resident: [] as number[], anonymous: [] as number[], heap: 0 };
  });
  const began = Date.now();
  const elapsed = () => (Date.now() - began) / 1000;
  const over = typeof seconds === "number" ? () => elapsed() >= seconds : hasSettled(seconds);
  for (let second = 0; !over(); second++) {
    for (const { pid, resident, anonymous } of seen) {
      const memory = memoryOf(pid);
      resident.push(memory.resident);
      anonymous.push(memory.anonymous);
    }
    if (second % metricsEvery === 0) {
      const all = await Promise.all(processes.map(({ url }) => (url ? metricsOf(url) : [])));
      all.forEach((metrics, i) => {
        seen[i].heap = Math.max(seen[i].heap, total(metrics, "go_memstats_heap_inuse_bytes"));
      });
      alongside(all);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  const minutes = elapsed() / 60;
  return seen.map(({ pid, cpuBefore, resident, anonymous, heap }) => ({
    resident: { mean: mean(resident), peak: memoryOf(pid).peak },
    anonymous: mean(anonymous),
    cpu: (cpuSecondsOf(pid) - cpuBefore) / minutes,
    heap,
  }));
}

/** What several programs used together; the peak is the sum of each one's, as each can have its own at the same time. */
export function together(usages: readonly Usage[]): Usage {
  const sum = (of: (usage: Usage) => number) => usages.reduce((all, usage) => all + of(usage), 0);
  return {
    resident: { mean: sum(({ resident }) => resident.mean), peak: sum(({ resident }) => resident.peak) },
    anonymous: sum(({ anonymous }) => anonymous),
    cpu: sum(({ cpu }) => cpu),
    heap: sum(({ heap }) => heap),
  };
}

function hasSettled(promise: Promise<unknown>): () => boolean {
  let settled = false;
  const settle = () => (settled = true);
  promise.then(settle, settle);
  return () => settled;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
