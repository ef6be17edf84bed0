import { z } from "zod";
import { matches } from "./lib/glob";
import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";
import { singleOf } from "./lib/victoria-metrics/single";

/**
 * Advises against a volume behind a network for VictoriaMetrics: it merges its files all the time, and reads them for queries. Only the name
 * of a storage class says what it is, so one of another name is listed in the parameter.
 */
export const victoriaMetricsIsOnALocalVolume = definePolicy({
  name: "victoria-metrics-is-on-a-local-volume",
  description:
    "The volume of a VictoriaMetrics of one process is a disk of its node, by the name of its storage class.",
  url: "https://docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/#capacity-planning",
  severity: "medium",
  level: "advisory",
  parameters: {
    local: z
      .array(z.string().min(1))
      .default(["*local*", "*hostpath*", "*host-path*", "*lvm*", "*zfs*"])
      .describe("names of storage classes whose volumes are disks of nodes (* stands for any text)"),
  },
  *check(resource, { local }) {
    for (const { path, setting } of singleOf(resource)?.storageClasses ?? []) {
      if ("unreadable" in setting && setting.unreadable instanceof Unknown) yield setting.unreadable;
      else if ("value" in setting && !local.some((pattern) => matches(pattern, setting.value)))
        yield {
          path,
          found: JSON.stringify(setting.value),
          wanted: `a class of local volumes (${local.join(", ")})`,
          why: "It merges its files all the time and reads them for every query: over a network both take the network's bandwidth, and an outage of the storage stops it.",
          fix: "Use a class of local volumes, such as local-path or openebs-hostpath; if this one is local, list it in the parameter local.",
        };
    }
  },
});
