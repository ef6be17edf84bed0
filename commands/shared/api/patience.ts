import { setTimeout as pause } from "node:timers/promises";
import { InvalidInput } from "../../../engine/errors";
import type { Api, Reply, Request } from "./api-server";
import { whyNot } from "./network";

/** Milliseconds without a byte after which a connection is given up. */
const idle = 120_000;

/** Whom {@link patiently} asks, and for how long. */
export interface Patience {
  /** Its name, such as `Mimir`. */
  name: string;
  program: Api;
  /** Seconds for which a request is tried again. */
  patience: number;
  /** What a person does after that. */
  todo: string;
  /** Ends everything. */
  signal: AbortSignal;
  /** Takes a line when something has to wait. */
  tell(line: string): void;
  /** Called whenever it was away or ill; not when it was only busy. */
  away?(): void;
}

/**
 * A request that is tried again while a program is away, busy (429) or ill (5xx).
 * @param path of the program's API
 * @param request what is sent
 * @param args whom it is sent to
 * @returns an answer with any other status
 * @throws InvalidInput when it takes longer than its patience
 */
export async function patiently(path: string, request: Request, args: Patience): Promise<Reply> {
  const { name, program, patience, todo, signal, tell, away } = args;
  const until = Date.now() + patience * 1000;
  for (let wait = 500; ; wait = Math.min(wait * 2, 30_000)) {
    const reply = await program.request(path, { ...request, idle, signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      return `${new URL(program.server).host} ${whyNot(error, { milliseconds: idle })}`;
    });
    if (typeof reply !== "string" && reply.status !== 429 && reply.status < 500) return reply;
    if (typeof reply === "string" || reply.status !== 429) away?.();
    const why =
      typeof reply === "string" ? reply : `${name} answers ${reply.status}: ${reply.body.trim().slice(0, 200)}`;
    if (Date.now() + wait > until) throw new InvalidInput(`${why}, for ${patience} s\n→ ${todo}`);
    tell(`${why}; tried again in ${wait / 1000} s`);
    await pause(wait, undefined, { signal });
  }
}
