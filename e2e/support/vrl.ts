import { execFileSync } from "node:child_process";

/** What became of an event. */
export interface Outcome {
  event?: { message: string; timestamp: string; labels: Record<string, string>; metadata?: Record<string, string> };
  aborted?: true;
  failed?: string;
}

/** A program in VRL and the events that it gets; `timestamp` is a time in RFC 3339. */
export interface Run {
  program: string;
  events: object[];
}

/**
 * Compiles programs in VRL and runs them.
 * @param runner path of lab/cluster/rust/run-vrl
 * @param runs programs and their events
 * @param node the node's name, in the environment
 * @throws Error with the compiler's message
 */
export function runVrl(runner: string, runs: Run[], node = "pi-1"): Outcome[][] {
  const output = execFileSync(runner, {
    input: JSON.stringify(runs),
    encoding: "utf8",
    env: { VECTOR_SELF_NODE_NAME: node },
  });
  return JSON.parse(output) as Outcome[][];
}
