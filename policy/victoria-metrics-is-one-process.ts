import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";
import { singleOf } from "./lib/victoria-metrics/single";

/**
 * Refuses a second replica of a VictoriaMetrics of one process. Replicas share nothing: each has a volume of its own and, behind one Service,
 * its own part of the samples, and two on one volume lock each other out. Availability comes from senders that wait, or from its cluster.
 */
export const victoriaMetricsIsOneProcess = definePolicy({
  name: "victoria-metrics-is-one-process",
  description: "A VictoriaMetrics of one process (VMSingle) has one replica.",
  url: "https://docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/#high-availability",
  severity: "critical",
  *check(resource) {
    const replicas = singleOf(resource)?.replicas;
    if (!replicas) return;
    const { path, setting } = replicas;
    if ("unreadable" in setting && setting.unreadable instanceof Unknown) yield setting.unreadable;
    else if ("value" in setting && setting.value > 1)
      yield {
        path,
        found: String(setting.value),
        wanted: "1",
        why: "Replicas share nothing: behind one Service each gets a part of the samples, and a query sees the part of whichever answers it. Two on one volume lock each other out.",
        fix: "Write 1. Senders keep samples while it is away; for more than that, VictoriaMetrics' cluster replicates.",
      };
  },
});
