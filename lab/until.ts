/**
 * Waits for a condition, with a deadline.
 * @param what is waited for, for the message
 * @param seconds deadline
 * @param check returns a value once the condition holds, undefined before; an error counts as “not yet”
 * @param every milliseconds between two checks; default 500
 * @throws Error at the deadline, with the last error of `check`
 */
export async function until<T>(
  what: string,
  seconds: number,
  check: () => Promise<T | undefined>,
  every = 500,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `${what}: not within ${seconds} s${last ? `; last error: ${last instanceof Error ? last.message : String(last)}` : ""}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
