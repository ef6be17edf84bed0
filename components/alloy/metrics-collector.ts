import { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "@pulumi/kubernetes/rbac/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema";
import type { Stage } from "../../migration/stages";
import type { Dashboard } from "../grafana/dashboard";
import type { Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { serviceMonitor } from "../kubernetes/service-monitor";
import { retainVolumes, volumeClaim } from "../kubernetes/storage";
import type { BaseTargetsArgs } from "../monitors/targets";
import type { RuleGroup } from "../rules/types";
import { alloyMetricsConfig } from "./metrics-config";
import { namedPermissions, permissions } from "./metrics-permissions";
import { metricsRules } from "./metrics-rules";
import { alloyPod, httpPort } from "./pod";

/** Arguments of {@link MetricsCollector}. */
export interface MetricsCollectorArgs {
  environment: Environment;
  settings: Settings["metrics"];
  /** The stage: who evaluates rules, and who scrapes. */
  stage: Pick<Stage, "evaluator" | "scraper">;
  images: Record<"alloy", string>;
  /** URL of Mimir's push API. */
  pushUrl: string;
  /** Base URL of Mimir, without a path. */
  rulerUrl: string;
  /** What of the cluster itself is scraped. */
  targets: BaseTargetsArgs;
  /** How often targets are scraped whose monitor says nothing (Prometheus duration). */
  scrapeInterval: string;
}

const identity = { name: "alloy-metrics" };

/** Name of the volume claim. */
const dataVolume = "data";

/**
 * Grafana Alloy as what keeps Mimir's ruler in step with the cluster's PrometheusRules, and, from stage `kps-removed` on, as what scrapes.
 *
 * One replica: a second one would scrape everything twice, or share the targets with the first and move a part of them at each restart of
 * either; nothing would be scraped with fewer gaps. Its volume holds what Mimir has not taken yet.
 */
export class MetricsCollector extends pulumi.ComponentResource {
  /** Alerts on the collector itself. */
  readonly rules: RuleGroup[];
  /** Its dashboards. */
  readonly dashboards: Dashboard[] = [];

  constructor(name: string, args: MetricsCollectorArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:alloy:MetricsCollector", name, args, opts);
    const { environment, settings, stage, images, pushUrl, rulerUrl, targets, scrapeInterval } = args;
    const { namespace, cluster } = environment;
    const metadata = { name, namespace, labels: labels({ ...identity, version: imageVersion(images.alloy) }) };
    const selector = selectorLabels(identity);
    const child = { parent: this };
    const scrapes = stage.scraper === "alloy";

    const config = alloyMetricsConfig({
      settings,
      stage,
      namespace,
      cluster,
      pushUrl,
      rulerUrl,
      targets,
      scrapeInterval,
    });
    const configMap = new ConfigMap(name, { metadata, data: { "config.alloy": config } }, child);
    const account = this.#account(metadata, args);

    const http = { name: "http", port: httpPort, targetPort: "http" };
    const service = new Service(name, { metadata, spec: { clusterIP: "None", selector, ports: [http] } }, child);

    new StatefulSet(
      name,
      {
        metadata,
        spec: {
          serviceName: name,
          replicas: 1,
          // OrderedReady never replaces a pod that can't become ready, not even by its fix.
          podManagementPolicy: "Parallel",
          selector: { matchLabels: selector },
          persistentVolumeClaimRetentionPolicy: retainVolumes,
          volumeClaimTemplates: [
            volumeClaim(environment, { name: dataVolume, size: settings.storage, storageClass: settings.storageClass }),
          ],
          template: alloyPod({
            identity: { ...identity, version: imageVersion(images.alloy) },
            image: images.alloy,
            serviceAccount: name,
            configMap: name,
            config,
            resources: scrapes ? settings.resources : settings.rulesResources,
            claim: dataVolume,
            // remote_write takes up to a minute to get rid of what it holds (remoteFlushDeadline in remote_write.go).
            grace: 90,
            placement: placement(environment, [images.alloy]),
          }),
        },
      },
      { ...child, dependsOn: [configMap, service, ...account] },
    );

    serviceMonitor(name, { namespace, labels: metadata.labels, selector, endpoints: [{ port: http.name }] }, child);

    this.rules = metricsRules({ namespace, cluster, settings, scrapes });
    this.registerOutputs({});
  }

  /** Its ServiceAccount, with what it may do: everywhere, and in namespaces whose Secrets and ConfigMaps monitors name. */
  #account(
    metadata: { name: string; namespace: string; labels: Record<string, string> },
    { stage, settings }: MetricsCollectorArgs,
  ): pulumi.Resource[] {
    const { name, namespace, labels } = metadata;
    const child = { parent: this };
    const apiGroup = "rbac.authorization.k8s.io";
    const subjects = [{ kind: "ServiceAccount", name, namespace }];
    // Of two stacks in one cluster, each has its own.
    const role = `${namespace}-${name}`;
    return [
      new ServiceAccount(name, { metadata, automountServiceAccountToken: false }, child),
      new ClusterRole(name, { metadata: { name: role, labels }, rules: permissions(stage) }, child),
      new ClusterRoleBinding(
        name,
        { metadata: { name: role, labels }, roleRef: { apiGroup, kind: "ClusterRole", name: role }, subjects },
        child,
      ),
      ...namedPermissions(stage, settings).flatMap(({ namespace, rules }) => {
        const there = { name: role, namespace, labels };
        return [
          new Role(`${name}-${namespace}`, { metadata: there, rules }, child),
          new RoleBinding(
            `${name}-${namespace}`,
            { metadata: there, roleRef: { apiGroup, kind: "Role", name: role }, subjects },
            child,
          ),
        ];
      }),
    ];
  }
}
