import { stringify } from "yaml";
import type { Fit } from "../shared/capacity/fit";
import { formatFit, formatTable, inCores, inMebibytes } from "../shared/format";
import { number } from "../shared/words";
import type { Compared } from "./beside";
import type { LogRun } from "./figures";
import type { Buckets, Demand, Range } from "./formula";

/** What the command answers. */
export interface Answer {
  stack: string;
  stage: string | null;
  demand: Demand;
  /** per cent of each node that stays free */
  headroom: number;
  needs: Compared[];
  buckets: Buckets;
  /** seconds of the newest lines whose chunks fit memcached, where there is one */
  cached?: Range;
  /** settings of the stack file that give each what it needs */
  settings: Record<string, object>;
  /** whether the nodes have room for the whole stack with these settings */
  fit: Fit;
  /** the most series that the backend's figures were measured with */
  measuredSeries: number;
  /** the run that Loki's figures are of */
  measured: LogRun;
}

/** The answer for a person. */
export function format(answer: Answer): string {
  const { stack, demand, headroom, needs, buckets, cached, settings, fit, measuredSeries, measured } = answer;
  const { bytesPerDay, retention, series, streams } = demand;
  const rows = needs.map(({ name, given, short, ...need }) => [
    name,
    ...(["replicas", "cpu", "memory", "memoryLimit", "volume"] as const).map((amount) => {
      const [needed, has] = [need[amount], given[amount]].map((value) => shown[amount](value));
      return needed === has ? needed : `${needed} (${short.includes(amount) ? "only " : ""}${has})`;
    }),
  ]);
  const short = needs.flatMap(({ name, short }) =>
    short.length > 0 ? [`${name} (${short.map((each) => called[each]).join(", ")})`] : [],
  );
  return [
    `Stack ${stack}: ${short.length === 0 ? "the settings give enough to each workload" : `the settings give too little to ${short.join(", ")}`}.`,
    `With the settings below, ${fitting[fit.fits]}.`,
    "",
    `For ${gigabytes(bytesPerDay)} of lines a day in ${number(streams)} streams, kept for ${(retention / 86_400).toFixed(0)} days, and ${number(series)} series:`,
    "",
    ...formatTable([["Each needs", "replicas", "cores", "memory", "memory limit", "volume"], ...rows]),
    "In brackets: what the settings give it, if that differs.",
    ...(series > measuredSeries
      ? [
          `No more than ${number(measuredSeries)} series were measured: the figures for metrics are extrapolated from there.`,
        ]
      : []),
    "",
    "In the object store:",
    ...formatTable([
      ["Loki's chunks", range(buckets.chunks)],
      ["Loki's index", range(buckets.index)],
      ...(buckets.blocks > 0 ? [["Mimir's blocks", gigabytes(buckets.blocks)]] : []),
    ]),
    ...(cached ? ["", `loki.caches.chunks has room for the chunks of the newest ${hours(cached)} hours.`] : []),
    "",
    "Settings with what each needs:",
    "",
    stringify(settings).trimEnd(),
    "",
    `With these settings, and ${headroom} % of each node free:`,
    "",
    ...formatFit(fit),
    "",
    `Loki's figures: Loki ${measured.versions.loki}, ${measured.day}. ${measured.machine} docs/sizing.md says how they are used.`,
  ].join("\n");
}

const shown: Record<"replicas" | "cpu" | "memory" | "memoryLimit" | "volume", (value: number | undefined) => string> = {
  replicas: String,
  cpu: (value = 0) => inCores(value),
  memory: (value = 0) => inMebibytes(value),
  memoryLimit: (value = 0) => inMebibytes(value),
  volume: (value) => (value === undefined ? "–" : `${(value / 2 ** 30).toFixed(0)} Gi`),
};

const called: Record<keyof typeof shown, string> = {
  replicas: "replicas",
  cpu: "cores",
  memory: "memory",
  memoryLimit: "memory limit",
  volume: "volume",
};

const fitting: Record<Fit["fits"], string> = {
  yes: "the stack fits its nodes",
  tight: "the stack fits its nodes only if pods are packed tightly",
  no: "the stack does not fit its nodes",
  unknown: "it is not known whether the stack fits its nodes: see the end",
};

const hours = ({ least, most }: Range) =>
  [...new Set([least, most].map((seconds) => (seconds / 3600).toFixed(1)))].join(" to ");
const range = ({ least, most }: Range) =>
  least === most ? gigabytes(least) : `${gigabytes(least)} to ${gigabytes(most)}`;
const gigabytes = (bytes: number) =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`;
