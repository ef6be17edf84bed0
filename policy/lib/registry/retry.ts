import { setTimeout as sleep } from "node:timers/promises";

/** How a request is repeated. */
export interface Patience {
  /** How often a request is sent at most. */
  attempts: number;
  /** Milliseconds before the second attempt; each further one waits twice as long. */
  firstWait: number;
  /** The longest that a registry may ask to wait, in milliseconds; more counts as a refusal. */
  longestWait: number;
  /** Waits. */
  wait(milliseconds: number): Promise<unknown>;
}

/** Five attempts, waiting 1, 2, 4 and 8 s; a registry may ask for a minute. */
export const patient: Patience = { attempts: 5, firstWait: 1_000, longestWait: 60_000, wait: (ms) => sleep(ms) };

/** What a request came to: an answer, or the error of a connection that failed. */
export type Attempt = { response: Response } | { error: Error };

// No registry is there, or not the right one: another attempt would get the same answer.
const final = /ENOTFOUND|ECONNREFUSED|ERR_INVALID_URL|CERT|SELF_SIGNED|ALTNAME|SIGNATURE/;

/**
 * Sends a request until its answer is neither “too many requests” (429) nor a fault of the server (5xx) nor a broken connection.
 *
 * @param send sends it once; a connection that fails throws
 * @param said is called with each wait
 * @returns the last attempt, whatever it came to
 */
export async function persist(
  send: () => Promise<Response>,
  { attempts, firstWait, longestWait, wait }: Patience,
  said: (line: string) => void,
): Promise<Attempt> {
  for (let attempt = 1; ; attempt++) {
    const result = await send().then(
      (response): Attempt => ({ response }),
      (error: Error): Attempt => ({ error }),
    );
    const worth = "error" in result ? !final.test(codeOf(result.error)) : isPassing(result.response.status);
    if (!worth || attempt >= attempts) return result;
    // Up to a quarter more, so that requests that were refused together don't come back together.
    const backOff = firstWait * 2 ** (attempt - 1) * (1 + Math.random() / 4);
    const milliseconds = ("response" in result && asked(result.response)) || backOff;
    if (milliseconds > longestWait) return result;
    if ("response" in result) await result.response.body?.cancel();
    const why = "error" in result ? codeOf(result.error) : `HTTP ${result.response.status}`;
    said(`${why}; attempt ${attempt + 1} of ${attempts} in ${Math.ceil(milliseconds / 1000)} s`);
    await wait(milliseconds);
  }
}

/** The system's name of what failed, such as `ECONNRESET`, else what the error says. */
export function codeOf(error: Error): string {
  const cause = (error.cause ?? error) as Error & { code?: unknown };
  return typeof cause.code === "string" ? cause.code : cause.message;
}

const isPassing = (status: number) => status === 429 || status >= 500;

// RFC 9110, 10.2.3: seconds, or a date.
function asked({ headers }: Response): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (!value) return undefined;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return milliseconds > 0 ? milliseconds : undefined;
}
