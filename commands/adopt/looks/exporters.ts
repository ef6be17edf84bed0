import type { Look } from "../findings";
import { called, containersOf, inWords, isInKps, running, runs, type Workload } from "../objects";
import { isStacks } from "../../shared/belongings";

const runbook = "docs/adoption.md#log-collector-and-exporters";

/** node-exporter's port; each node has it once. */
const nodePort = 9100;

/** Exporters and log collectors outside a release of kube-prometheus-stack: there must not be two of either. */
export const lookAtExporters: Look = (inventory, settings, found) => {
  const outside = (image: RegExp) => running(inventory, image).filter((each) => !isInKps(inventory, settings, each));
  for (const { key, image, job } of [
    { key: "nodeExporter", image: /(^|\/)node[-_]exporter$/, job: "node-exporter" },
    { key: "kubeStateMetrics", image: /(^|\/)kube-state-metrics$/, job: "kube-state-metrics" },
  ]) {
    const there = outside(image);
    if (there.length === 0) continue;
    found.take(...there);
    found.fit(`exporters.${key}.enabled`, false, `${inWords(there.map(called))} exists`);
    found.ask(
      `${inWords(there.map(called))} is kept instead of the stack's own ${job}`,
      `make sure that its ServiceMonitor sets the label job="${job}", which rules and dashboards need; or uninstall it: ${runbook}`,
    );
  }

  const others = inventory.daemonSets.filter(
    (each) =>
      !isStacks(each) &&
      !isInKps(inventory, settings, each) &&
      !outside(/node[-_]exporter$/).includes(each) &&
      containersOf(each).some(({ ports = [] }) =>
        ports.some(
          (port) => (port.hostPort ?? (each.spec?.template.spec?.hostNetwork ? port.containerPort : 0)) === nodePort,
        ),
      ),
  );
  if (others.length > 0)
    found.ask(
      `host port ${nodePort} is in use by ${inWords(others.map(called))}, whose image is not node-exporter's`,
      "set exporters.nodeExporter.enabled: false if it exports the nodes' metrics; otherwise move one of the two to another port",
    );

  const collectors = outside(/(^|\/)(alloy|promtail|agent|fluent-bit|fluentd|vector)$/);
  if (collectors.length > 0) {
    found.take(...collectors);
    // One of the same kind keeps its place on each node; labels and positions are still other ones.
    const isVector = collectors.every(
      (each) => (inventory.daemonSets as Workload[]).includes(each) && runs(each, /(^|\/)vector$/),
    );
    found.fit(
      "logs.agent",
      isVector ? "vector" : undefined,
      `Vector (${inWords(collectors.map(called))}) collects logs`,
    );
    found.ask(
      `a log collector is already running: ${inWords(collectors.map(called))}; with two, every line is sent twice`,
      `turn off its log collection right before the update, or keep it with logs.agent: none: ${runbook}`,
    );
  }
};
