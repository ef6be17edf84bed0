import { DaemonSet, Deployment } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Service } from "@pulumi/kubernetes/core/v1";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { dirname } from "node:path";
import type { Settings } from "../../config/schema";
import { account } from "../kubernetes/account";
import type { Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels, type Identity } from "../kubernetes/labels";
import { everyNode, placement } from "../kubernetes/placement";
import { serviceMonitor } from "../kubernetes/service-monitor";
import type { RuleGroup } from "../rules/types";
import { alloyEventsConfig, alloyLogsConfig } from "./config";
import { alloyPod, httpPort, type HostAccess } from "./pod";
import { alloyRules } from "./rules";

/** Arguments of {@link LogCollector}. */
export interface LogCollectorArgs {
  environment: Environment;
  settings: Settings["logs"];
  /** What Loki takes. */
  limits: Settings["loki"]["limits"];
  images: Record<"alloy", string>;
  /** URL of Loki's push API. */
  pushUrl: string;
}

/** Grafana Alloy: on every node for the logs of pods and the journal, and once for Kubernetes events. */
export class LogCollector extends pulumi.ComponentResource {
  /** Alerts on the collector itself. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: LogCollectorArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:alloy:LogCollector", name, args, opts);
    const { environment, settings, limits, images, pushUrl } = args;
    const { namespace, cluster } = environment;
    const config = { settings, limits, pushUrl, cluster };
    const version = imageVersion(images.alloy);

    const logs = { name: "alloy", component: "logs", version };
    const logsConfig = alloyLogsConfig(config);
    new DaemonSet(
      "alloy",
      {
        metadata: { name: "alloy", namespace, labels: labels(logs) },
        spec: {
          selector: { matchLabels: selectorLabels(logs) },
          template: alloyPod({
            identity: logs,
            image: images.alloy,
            serviceAccount: this.#account("alloy", logs, environment, logsPermissions(settings)),
            configMap: this.#config("alloy", logs, environment, logsConfig),
            config: logsConfig,
            resources: settings.resources,
            host: hostAccess(settings, environment),
            placement: everyNode([images.alloy]),
          }),
        },
      },
      { parent: this },
    );

    if (settings.events) {
      const events = { name: "alloy", component: "events", version };
      const eventsConfig = alloyEventsConfig(config);
      // One replica, the old one gone before the next one starts: each event is read once. A new pod reads again what the API server still
      // has (an hour), with the timestamps, labels and lines of before, which Loki shows once.
      new Deployment(
        "alloy-events",
        {
          metadata: { name: "alloy-events", namespace, labels: labels(events) },
          spec: {
            replicas: 1,
            strategy: { type: "Recreate" },
            selector: { matchLabels: selectorLabels(events) },
            template: alloyPod({
              identity: events,
              image: images.alloy,
              serviceAccount: this.#account("alloy-events", events, environment, eventsPermissions),
              configMap: this.#config("alloy-events", events, environment, eventsConfig),
              config: eventsConfig,
              resources: settings.eventsResources,
              placement: placement(environment, [images.alloy]),
            }),
          },
        },
        { parent: this },
      );
    }

    const both = { name: "alloy", version };
    // Not by the name alone: an Alloy that a chart installed has it too.
    const selector = {
      ...selectorLabels(both),
      "app.kubernetes.io/part-of": labels(both)["app.kubernetes.io/part-of"],
    };
    new Service(
      "alloy",
      {
        metadata: { name: "alloy", namespace, labels: labels(both) },
        spec: {
          clusterIP: "None",
          selector,
          ports: [{ name: "http", port: httpPort, targetPort: "http" }],
        },
      },
      { parent: this },
    );

    serviceMonitor(
      "alloy",
      {
        namespace,
        labels: labels(both),
        selector,
        endpoints: [
          // Alerts name the node whose lines are missing.
          { port: "http", relabelings: [{ sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "node" }] },
        ],
      },
      { parent: this },
    );

    this.rules = alloyRules({ namespace, cluster });
    this.registerOutputs({});
  }

  #config(name: string, identity: Identity, { namespace }: Environment, text: string): string {
    new ConfigMap(
      name,
      { metadata: { name, namespace, labels: labels(identity) }, data: { "config.alloy": text } },
      { parent: this },
    );
    return name;
  }

  #account(
    name: string,
    identity: Identity,
    environment: Environment,
    rules: types.input.rbac.v1.PolicyRule[],
  ): string {
    account(name, identity, environment, rules, { parent: this });
    return name;
  }
}

function logsPermissions({ source }: Settings["logs"]): types.input.rbac.v1.PolicyRule[] {
  const discover = { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] };
  if (source === "files") return [discover];
  // It asks whether a container whose stream ended is done, and reads its log.
  return [discover, { apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get"] }];
}

const eventsPermissions: types.input.rbac.v1.PolicyRule[] = [
  { apiGroups: [""], resources: ["events"], verbs: ["list", "watch"] },
];

function hostAccess(settings: Settings["logs"], { namespace }: Environment): HostAccess | undefined {
  const reads = [
    ...(settings.source === "files" ? ["/var/log/pods"] : []),
    // The folder above: the journal's own may not be there, and a node without one must not lose its pods' logs for it. Made by the
    // kubelet, it would switch journald to keeping its files there.
    ...(settings.journal ? [dirname(settings.journalPath)] : []),
  ];
  return reads.length > 0 ? { reads, state: `/var/lib/observability/${namespace}/alloy` } : undefined;
}
