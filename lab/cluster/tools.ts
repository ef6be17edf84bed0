import { binaryPath, build, Report } from "./build";
import { ProgramName } from "./programs";

/** Programs that tests and commands run on this machine, and the Go program that each belongs to. */
const hostTools = {
  promtool: "prometheus",
  prometheus: "prometheus",
  amtool: "alertmanager",
  alertmanager: "alertmanager",
  mimirtool: "mimir",
  mimir: "mimir",
  loki: "loki",
  "loki-canary": "loki",
  logcli: "loki",
  "loki-next": "loki-next",
  "mimir-before": "mimir-before",
  lokitool: "lokitool",
  "victoria-metrics": "victoria-metrics",
  vmagent: "victoria-metrics",
  vmalert: "victoria-metrics",
  mc: "mc",
  minio: "minio",
  node_exporter: "node-exporter",
  blackbox_exporter: "blackbox-exporter",
  alloy: "alloy",
  helm: "helm",
  operator: "prometheus-operator",
  kubectl: "kubernetes",
  kind: "kind",
} as const satisfies Record<string, ProgramName>;

/** Name of a program that {@link hostTool} provides. */
export type HostTool = keyof typeof hostTools;

/**
 * Path of a program for this machine, of the version in `go/<program>/go.mod`. Builds it where the cache lacks it, which takes minutes the first time.
 *
 * @param report Takes lines of progress; by default they go to standard error.
 * @throws Error when Go is missing or the build fails.
 */
export async function hostTool(name: HostTool, report: Report = (line) => console.error(line)): Promise<string> {
  const tool = { program: hostTools[name], binary: name };
  await build([tool], report);
  return binaryPath(tool);
}
