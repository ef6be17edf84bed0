import { stringify } from "yaml";
import { image } from "../../components/images";
import { restrictedContainer, restrictedPod } from "../../components/kubernetes/security";
import type { RuleGroup } from "../../components/rules/types";
import type { KubernetesObject } from "../../commands/shared/objects";

/**
 * A Prometheus without the operator that scrapes nothing and evaluates rules every five seconds.
 * @param namespace where it goes
 * @param alertmanagers whom it tells, as `alerting.alertmanagers` of its configuration
 * @param groups its rules; an interval of their own counts
 */
export function evaluatingPrometheus(
  namespace: string,
  alertmanagers: readonly object[],
  groups: readonly (Omit<RuleGroup, "rules"> & { rules: readonly object[] })[],
): KubernetesObject[] {
  const metadata = { name: "prometheus", namespace };
  const config = {
    global: { evaluation_interval: "5s" },
    rule_files: ["/config/rules.yaml"],
    alerting: { alertmanagers },
  };
  return [
    {
      ...{ apiVersion: "v1", kind: "ConfigMap", metadata },
      data: { "prometheus.yaml": stringify(config), "rules.yaml": stringify({ groups }) },
    },
    {
      ...{ apiVersion: "v1", kind: "Pod", metadata },
      spec: {
        automountServiceAccountToken: false,
        securityContext: restrictedPod(65534),
        containers: [
          {
            name: "prometheus",
            image: image("prometheus"),
            imagePullPolicy: "IfNotPresent",
            args: ["--config.file=/config/prometheus.yaml", "--storage.tsdb.path=/data"],
            securityContext: restrictedContainer,
            resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
            volumeMounts: [
              { name: "config", mountPath: "/config" },
              { name: "data", mountPath: "/data" },
            ],
          },
        ],
        volumes: [
          { name: "config", configMap: { name: "prometheus" } },
          { name: "data", emptyDir: {} },
        ],
      },
    },
  ];
}
