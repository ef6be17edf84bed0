import type { Counted } from "./counted";

const streams = Array.from({ length: 20 }, (_, i) => `app-${i}`);

/**
 * Lines of twenty streams, which a ring spreads over its members.
 * @param places base URLs of who takes them and who answers
 */
export const countedLines = (places: Pick<Counted, "writers" | "readers">): Counted => ({
  ...places,
  streams,
  send: (url, round, time) =>
    fetch(`${url}/loki/api/v1/push`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        streams: streams.map((app) => ({
          stream: { app, job: "counted" },
          values: [[`${time}000000`, `line ${round}`]],
        })),
      }),
      signal: AbortSignal.timeout(10_000),
    }),
  count: async (url) => {
    const query = 'sum by (app) (count_over_time({job="counted"}[1h]))';
    const response = await fetch(`${url}/loki/api/v1/query?${new URLSearchParams({ query })}`, {
      signal: AbortSignal.timeout(20_000),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    const { data } = (await response.json()) as {
      data: { result: { metric: { app: string }; value: [number, string] }[] };
    };
    return new Map(data.result.map(({ metric, value }) => [metric.app, Number(value[1])]));
  },
});
