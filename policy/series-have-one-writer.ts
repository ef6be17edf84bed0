import { definePolicy } from "./lib/policy";
import { writersOf } from "./lib/metrics/writers";
import { Unknown } from "./lib/unknown";

/**
 * Advises against several replicas that write the same series: vmagents that don't share their targets, vmalerts, and Prometheuses without a label that
 * tells them apart. A store that is told to drop one of each pair (`-dedup.minScrapeInterval`, Mimir's HA tracker) isn't known here.
 */
export const seriesHaveOneWriter = definePolicy({
  name: "series-have-one-writer",
  description: "vmagent, vmalert and Prometheus don't write the same series from several replicas.",
  url: "https://docs.victoriametrics.com/victoriametrics/vmagent/#high-availability",
  severity: "medium",
  level: "advisory",
  *check(resource) {
    for (const { path, replicas } of writersOf(resource)) {
      if ("unreadable" in replicas && replicas.unreadable instanceof Unknown) yield replicas.unreadable;
      else if ("value" in replicas && replicas.value > 1)
        yield {
          path,
          found: String(replicas.value),
          wanted: "1",
          why: "Each replica writes every series, at times of its own: rates and counts over time see samples that many times, and Mimir refuses those that come out of order.",
          fix: "Write 1: what it can't send waits in its buffer. If the store drops one of each pair (-dedup.minScrapeInterval at the scrape interval, Mimir's HA tracker), leave it.",
        };
    }
  },
});
