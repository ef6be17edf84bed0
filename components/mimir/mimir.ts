import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Settings } from "../../settings/schema";
import type { Stage } from "../../stages";
import type { AlertmanagerInMimir } from "../alertmanager/types";
import type { Dashboard } from "../grafana/dashboard";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import { serviceHost, type Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import type { MimirStorage } from "../object-storage/types";
import type { RuleGroup } from "../rules/types";
import { memberlistService, mimirConfig, ports } from "./config";
import { mimirDashboards } from "./dashboards";
import { alertmanagerFile, configFile, httpPort, mimirPod } from "./pod";
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

// A long write-ahead log takes its time on a Pi, more than Pulumi's ten minutes.
const patience = { create: "20m", update: "20m" };

/**
 * Mimir in one process: classic architecture, write-ahead log on a volume, blocks in a bucket.
 *
 * By default one replica: while it is away, whoever writes to it keeps the samples and sends them later, which needs no ring and no second
 * volume. Several replicas are a ring, each with a volume.
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
    const { environment, settings, stage, images, storage, alertmanagerUrl, alertmanager } = args;
    const { connection, buckets } = storage;
    super(
      "observability:mimir:Mimir",
      name,
      { environment, settings, stage, images, storage: { connection, buckets }, alertmanagerUrl },
      opts,
    );
    const app = new Application(this, {
      environment,
      name,
      identity: { name: "mimir", version: imageVersion(images.mimir) },
    });
    const url = `http://${serviceHost(environment, name)}:${ports.http}`;

    const config = configText(args);
    const configMap = app.configMap({
      [configFile]: config,
      ...(alertmanager && { [alertmanagerFile.key]: alertmanager.configuration }),
    });
    const account = app.serviceAccount();
    const headless = `${name}-headless`;
    const grpc = namedPort("grpc", ports.grpc);
    const services = [
      app.service({ ports: [namedPort(httpPort, ports.http), grpc] }),
      app.service({ clusterIP: "None", ports: [grpc] }, headless),
      ...memberlist(app, settings.replicas),
    ];

    const template = mimirPod(app, { settings, image: images.mimir, config, storage: storage.pod, alertmanager });
    app.statefulSet(
      { serviceName: headless, replicas: settings.replicas, volume: settings, template },
      { dependsOn: [configMap, account, ...services], customTimeouts: patience },
    );
    app.disruptionBudget(settings.replicas);
    // Of Mimir's Services only the one has a port of this name, so that no pod is scraped twice.
    app.monitor({ port: httpPort });

    this.url = url;
    this.pushUrl = `${url}/api/v1/push`;
    this.queryUrl = `${url}/prometheus`;
    this.rules = mimirRules(args);
    this.dashboards = mimirDashboards(args);
    this.registerOutputs({ pushUrl: this.pushUrl, queryUrl: this.queryUrl });
  }
}

/** The Service by which several replicas find one another. */
const memberlist = (app: Application, replicas: number): pulumi.Resource[] =>
  replicas === 1
    ? []
    : [
        app.service(
          {
            clusterIP: "None",
            // No pod is ready before it has found the others.
            publishNotReadyAddresses: true,
            ports: [{ name: "tcp-memberlist", port: ports.memberlist, targetPort: "http-memberlist" }],
          },
          memberlistService,
        ),
      ];

function configText({
  environment,
  settings,
  stage,
  storage,
  alertmanagerUrl,
  alertmanager,
  evaluationInterval,
}: MimirArgs): string {
  const config = mimirConfig({
    environment,
    settings,
    storage,
    alertmanagerUrl,
    alertmanager: alertmanager && { externalUrl: alertmanager.externalUrl, configFile: alertmanagerFile.path },
    evaluates: stage.evaluator === "mimir",
    evaluationInterval,
  });
  // The rings are alike; anchors would save lines and cost the reader.
  return stringify(config, { aliasDuplicateObjects: false });
}
