import { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Settings } from "../../config/schema";
import type { Stage } from "../../migration/stages";
import type { AlertmanagerInMimir } from "../alertmanager/types";
import type { Dashboard } from "../grafana/dashboard";
import { serviceHost, type Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { serviceMonitor } from "../kubernetes/service-monitor";
import { retainVolumes, volumeClaim } from "../kubernetes/storage";
import type { MimirStorage } from "../object-storage/types";
import type { RuleGroup } from "../rules/types";
import { mimirConfig, ports } from "./config";
import { mimirDashboards } from "./dashboards";
import { alertmanagerFile, configFile, dataVolume, mimirPod } from "./pod";
import { mimirRules } from "./rules";

/** Arguments of {@link Mimir}. */
export interface MimirArgs {
  environment: Environment;
  settings: Settings["mimir"];
  /** The stage: who evaluates rules. */
  stage: Pick<Stage, "evaluator">;
  images: { mimir: string };
  /** Where blocks, rules and the Alertmanager's state are kept. */
  storage: MimirStorage;
  /** Where the ruler's alerts go. */
  alertmanagerUrl: string;
  /** How often the ruler evaluates rules that don't say so themselves (Prometheus duration): as Prometheus did. */
  evaluationInterval: string;
  /** The Alertmanager that it runs itself; undefined: none. */
  alertmanager?: AlertmanagerInMimir;
}

const identity = { name: "mimir" };

/**
 * Mimir in one process: classic architecture, one replica, write-ahead log on a volume, blocks in a bucket.
 *
 * One replica: while it is away, whoever writes to it keeps the samples and sends them later, which needs no ring and no second volume.
 */
export class Mimir extends pulumi.ComponentResource {
  /** Its base URL, without a path. */
  readonly url: string;
  /** Where samples are pushed to by remote_write. */
  readonly pushUrl: string;
  /** Base URL of the Prometheus API. */
  readonly queryUrl: string;
  /** Alerts about Mimir. */
  readonly rules: RuleGroup[];
  /** Dashboards of Mimir. */
  readonly dashboards: Dashboard[];

  constructor(name: string, args: MimirArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, stage, images, storage, alertmanagerUrl, alertmanager, evaluationInterval } = args;
    const { connection, buckets, credentials } = storage;
    super(
      "observability:mimir:Mimir",
      name,
      { environment, settings, stage, images, storage: { connection, buckets }, alertmanagerUrl },
      opts,
    );
    const { namespace } = environment;
    const metadata = { name, namespace, labels: labels({ ...identity, version: imageVersion(images.mimir) }) };
    const selector = selectorLabels(identity);
    const child = { parent: this };

    const evaluates = stage.evaluator === "mimir";
    const own = alertmanager && { externalUrl: alertmanager.externalUrl, configFile: alertmanagerFile.path };
    const config = stringify(
      mimirConfig({ settings, storage, alertmanagerUrl, alertmanager: own, evaluates, evaluationInterval }),
      {
        // The rings are alike; anchors would save lines and cost the reader.
        aliasDuplicateObjects: false,
      },
    );
    const data = { [configFile]: config, ...(alertmanager && { [alertmanagerFile.key]: alertmanager.configuration }) };
    const configMap = new ConfigMap(name, { metadata, data }, child);
    const account = new ServiceAccount(name, { metadata, automountServiceAccountToken: false }, child);

    const http = { name: "http-metrics", port: ports.http, targetPort: "http-metrics" };
    const grpc = { name: "grpc", port: ports.grpc, targetPort: "grpc" };
    const service = new Service(name, { metadata, spec: { selector, ports: [http, grpc] } }, child);
    const headless = `${name}-headless`;
    const governing = new Service(
      headless,
      { metadata: { ...metadata, name: headless }, spec: { clusterIP: "None", selector, ports: [grpc] } },
      child,
    );

    new StatefulSet(
      name,
      {
        metadata,
        spec: {
          serviceName: headless,
          replicas: 1,
          // OrderedReady never replaces a pod that can't become ready, not even by its fix.
          podManagementPolicy: "Parallel",
          selector: { matchLabels: selector },
          persistentVolumeClaimRetentionPolicy: retainVolumes,
          volumeClaimTemplates: [
            volumeClaim(environment, { name: dataVolume, size: settings.storage, storageClass: settings.storageClass }),
          ],
          template: mimirPod({
            environment,
            settings,
            image: images.mimir,
            labels: metadata.labels,
            name,
            config,
            credentials,
            alertmanager,
          }),
        },
      },
      { ...child, dependsOn: [configMap, account, service, governing], customTimeouts: patience },
    );

    // Of Mimir's Services only the one has a port of this name, so that no pod is scraped twice.
    serviceMonitor(name, { namespace, labels: metadata.labels, selector, endpoints: [{ port: http.name }] }, child);

    this.url = `http://${serviceHost(environment, name)}:${ports.http}`;
    this.pushUrl = `${this.url}/api/v1/push`;
    this.queryUrl = `${this.url}/prometheus`;
    this.rules = mimirRules(args);
    this.dashboards = mimirDashboards(args);
    this.registerOutputs({ pushUrl: this.pushUrl, queryUrl: this.queryUrl });
  }
}

// A long write-ahead log takes its time on a Pi, more than Pulumi's ten minutes.
const patience = { create: "20m", update: "20m" };
