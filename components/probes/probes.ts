import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Settings } from "../../settings/schema";
import { nameOf, targetOf, type Probe } from "../../settings/sections/probes";
import type { Dashboard } from "../grafana/dashboard";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import { serviceHost, type Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import type { RuleGroup } from "../rules/types";
import { blackboxConfig } from "./config";
import { probesDashboard } from "./dashboards";
import { blackboxPod, configurationKey, port } from "./pod";
import { probeJob, probeRules } from "./rules";

/** Arguments of {@link Probes}. */
export interface ProbesArgs {
  environment: Environment;
  settings: Settings["exporters"]["blackbox"];
  /** What is asked; at least one. */
  probes: readonly Probe[];
  images: { "blackbox-exporter": string };
}

const name = "blackbox-exporter";

/**
 * The blackbox exporter, and a `Probe` for each thing that it asks. Both the operator's Prometheus and Alloy scrape Probes, so they are the
 * same in every stage. Their CRD must exist before (`dependsOn`).
 */
export class Probes extends pulumi.ComponentResource {
  readonly rules: RuleGroup[];
  readonly dashboards: Dashboard[];

  constructor(componentName: string, args: ProbesArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:probes:Probes", componentName, args, opts);
    const { environment, settings, probes } = args;
    const image = args.images["blackbox-exporter"];
    const app = new Application(this, { environment, name, identity: { name, version: imageVersion(image) } });

    const configuration = stringify(blackboxConfig(probes));
    const configMap = app.configMap({ [configurationKey]: configuration });
    const account = app.serviceAccount();
    app.service({ ports: [namedPort(port.name, port.number)] });
    const pings = probes.some(({ module }) => module === "icmp");
    const template = blackboxPod(app, { settings, image, configuration, pings });
    app.deployment({ replicas: 1, template }, { dependsOn: [configMap, account] });
    app.monitor({ port: port.name });
    for (const probe of probes) probeObject(app, probe);
    app.connections.asks(
      name,
      probes.flatMap((probe) => inCluster(targetOf(probe), environment)),
    );

    this.rules = probeRules(probes);
    this.dashboards = [probesDashboard()];
    this.registerOutputs();
  }
}

/** A target as the cluster's DNS may complete it: `loki-gateway` and `loki-gateway.monitoring` are names of Services, too. */
function inCluster(target: string, { namespace }: Environment): string[] {
  const [, scheme = "", host, rest] = /^(https?:\/\/)?([^:/?#]*)(.*)$/s.exec(target)!;
  return ["", ".svc", `.${namespace}.svc`].map((domain) => `${scheme}${host}${domain}${rest}`);
}

/** @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.Probe */
function probeObject(app: Application, probe: Probe): void {
  const probeName = nameOf(probe);
  const { interval, timeout } = probe;
  new CustomResource(
    `probe-${probeName}`,
    {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "Probe",
      metadata: app.metadata(`probe-${probeName}`),
      spec: {
        jobName: probeJob,
        module: probeName,
        interval,
        // The exporter gives up half a second earlier, so that a target that hangs is one that failed, and not one without an answer.
        scrapeTimeout: timeout,
        // Alloy has no default for the path.
        prober: { url: `${serviceHost(app.environment, name)}:${port.number}`, scheme: "http", path: "/probe" },
        targets: { staticConfig: { static: [targetOf(probe)], labels: { probe: probeName } } },
      },
    },
    app.child,
  );
}
