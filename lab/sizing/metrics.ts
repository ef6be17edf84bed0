/** One sample of an exposition. */
export interface MetricSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

// Labels' values may contain anything, a brace and an escaped quote too. VictoriaMetrics writes a space between some labels.
const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{((?:[\w:]+="(?:[^"\\]|\\.)*"(?:, ?)?)*)\})? (\S+)/;
const label = /([\w:]+)="((?:[^"\\]|\\.)*)"/g;

/**
 * Samples of Prometheus's text format; its comments and empty lines are left out.
 * @throws Error with the line that is neither
 */
export function parseMetrics(text: string): MetricSample[] {
  return text.split("\n").flatMap((line) => {
    if (line === "" || line.startsWith("#")) return [];
    const [, name, labels = "", value] = sampleLine.exec(line) ?? [];
    if (name === undefined) throw new Error(`not a line of Prometheus's text format: ${line}`);
    return [
      { name, labels: Object.fromEntries([...labels.matchAll(label)].map(([, k, v]) => [k, v])), value: number(value) },
    ];
  });
}

const number = (text: string) => (text.endsWith("Inf") ? (text.startsWith("-") ? -Infinity : Infinity) : Number(text));

/**
 * Sum of the samples of a name; 0 where there is none.
 * @param labels only those that have these labels
 */
export function total(samples: readonly MetricSample[], name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter((sample) => sample.name === name && Object.entries(labels).every(([k, v]) => sample.labels[k] === v))
    .reduce((sum, { value }) => sum + value, 0);
}

/**
 * Metrics of a program now.
 * @param url its base URL
 */
export async function metricsOf(url: string): Promise<MetricSample[]> {
  const response = await fetch(`${url}/metrics`);
  if (!response.ok) throw new Error(`${url}/metrics answered ${response.status}: ${await response.text()}`);
  return parseMetrics(await response.text());
}
