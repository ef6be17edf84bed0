import { z } from "zod";
import { show, unknownOf } from "./lib/config/show";
import type { Refusal, StackRefusal } from "./lib/finding";
import { unfedSources, type UnfedSource } from "./lib/grafana/unfed";
import { inner } from "./lib/paths";
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
    for (const unfed of unfedSources(resources, fedElsewhere)) {
      if (unfed instanceof Unknown) yield unfed;
      else yield (unfed.doubt && unknownOf(unfed.doubt)) ?? refusalOf(unfed);
    }
  },
});

function refusalOf(unfed: UnfedSource): StackRefusal {
  const { resource, path } = unfed.source;
  const wanted = "the address of something that scrapes, or that something in the stack writes to";
  return { resource, path: inner(path, "url"), wanted, ...reasonOf(unfed) };
}

function reasonOf({ name, host, maker, ports, doubt }: UnfedSource): Omit<Refusal, "path" | "wanted"> {
  const why = "Every dashboard would be empty.";
  const place = `${name.service} in namespace ${name.namespace}`;
  if (!maker) {
    const found = `${place}, but the stack has no metrics Service of that name there`;
    const fix =
      "Correct the address. If something else creates the Service, list the host in this policy's parameter fedElsewhere.";
    return { found, why, fix };
  }
  if (ports) {
    const found = `port ${name.port} of ${maker.label}, which has only ${ports.join(", ")}`;
    return { found, why, fix: "Correct the port." };
  }
  const found = `${place}, but nothing in the stack scrapes for it or writes to it`;
  if (doubt) {
    const why = `One remote_write address can't be read (${show(doubt)}).`;
    const fix = `Write the literal address, or list the host ${host} in this policy's parameter fedElsewhere.`;
    return { found, why, fix };
  }
  const fix =
    "First let Prometheus, vmagent or Alloy write to it (remote_write). Until then, make another data source the default.";
  return { found, why, fix };
}
