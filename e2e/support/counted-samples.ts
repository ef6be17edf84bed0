import type { Counted } from "./counted";

const series = Array.from({ length: 20 }, (_, i) => `pod-${i}`);

/**
 * Samples of twenty series, each of which has a new one every round.
 * @param places base URLs of who takes them and who answers
 */
export const countedSamples = (places: Pick<Counted, "writers" | "readers">): Counted => ({
  ...places,
  streams: series,
  send: (url, round, time) =>
    fetch(`${url}/otlp/v1/metrics`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        resourceMetrics: [
          {
            resource: { attributes: [] },
            scopeMetrics: [{ metrics: [{ name: "counted", gauge: { dataPoints: dataPoints(round, time) } }] }],
          },
        ],
      }),
      signal: AbortSignal.timeout(10_000),
    }),
  count: async (url) => {
    const query = "sum by (pod) (count_over_time(counted[30m]))";
    const response = await fetch(`${url}/prometheus/api/v1/query?${new URLSearchParams({ query })}`, {
      signal: AbortSignal.timeout(20_000),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    const { data } = (await response.json()) as {
      data: { result: { metric: { pod: string }; value: [number, string] }[] };
    };
    return new Map(data.result.map(({ metric, value }) => [metric.pod, Number(value[1])]));
  },
});

const dataPoints = (round: number, time: number) =>
  series.map((pod) => ({
    asDouble: round,
    timeUnixNano: `${time}000000`,
    attributes: [{ key: "pod", value: { stringValue: pod } }],
  }));
