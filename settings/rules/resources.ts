import { backendOf, stageOf } from "../../stages";
import { valueAt } from "../explain";
import type { Problem } from "../problem";
import { settingsSchema, type ParsedSettings } from "../schema";
import { childrenOf, placeOf, type Place } from "../tree";
import { quantityValue } from "../units";
import type { Resources } from "../values";
import type { Rule } from "./rule";

/** Where the schema has requests and limits. */
const resourcePaths = findResources(placeOf(settingsSchema));

function findResources(place: Place, path: string[] = []): string[][] {
  const children = childrenOf(place);
  if (children.some(([key]) => key === "requests") && children.some(([key]) => key === "limits")) return [path];
  return children.flatMap(([key, child]) => findResources(child, [...path, key]));
}

/** When the containers of a path, or below one, run; those that are not named always do. */
const runWhen: Readonly<Record<string, (settings: ParsedSettings) => boolean>> = {
  "loki.singleBinary": lokiRuns("single-binary"),
  "loki.write": lokiRuns("simple-scalable"),
  "loki.read": lokiRuns("simple-scalable"),
  "loki.backend": lokiRuns("simple-scalable"),
  "loki.distributed": lokiRuns("distributed"),
  "loki.distributed.patternIngester": (settings) => lokiRuns("distributed")(settings) && settings.loki.patternIngester,
  logs: ({ logs }) => logs.agent !== "none",
  kps: (settings) => stageOf(settings).kps,
  // vmalert's and vmagent's operator has the same.
  "kps.operatorResources": (settings) => stageOf(settings).kps || stageOf(settings).evaluator === "victoria-metrics",
  mimir: (settings) => stageOf(settings).mimir,
  victoriaMetrics: (settings) => stageOf(settings).victoriaMetrics === true,
  "metrics.resources": (settings) => stageOf(settings).scraper !== "prometheus",
  "metrics.rulesResources": (settings) => stageOf(settings).evaluator !== "prometheus",
  prometheusApi: (settings) => stageOf(settings).kps || backendOf(stageOf(settings)) !== undefined,
  "exporters.nodeExporter": ({ exporters }) => exporters.nodeExporter.enabled,
  "exporters.kubeStateMetrics": ({ exporters }) => exporters.kubeStateMetrics.enabled,
  alertmanager: ({ adopt, alertmanager }) => !adopt.alertmanagerUrl && alertmanager.implementation === "prometheus",
  grafana: ({ grafana }) => grafana.create,
};

/** Also while it is the mode that Loki leaves. */
function lokiRuns(mode: ParsedSettings["loki"]["mode"]) {
  return ({ loki }: ParsedSettings) => loki.mode === mode || loki.former?.mode === mode;
}

/** By the nearest entry of the table. */
function runs(settings: ParsedSettings, path: string[]): boolean {
  const nearest = path.map((_, i) => path.slice(0, path.length - i).join(".")).find((each) => each in runWhen);
  return nearest === undefined || runWhen[nearest](settings);
}

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
    must: `${path.join(".")}: some kind of node is large enough`,
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
          what: `${cpu} CPU and ${memory} of memory fit no kind of node in cluster.nodes: the pod would never be scheduled`,
          allowed: `at most what one of them has: ${nodes.map((n) => `${n.name} ${n.cpu} CPU and ${n.memory}`).join("; ")}`,
        },
      ];
    },
  },
]);

const resourcesAt = (settings: ParsedSettings, path: string[]) => valueAt(settings, path) as Resources | undefined;
