import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { seconds } from "../../settings/units";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { dataVolume } from "../kubernetes/storage";
import type { BaseTarget } from "../monitors/targets";
import type { RuleGroup } from "../rules/types";
import { alloyMetricsConfig, secretFolder } from "./metrics-config";
import { namedPermissions, scrapingPermissions } from "./metrics-permissions";
import { metricsRules } from "./metrics-rules";
import { alloyPod, configFile, httpPort } from "./pod";
import { mountsOf, type Mounted } from "./scrape-configs";

/** Arguments of {@link MetricsCollector}. */
export interface MetricsCollectorArgs {
  environment: Environment;
  settings: Omit<Settings["metrics"], "backend">;
  images: Record<"alloy", string>;
  /** URL of Mimir's push API. */
  pushUrl: string;
  /** What is scraped beside the monitors. */
  targets: readonly BaseTarget[];
  /** How often targets are scraped whose monitor says nothing (Prometheus duration). */
  scrapeInterval: string;
}

const identity = { name: "alloy-metrics" };

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
    const app = new Application(this, {
      environment,
      name,
      identity: { ...identity, version: imageVersion(images.alloy) },
    });

    const config = alloyMetricsConfig({ settings, cluster, pushUrl, targets, scrapeInterval });
    const configMap = app.configMap({ [configFile]: config });
    // In namespaces whose Secrets and ConfigMaps monitors name.
    const named = namedPermissions(settings).flatMap(({ namespace, rules }) => app.role(namespace, rules));
    const account = [app.serviceAccount(), ...app.clusterRole(scrapingPermissions), ...named];
    const service = app.service({ clusterIP: "None", ports: [namedPort("http", httpPort)] });

    const template = alloyPod(app, {
      image: images.alloy,
      config,
      resources: settings.resources,
      // Ready once it has scraped everything twice: only then does an update remove what scraped before.
      readyAfter: 2 * seconds(scrapeInterval),
      claim: dataVolume,
      mounts: mounted(targets, settings),
      // remote_write takes up to a minute to get rid of what it holds (remoteFlushDeadline in remote_write.go).
      grace: 90,
      placement: placement(environment, [images.alloy]),
    });
    app.statefulSet({ volume: settings, template }, { dependsOn: [configMap, service, ...account] });
    app.monitor({ port: "http" });

    this.rules = metricsRules({ namespace, cluster, settings });
    this.registerOutputs({});
  }
}

/** What it reads as files, each folder once: the Secrets with which it presents itself to targets, and what ScrapeConfigs name. */
function mounted(
  targets: readonly BaseTarget[],
  { scrapeConfigs }: Pick<Settings["metrics"], "scrapeConfigs">,
): Mounted[] {
  const own = targets
    .flatMap(({ tls }) => tls?.clientSecret ?? [])
    .map(({ name }) => ({ kind: "secret" as const, name, path: secretFolder(name) }));
  return [...new Map([...own, ...mountsOf(scrapeConfigs, secretFolder)].map((each) => [each.path, each])).values()];
}
