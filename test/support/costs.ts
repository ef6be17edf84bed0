import { appendFileSync } from "node:fs";
import { endedChildrenSeconds } from "../../lab/sizing/procfs";
import { relative, resolve } from "node:path";

/** What a file of tests, or another part of a run, cost: seconds of a processor, those of ended child processes too, and by the clock. */
export interface Cost {
  what: string;
  cpu: number;
  wall: number;
}

let last = { cpu: 0, wall: -process.uptime() };

/** Seconds that this process and its ended children have used, and seconds by the clock since it began to count. */
const used = () => ({ cpu: processSeconds() + endedChildrenSeconds(), wall: performance.now() / 1000 });

function processSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Adds a line to the file of TEST_COSTS, where it is set: what was used since the line before. */
export function addCost(what: string): void {
  const file = process.env.TEST_COSTS;
  if (file === undefined) return;
  const now = used();
  const cost: Cost = { what, cpu: now.cpu - last.cpu, wall: now.wall - last.wall };
  appendFileSync(file, `${JSON.stringify(cost)}\n`);
  last = now;
}

/** A file's name from the root. */
export const fromRoot = (file: string): string => relative(resolve(__dirname, "../.."), file);
