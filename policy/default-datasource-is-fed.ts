import { z } from "zod";
import type { Advice } from "./lib/finding";
import { unfedSources, type UnfedSource } from "./lib/grafana/unfed";
import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";

/**
 * Refuses a default data source for metrics that nothing feeds: every dashboard would be empty, and Grafana's alerts would see no data. It is
 * fed if Prometheus is behind its address, or if something writes to it (`remote_write` of Prometheus, vmagent and Alloy, Vector, OTLP). An
 * address whose Service isn't in the stack is refused as well.
 *
 * Addresses outside the cluster, and in namespaces where the stack has nothing, are not checked.
 */
export const defaultDatasourceIsFed = definePolicy({
  name: "default-datasource-is-fed",
  description: "Grafana's default data source for metrics exists, and something scrapes for it or writes to it.",
  url: "https://grafana.com/docs/grafana/latest/datasources/prometheus/",
  severity: "high",
  parameters: {
    fedElsewhere: z
      .array(z.string())
      .default([])
      .describe("hosts of data sources that something outside the stack feeds (* stands for any text)"),
  },
  *checkStack(resources, { fedElsewhere }) {
    for (const each of unfedSources(resources, fedElsewhere)) {
      yield each instanceof Unknown ? each : { ...each, wanted, ...adviceOn(each) };
    }
  },
});

const wanted = "the address of something that scrapes, or that something in the stack writes to";

function adviceOn({ fault, host, unread }: UnfedSource): Advice {
  const why = "Every dashboard would be empty.";
  return {
    service: {
      why,
      fix: "Correct the address. If something else creates the Service, list the host in this policy's parameter fedElsewhere.",
    },
    port: { why, fix: "Correct the port." },
    source: {
      why,
      fix: "First let Prometheus, vmagent or Alloy write to it (remote_write). Until then, make another data source the default.",
    },
    unread: {
      why: `One remote_write address can't be read (${unread}).`,
      fix: `Write the literal address, or list the host ${host} in this policy's parameter fedElsewhere.`,
    },
  }[fault];
}
