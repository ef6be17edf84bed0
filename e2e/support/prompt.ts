import { parse, stringify } from "yaml";
import type { KubernetesObject } from "../../commands/shared/objects";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- objects of every kind
type Json = any;

/** Seconds of what goes on all the time: scraping and evaluating. */
const often = "10s";

/** Kind → what makes its objects wait less. */
const changes: Readonly<Record<string, (object: Json) => void>> = {
  StatefulSet: ({ metadata, spec }) => {
    askOften(spec.template);
    // It answers for now as of half a minute ago else.
    if (metadata.name === "victoria-metrics") spec.template.spec.containers[0].args.push("-search.latencyOffset=1s");
  },
  Deployment: ({ spec }) => askOften(spec.template),
  DaemonSet: ({ spec }) => askOften(spec.template),
  ConfigMap: ({ metadata, data }) => {
    const change = configurations[metadata.name];
    const file = "config.yaml";
    if (change && data[file]) data[file] = stringify(change(parse(data[file])), { aliasDuplicateObjects: false });
  },
  ServiceMonitor: ({ spec }) => {
    for (const endpoint of spec.endpoints) if (endpoint.interval === "1m") endpoint.interval = often;
  },
  Prometheus: ({ spec }) => {
    spec.evaluationInterval = often;
  },
};

/** Name of a ConfigMap → its configuration. */
const configurations: Readonly<Record<string, (config: Json) => Json>> = {
  // It lets its ring settle for 15 s before it is ready, also where it is alone in it.
  loki: (config) => ({ ...config, ingester: { ...config.ingester, lifecycler: { min_ready_duration: "0s" } } }),
  mimir: (config) => ({ ...config, ruler: { ...config.ruler, evaluation_interval: often } }),
};

function askOften({ spec }: Json): void {
  for (const { readinessProbe } of spec.containers) if (readinessProbe) readinessProbe.periodSeconds = 1;
}

/**
 * An object of a stack as a test runs it: as it is, but for what only lets people wait. Whether it is ready is asked every second, MinIO is
 * scraped and rules are evaluated every ten, and VictoriaMetrics answers with the newest samples.
 * @param object as the program renders it; it stays as it is
 */
export function prompt(object: KubernetesObject): KubernetesObject {
  const changed = structuredClone(object);
  changes[object.kind]?.(changed);
  return changed;
}

/**
 * A workload whose first container has further arguments.
 * @param workload it stays as it is
 * @param more the arguments
 */
export function withArguments(workload: KubernetesObject, more: readonly string[]): KubernetesObject {
  const changed = structuredClone(workload) as Json;
  changed.spec.template.spec.containers[0].args.push(...more);
  return changed;
}
