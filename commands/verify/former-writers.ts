import { fail, pass, type Context, type Outcome } from "./check";
import { sourceOf } from "./logs";
import { logRange } from "./queries";

/** Seconds back in which one may have left. */
const span = 7 * 86_400;

/**
 * A writer takes itself out of the ring only when everything that it held is in the bucket (`processShutdown` in dskit's ring/lifecycler.go); one that is
 * killed before doesn't. Its own log says so, unless it was started again later.
 */
export const lastWords = "instance removed from the KV store";
const lines = `|~ "Starting Loki|${lastWords}.*ring=ingester"`;

/** Each writer that is gone has put what it held into the bucket: its volume may go. */
export async function formerWritersLeft({ subject, reach, now }: Context): Promise<Outcome> {
  const { pods, left } = subject.formerWriters!;
  const gone = pods.slice(left);
  const url = sourceOf(subject, "loki");
  const flushed = await Promise.all(
    gone.map(async (pod) => {
      const query = `{namespace="${subject.namespace}", pod="${pod}"} ${lines}`;
      const [series] = await logRange(reach, url, query, { start: now - span, end: now, step: 300 });
      return series?.values?.[0]?.[1].includes(lastWords) ?? false;
    }),
  );
  const doubtful = gone.filter((_, i) => !flushed[i]);
  const volumes = (pods: readonly string[]) => pods.map((pod) => `data-${pod}`).join(", ");
  if (doubtful.length > 0)
    return fail(
      `no log line shows that ${doubtful.join(", ")} stored everything in the bucket: keep ${volumes(doubtful)}`,
    );
  const notes = left > 0 ? [`${pods.slice(0, left).join(", ")}: still a writer: keep its volume`] : [];
  return gone.length === 0
    ? pass("none has left yet", { notes })
    : pass(`${gone.join(", ")} left with everything in the bucket: you may delete ${volumes(gone)}`, { notes });
}
