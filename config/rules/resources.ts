import { stageOf } from "../../migration/stages";
import { valueAt } from "../explain";
import type { Problem } from "../problem";
import { settingsSchema, type ParsedSettings } from "../schema";
import { childrenOf, place } from "../tree";
import { quantityValue } from "../units";
import type { Resources } from "../values";
import type { Rule } from "./rule";

/** Where the schema has requests and limits. */
const resourcePaths = findResources(settingsSchema);

function findResources(schema: Parameters<typeof place>[0], path: string[] = []): string[][] {
  const children = childrenOf(place(schema));
  if (children.some(([key]) => key === "requests") && children.some(([key]) => key === "limits")) return [path];
  return children.flatMap(([key, child]) => findResources(child, [...path, key]));
}

/** When the containers of a path, or below one, run; those that are not named always do. */
const runWhen: Readonly<Record<string, (settings: ParsedSettings) => boolean>> = {
  "loki.singleBinary": ({ loki }) => loki.mode === "single-binary",
  "loki.write": ({ loki }) => loki.mode === "simple-scalable",
  "loki.read": ({ loki }) => loki.mode === "simple-scalable",
  "loki.backend": ({ loki }) => loki.mode === "simple-scalable",
  kps: (settings) => stageOf(settings).kps,
  mimir: (settings) => stageOf(settings).mimir,
  "metrics.resources": (settings) => stageOf(settings).scraper === "alloy",
  "metrics.rulesResources": (settings) => stageOf(settings).mimir && stageOf(settings).evaluator === "mimir",
  "exporters.nodeExporter": ({ exporters }) => exporters.nodeExporter.enabled,
  "exporters.kubeStateMetrics": ({ exporters }) => exporters.kubeStateMetrics.enabled,
  alertmanager: ({ adopt, alertmanager }) => !adopt.alertmanagerUrl && alertmanager.implementation === "prometheus",
  grafana: ({ grafana }) => grafana.create,
};

const runs = (settings: ParsedSettings, path: string[]) =>
  (runWhen[path.join(".")] ?? runWhen[path.slice(0, -1).join(".")])?.(settings) ?? true;

const kinds = ["cpu", "memory"] as const;

/** Rules of requests and limits, for each container that the settings size. */
export const resourceRules: readonly Rule[] = resourcePaths.flatMap((path): Rule[] => [
  {
    must: `${path.join(".")}: a limit is at least the request`,
    check: (settings) => {
      const resources = resourcesAt(settings, path);
      return kinds.flatMap((kind): Problem[] => {
        const [request, limit] = [resources?.requests[kind], resources?.limits[kind]];
        if (!request || !limit || quantityValue(limit) >= quantityValue(request)) return [];
        return [
          {
            key: [...path, "limits", kind].join("."),
            what: `"${limit}" is below the request, "${request}": Kubernetes refuses the pod`,
            allowed: `at least ${request}`,
            example: request,
          },
        ];
      });
    },
  },
  {
    must: `${path.join(".")}: some node is large enough`,
    check: (settings) => {
      const resources = resourcesAt(settings, path);
      const { nodes } = settings.cluster;
      if (!resources || nodes.length === 0 || !runs(settings, path)) return [];
      const { cpu, memory } = resources.requests;
      const fits = nodes.some(
        (n) => quantityValue(n.cpu) >= quantityValue(cpu) && quantityValue(n.memory) >= quantityValue(memory),
      );
      if (fits) return [];
      return [
        {
          key: [...path, "requests"].join("."),
          what: `${cpu} CPU and ${memory} of memory fit no kind of node in cluster.nodes: the pod would wait for ever`,
          allowed: `what one of them has: ${nodes.map((n) => `${n.name} ${n.cpu} CPU and ${n.memory}`).join("; ")}`,
        },
      ];
    },
  },
]);

const resourcesAt = (settings: ParsedSettings, path: string[]) => valueAt(settings, path) as Resources | undefined;
