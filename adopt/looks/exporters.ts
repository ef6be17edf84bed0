import type { Look } from "../findings";
import { called, containersOf, inWords, isInKps, isOwn, running } from "../objects";

const runbook = "docs/adoption.md#log-collector-and-exporters";

/** node-exporter's port, of which each node has one. */
const nodePort = 9100;

/** Exporters and log collectors outside a release of kube-prometheus-stack: two of either are one too many. */
export const lookAtExporters: Look = (inventory, _settings, found) => {
  const outside = (image: RegExp) => running(inventory, image).filter((each) => !isInKps(inventory, each));
  for (const { key, image, job } of [
    { key: "nodeExporter", image: /(^|\/)node[-_]exporter$/, job: "node-exporter" },
    { key: "kubeStateMetrics", image: /(^|\/)kube-state-metrics$/, job: "kube-state-metrics" },
  ]) {
    const there = outside(image);
    if (there.length === 0) continue;
    found.take(...there);
    found.fit(`exporters.${key}.enabled`, false, `${inWords(there.map(called))} is there`);
    found.ask(
      `${inWords(there.map(called))} stays in place of the stack's own ${job}`,
      `see that its ServiceMonitor gives the label job="${job}", by which rules and dashboards find it; or uninstall it: ${runbook}`,
    );
  }

  const others = inventory.daemonSets.filter(
    (each) =>
      !isOwn(each) &&
      !isInKps(inventory, each) &&
      !outside(/node[-_]exporter$/).includes(each) &&
      containersOf(each).some(({ ports = [] }) =>
        ports.some(
          (port) => (port.hostPort ?? (each.spec?.template.spec?.hostNetwork ? port.containerPort : 0)) === nodePort,
        ),
      ),
  );
  if (others.length > 0)
    found.ask(
      `host port ${nodePort} is taken by ${inWords(others.map(called))}, which is no node-exporter by its image`,
      "exporters.nodeExporter.enabled: false where it exports the nodes' metrics; else one of the two has to go",
    );

  const collectors = outside(/(^|\/)(alloy|promtail|agent|fluent-bit|fluentd|vector)$/);
  if (collectors.length > 0) {
    found.take(...collectors);
    found.ask(
      `a log collector runs already: ${inWords(collectors.map(called))}; two send every line twice`,
      `take its logs part away right before the update: ${runbook}`,
    );
  }
};
