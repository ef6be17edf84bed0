import { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Service } from "@pulumi/kubernetes/core/v1";
import { Role, RoleBinding } from "@pulumi/kubernetes/rbac/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema";
import { seconds } from "../../config/units";
import { account, roleName } from "../kubernetes/account";
import type { Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { serviceMonitor } from "../kubernetes/service-monitor";
import { retainVolumes, volumeClaim } from "../kubernetes/storage";
import type { BaseTarget } from "../monitors/targets";
import type { RuleGroup } from "../rules/types";
import { alloyMetricsConfig } from "./metrics-config";
import { namedPermissions, scrapingPermissions } from "./metrics-permissions";
import { metricsRules } from "./metrics-rules";
import { alloyPod, httpPort } from "./pod";

/** Arguments of {@link MetricsCollector}. */
export interface MetricsCollectorArgs {
  environment: Environment;
  settings: Settings["metrics"];
  images: Record<"alloy", string>;
  /** URL of Mimir's push API. */
  pushUrl: string;
  /** What is scraped beside the monitors. */
  targets: readonly BaseTarget[];
  /** How often targets are scraped whose monitor says nothing (Prometheus duration). */
  scrapeInterval: string;
}

const identity = { name: "alloy-metrics" };

/** Name of the volume claim. */
const dataVolume = "data";

/**
 * Grafana Alloy as what scrapes, and writes to Mimir.
 *
 * One replica: a second one would scrape everything twice, or share the targets with the first and move a part of them at each restart of
 * either; nothing would be scraped with fewer gaps. Its volume holds what Mimir has not taken yet.
 */
export class MetricsCollector extends pulumi.ComponentResource {
  /** Alerts on the collector itself. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: MetricsCollectorArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:alloy:MetricsCollector", name, args, opts);
    const { environment, settings, images, pushUrl, targets, scrapeInterval } = args;
    const { namespace, cluster } = environment;
    const metadata = { name, namespace, labels: labels({ ...identity, version: imageVersion(images.alloy) }) };
    const selector = selectorLabels(identity);
    const child = { parent: this };

    const config = alloyMetricsConfig({ settings, cluster, pushUrl, targets, scrapeInterval });
    const configMap = new ConfigMap(name, { metadata, data: { "config.alloy": config } }, child);
    const rights = [
      ...account(name, { ...identity, version: imageVersion(images.alloy) }, environment, scrapingPermissions, child),
      ...this.#named(name, args),
    ];

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
            resources: settings.resources,
            // Ready once it has scraped everything twice: only then does an update remove what scraped before.
            readyAfter: 2 * seconds(scrapeInterval),
            claim: dataVolume,
            // remote_write takes up to a minute to get rid of what it holds (remoteFlushDeadline in remote_write.go).
            grace: 90,
            placement: placement(environment, [images.alloy]),
          }),
        },
      },
      { ...child, dependsOn: [configMap, service, ...rights] },
    );

    serviceMonitor(name, { namespace, labels: metadata.labels, selector, endpoints: [{ port: http.name }] }, child);

    this.rules = metricsRules({ namespace, cluster, settings });
    this.registerOutputs({});
  }

  /** What it may read in namespaces whose Secrets and ConfigMaps monitors name. */
  #named(name: string, { environment, settings }: MetricsCollectorArgs): pulumi.Resource[] {
    const apiGroup = "rbac.authorization.k8s.io";
    const role = roleName(name, environment);
    const subjects = [{ kind: "ServiceAccount", name, namespace: environment.namespace }];
    return namedPermissions(settings).flatMap(({ namespace, rules }) => {
      const metadata = { name: role, namespace, labels: labels(identity) };
      return [
        new Role(`${name}-${namespace}`, { metadata, rules }, { parent: this }),
        new RoleBinding(
          `${name}-${namespace}`,
          { metadata, roleRef: { apiGroup, kind: "Role", name: role }, subjects },
          { parent: this },
        ),
      ];
    });
  }
}
