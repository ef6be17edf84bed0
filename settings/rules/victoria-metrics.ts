import { backends, stageOf, stagesWith } from "../../stages";
import { quantityValue, seconds } from "../units";
import type { Settings } from "../schema";
import type { Rule } from "./rule";

/** Memory limit that a series of an hour asks for, in bytes. An estimate on the safe side: components/victoria-metrics/README.md. */
const bytesPerSeries = 2048;

/** What a sample takes in vmagent's queue, in bytes. On the safe side: components/vmagent/README.md. */
const bytesPerSample = 20;

const gibibyte = 2 ** 30;

/**
 * Memory limit that VictoriaMetrics needs for as many series as it may hold, in bytes.
 * @param series 0: it may hold any number, and nothing is said
 */
export const memoryForSeries = (series: number): number => series * bytesPerSeries;

/**
 * Volume that vmagent needs, in GiB: with what it scrapes while VictoriaMetrics is down, and two of the files that it keeps that in.
 * @param series how many it scrapes
 */
export function vmagentVolume(series: number, { kps, metrics }: Pick<Settings, "kps" | "metrics">): number {
  const scrapes = seconds(metrics.mimirOutage) / seconds(kps.scrapeInterval);
  return Math.max(2, Math.ceil((scrapes * series * bytesPerSample) / gibibyte) + 1);
}

/** Rules of VictoriaMetrics as the stack's backend. */
export const victoriaMetricsRules: readonly Rule[] = [
  {
    must: "the stage exists with the stack's backend",
    check: ({ stage, metrics: { backend } }) => {
      const there = stagesWith(backend);
      return there.includes(stage)
        ? []
        : [
            {
              key: "stage",
              what: `"${stage}" contradicts metrics.backend: ${backend}, which has no such stage`,
              allowed: `${there.join(", ")}; or metrics.backend: ${backends.find((other) => other !== backend)}`,
              example: there[there.length - 1],
            },
          ];
    },
  },
  {
    must: "vmagent's volume has room for what VictoriaMetrics can't accept yet",
    check: ({ stage, kps, metrics, victoriaMetrics: { limits } }) => {
      const { storage, mimirOutage } = metrics;
      if (stageOf({ stage, kps, metrics }).scraper !== "vmagent") return [];
      const least = vmagentVolume(limits.maxHourlySeries, { kps, metrics });
      return quantityValue(storage) < least * gibibyte
        ? [
            {
              key: "metrics.storage",
              what: `"${storage}" is too small: the samples of ${mimirOutage} (metrics.mimirOutage) at ${limits.maxHourlySeries} series (victoriaMetrics.limits.maxHourlySeries) must fit on it while VictoriaMetrics is down`,
              allowed: `at least ${least}Gi (${bytesPerSample} bytes a sample, plus 1Gi); or a shorter outage, or fewer series`,
              example: `${least}Gi`,
            },
          ]
        : [];
    },
  },
  {
    must: "VictoriaMetrics' volume has room besides the space that it keeps free",
    check: ({ victoriaMetrics: { storage, minFreeSpace } }) =>
      quantityValue(minFreeSpace) * 2 > quantityValue(storage)
        ? [
            {
              key: "victoriaMetrics.minFreeSpace",
              what: `"${minFreeSpace}" is more than half of victoriaMetrics.storage, "${storage}": too little is left for samples`,
              allowed: "at most half of the volume",
              example: "1Gi",
            },
          ]
        : [],
  },
  {
    must: "VictoriaMetrics drops series before they take more memory than it may have",
    check: ({ stage, kps, metrics, victoriaMetrics: { limits, resources } }) => {
      const held = Math.floor(quantityValue(resources.limits.memory) / bytesPerSeries);
      return stageOf({ stage, kps, metrics }).victoriaMetrics && limits.maxHourlySeries > held
        ? [
            {
              key: "victoriaMetrics.limits.maxHourlySeries",
              what: `${limits.maxHourlySeries} is more than the memory limit, "${resources.limits.memory}", can hold: VictoriaMetrics would run out of memory again and again before it drops a series`,
              allowed: `at most ${held} (a series takes 2 KiB), or a higher victoriaMetrics.resources.limits.memory`,
              example: held,
            },
          ]
        : [];
    },
  },
];
