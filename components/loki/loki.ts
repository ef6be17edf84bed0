import { ConfigMap, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Settings } from "../../config/schema";
import type { Dashboard } from "../grafana/dashboard";
import type { Environment } from "../kubernetes/environment";
import { imageVersion, labels } from "../kubernetes/labels";
import { serviceMonitor } from "../kubernetes/service-monitor";
import type { LokiStorage } from "../object-storage/types";
import { finish } from "../rules/finish";
import type { RuleGroup } from "../rules/types";
import { LokiCanary } from "./canary";
import { lokiConfig } from "./config";
import { lokiDashboards } from "./dashboards";
import { LokiGateway } from "./gateway";
import { logRules } from "./log-rules";
import { configFile, ringMember, rulesConfigMap } from "./pod";
import { lokiRules } from "./rules";
import { httpUrl, memberlistService, ports, topology } from "./topology";
import { LokiWorkload } from "./workload";

/** Arguments of {@link Loki}. */
export interface LokiArgs {
  environment: Environment;
  settings: Settings["loki"];
  images: Record<"loki" | "loki-canary" | "nginx", string>;
  /** Where chunks, index and rules are kept. */
  storage: LokiStorage;
  /** Where the ruler's alerts go. */
  alertmanagerUrl: string;
}

const identity = { name: "loki" };

/** Loki in one process, or write, read and backend apart, with its gateway and its canary. */
export class Loki extends pulumi.ComponentResource {
  /** Where lines are pushed to: Loki itself, one hop less than by the gateway. */
  readonly pushUrl: string;
  /** Base URL of everything else: the gateway. */
  readonly queryUrl: string;
  /** Alerts on Loki and its canary. */
  readonly rules: RuleGroup[];
  /** Dashboards of Loki. */
  readonly dashboards: Dashboard[];

  constructor(name: string, args: LokiArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, images, storage, alertmanagerUrl } = args;
    const { connection, buckets, credentials } = storage;
    super(
      "observability:loki:Loki",
      name,
      { environment, settings, images, storage: { connection, buckets }, alertmanagerUrl },
      opts,
    );
    const { workloads, write } = topology(settings);
    const { namespace } = environment;
    const metadata = { name, namespace, labels: labels({ ...identity, version: imageVersion(images.loki) }) };
    const child = { parent: this };

    const config = stringify(lokiConfig(args));
    const configMap = new ConfigMap(name, { metadata, data: { [configFile]: config } }, child);
    const prerequisites: pulumi.Resource[] = [configMap];
    if (settings.logAlerts) {
      const data = { "logs.yaml": stringify({ groups: finish(logRules(args), environment) }) };
      prerequisites.push(
        new ConfigMap(rulesConfigMap, { metadata: { ...metadata, name: rulesConfigMap }, data }, child),
      );
    }
    const account = new ServiceAccount(name, { metadata, automountServiceAccountToken: false }, child);
    const memberlist = new Service(
      memberlistService,
      {
        metadata: { ...metadata, name: memberlistService },
        spec: {
          clusterIP: "None",
          // No pod is ready before it has found the others.
          publishNotReadyAddresses: true,
          selector: { "app.kubernetes.io/name": identity.name, ...ringMember },
          ports: [{ name: "tcp-memberlist", port: ports.memberlist, targetPort: "http-memberlist" }],
        },
      },
      child,
    );

    const running = workloads.map(
      (workload) =>
        new LokiWorkload(
          workload.name,
          {
            environment,
            settings,
            workload,
            image: images.loki,
            serviceAccount: name,
            configMap: name,
            config,
            rules: settings.logAlerts,
            credentials,
          },
          { ...child, dependsOn: [...prerequisites, account, memberlist] },
        ),
    );
    const gateway = new LokiGateway(
      "loki-gateway",
      { environment, settings, image: images.nginx },
      { ...child, dependsOn: running },
    );
    if (settings.canary) {
      new LokiCanary(
        "loki-canary",
        { environment, image: images["loki-canary"], gateway: `${gateway.host}:80` },
        { ...child, dependsOn: gateway },
      );
    }

    // Of Loki's Services only those of its workloads have a port of this name, so that no pod is scraped twice.
    serviceMonitor(
      name,
      {
        namespace,
        labels: metadata.labels,
        selector: { "app.kubernetes.io/name": identity.name },
        endpoints: [{ port: "http-metrics" }],
      },
      child,
    );

    this.pushUrl = `${httpUrl(environment, write)}/loki/api/v1/push`;
    this.queryUrl = `http://${gateway.host}`;
    this.rules = lokiRules(args);
    this.dashboards = lokiDashboards(args);
    this.registerOutputs({ pushUrl: this.pushUrl, queryUrl: this.queryUrl });
  }
}
