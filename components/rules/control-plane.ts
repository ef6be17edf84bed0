import type { Settings } from "../../settings/schema";
import { controlPlane, controlPlaneParts, isScraped, type ControlPlanePart } from "../monitors/control-plane";
import type { RuleGroup } from "./types";

/**
 * Alerts about the parts of the control plane that are scraped, under the names that kube-prometheus-stack has for them.
 * @param settings which of the parts are scraped
 * @see https://github.com/kubernetes-monitoring/kubernetes-mixin
 */
export function controlPlaneRules(settings: Pick<Settings["monitors"], ControlPlanePart>): RuleGroup[] {
  return controlPlaneParts.filter((part) => isScraped(settings[part])).flatMap((part) => groups[part]);
}

/** No process of a part answers, or one of several doesn't. */
const unreachable = (part: Exclude<ControlPlanePart, "etcd">, alert: string, effect: string): RuleGroup => {
  const { name, job } = controlPlane[part];
  return {
    name,
    rules: [
      {
        alert: `${alert}Down`,
        expr: `absent(up{job="${job}"} == 1)`,
        for: "15m",
        labels: { severity: "critical", job },
        annotations: {
          summary: `No ${name} answers`,
          description: `No target of job ${job} has answered for 15 minutes. Unless only the scrape fails, ${effect}.`,
        },
      },
      {
        alert: `${alert}InstanceUnreachable`,
        expr: `up{job="${job}"} == 0`,
        for: "15m",
        labels: { severity: "warning" },
        annotations: {
          summary: `${name} at {{ $labels.instance }} doesn't answer`,
          description: `It has not answered a scrape for 15 minutes: it is down, listens only on the loopback address, or refuses the scraper.`,
        },
      },
    ],
  };
};

const groups: Readonly<Record<ControlPlanePart, RuleGroup[]>> = {
  scheduler: [unreachable("scheduler", "KubeScheduler", "new pods are not scheduled")],
  controllerManager: [
    unreachable(
      "controllerManager",
      "KubeControllerManager",
      "Deployments, Jobs, volumes and Endpoints are no longer updated",
    ),
  ],
  proxy: [unreachable("proxy", "KubeProxy", "Services may lead to pods that are gone")],
  // Upstream has them: the group `etcd` of the chart.
  etcd: [],
};
