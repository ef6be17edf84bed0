import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Settings } from "../../settings/schema";
import type { LogAgent } from "../../settings/sections/logs";
import type { Dashboard } from "../grafana/dashboard";
import { Application } from "../kubernetes/application";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import type { LokiStorage } from "../object-storage/types";
import { finish } from "../rules/finish";
import type { RuleGroup } from "../rules/types";
import { memcacheds } from "./caches";
import { LokiCanary } from "./canary";
import { lokiConfig } from "./config";
import { lokiDashboards } from "./dashboards";
import { LokiGateway } from "./gateway";
import { logRules } from "./log-rules";
import { memcached } from "./memcached";
import { configFile, formerFile, httpPort, ringMember, rulesConfigMap } from "./pod";
import { lokiRules } from "./rules";
import { formerTopology, httpUrl, memberlistService, ports, topology } from "./topology";
import { LokiWorkload } from "./workload";

/** Arguments of {@link Loki}. */
export interface LokiArgs {
  environment: Environment;
  settings: Settings["loki"];
  images: Record<"loki" | "loki-canary" | "memcached" | "nginx", string>;
  /** Where chunks, index and rules are kept. */
  storage: LokiStorage;
  /** Where the ruler's alerts go. */
  alertmanagerUrl: string;
  /** What of the stack sends pods' lines. */
  agent: LogAgent;
}

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
    const { connection, buckets } = storage;
    super(
      "observability:loki:Loki",
      name,
      { environment, settings, images, storage: { connection, buckets }, alertmanagerUrl },
      opts,
    );
    const app = new Application(this, {
      environment,
      name,
      identity: { name: "loki", version: imageVersion(images.loki) },
    });
    const modes = modesOf(args);
    const prerequisites: pulumi.Resource[] = [
      app.configMap(Object.fromEntries(modes.map(({ file, config }) => [file, config]))),
    ];
    if (settings.logAlerts) {
      const groups = finish(logRules(args), environment);
      prerequisites.push(app.configMap({ "logs.yaml": stringify({ groups }) }, rulesConfigMap));
    }
    prerequisites.push(app.serviceAccount(), memberlist(app));

    // No process of Loki waits for them: it works without one that fails, or finds no room.
    for (const each of memcacheds(settings))
      memcached(this, { environment, image: images.memcached, serviceAccount: name, ...each });

    const running = workloads(app, args, modes, prerequisites);
    const gateway = new LokiGateway(
      "loki-gateway",
      { environment, settings, image: images.nginx },
      { ...app.child, dependsOn: running },
    );
    if (settings.canary) {
      new LokiCanary(
        "loki-canary",
        { environment, image: images["loki-canary"], gateway: `${gateway.host}:80` },
        { ...app.child, dependsOn: gateway },
      );
    }
    // Of Loki's Services only those of its workloads have a port of this name, so that no pod is scraped twice.
    app.monitor({ port: httpPort });

    this.pushUrl = `${httpUrl(environment, modes[0].doing.distributor)}/loki/api/v1/push`;
    this.queryUrl = `http://${gateway.host}`;
    this.rules = lokiRules(args);
    this.dashboards = lokiDashboards(args);
    this.registerOutputs({ pushUrl: this.pushUrl, queryUrl: this.queryUrl });
  }
}

/** A mode that runs: its configuration, and its workloads. */
type Mode = { file: string; config: string; settings: Settings["loki"] } & ReturnType<typeof topology>;

/** The mode that is set, and the former one during a change of the mode. */
function modesOf(args: LokiArgs): [Mode, ...Mode[]] {
  const { former, ...current } = args.settings;
  const configOf = (settings: Settings["loki"]) => stringify(lokiConfig({ ...args, settings }));
  const now = { file: configFile, config: configOf(current), settings: current, ...topology(current) };
  const before = formerTopology(args.settings);
  if (!before) return [now];
  const config = configOf({ ...current, mode: former!.mode });
  return [now, { file: formerFile, config, settings: current, ...before }];
}

/** Every mode's workloads. Nothing of the former mode is touched before the new one is ready. */
function workloads(app: Application, args: LokiArgs, modes: Mode[], prerequisites: pulumi.Resource[]): LokiWorkload[] {
  const { environment, images, storage } = args;
  const pod = { image: images.loki, rules: args.settings.logAlerts, storage: storage.pod };
  const names = { serviceAccount: app.name, configMap: app.name };
  const running: LokiWorkload[] = [];
  for (const { file, config, settings, workloads } of modes)
    running.push(
      ...workloads.map(
        (workload) =>
          new LokiWorkload(
            workload.name,
            { environment, settings, ...pod, workload, file, config, ...names },
            { ...app.child, dependsOn: [...prerequisites, ...running] },
          ),
      ),
    );
  return running;
}

/** The Service by which all of Loki's pods find one another. */
function memberlist(app: Application): pulumi.Resource {
  return app.service(
    {
      clusterIP: "None",
      // No pod is ready before it has found the others.
      publishNotReadyAddresses: true,
      selector: { ...app.selector, ...ringMember },
      ports: [{ name: "tcp-memberlist", port: ports.memberlist, targetPort: "http-memberlist" }],
    },
    memberlistService,
  );
}
