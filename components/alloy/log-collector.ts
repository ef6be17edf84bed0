import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { dirname } from "node:path";
import type { Settings } from "../../settings/schema";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { everyNode, placement } from "../kubernetes/placement";
import { nodeLabel } from "../kubernetes/service-monitor";
import type { RuleGroup } from "../rules/types";
import { alloyEventsConfig, alloyLogsConfig, talosPort, type LogSettings } from "./config";
import { alloyPod, configFile, httpPort, type HostAccess } from "./pod";
import { alloyRules } from "./rules";

/** Arguments of {@link LogCollector}. */
export interface LogCollectorArgs {
  environment: Environment;
  settings: LogSettings;
  /** What Loki takes. */
  limits: Settings["loki"]["limits"];
  images: Record<"alloy", string>;
  /** URL of Loki's push API. */
  pushUrl: string;
  /** What it collects; default: everything that the settings ask for. `events`: something else is on the nodes. */
  only?: "events";
}

/** Grafana Alloy: on every node for the logs of pods and the journal, and once for Kubernetes events. */
export class LogCollector extends pulumi.ComponentResource {
  /** Alerts on the collector itself. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: LogCollectorArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:alloy:LogCollector", name, args, opts);
    const { environment, settings } = args;
    const { namespace, cluster } = environment;
    const identity = identityOf(args);
    // Not by the name alone: an Alloy that a chart installed has it too.
    const partOf = "app.kubernetes.io/part-of";
    const selector = { ...selectorLabels(identity), [partOf]: labels(identity)[partOf] };
    const app = new Application(this, { environment, name: identity.name, identity, selector });

    app.service({ clusterIP: "None", ports: [namedPort("http", httpPort)] });
    if (args.only === undefined) logs(this, args);
    if (settings.events) events(this, args);
    // Alerts name the node whose lines are missing.
    app.monitor({ port: "http", relabelings: [nodeLabel] });

    this.rules = alloyRules({ namespace, cluster });
    this.registerOutputs({});
  }
}

const identityOf = ({ images }: LogCollectorArgs) => ({ name: "alloy", version: imageVersion(images.alloy) });

/** On every node: the logs of its pods, and its journal. */
function logs(parent: pulumi.Resource, args: LogCollectorArgs): void {
  const { environment, settings, limits, images, pushUrl } = args;
  const identity = { ...identityOf(args), component: "logs" };
  const app = new Application(parent, { environment, name: "alloy", identity });

  const config = alloyLogsConfig({ settings, limits, pushUrl, cluster: environment.cluster });
  app.configMap({ [configFile]: config });
  app.serviceAccount();
  app.clusterRole(logsPermissions(settings));
  app.daemonSet(
    alloyPod(app, {
      image: images.alloy,
      config,
      resources: settings.resources,
      host: hostAccess(settings, environment),
      ...(settings.talos && { hostPorts: { talos: talosPort }, stability: "experimental" }),
      placement: everyNode([images.alloy]),
    }),
  );
}

/** Once: the events of the cluster. */
function events(parent: pulumi.Resource, args: LogCollectorArgs): void {
  const { environment, settings, limits, images, pushUrl } = args;
  const identity = { ...identityOf(args), component: "events" };
  const app = new Application(parent, { environment, name: "alloy-events", identity });

  const config = alloyEventsConfig({ settings, limits, pushUrl, cluster: environment.cluster });
  app.configMap({ [configFile]: config });
  app.serviceAccount();
  app.clusterRole([{ apiGroups: [""], resources: ["events"], verbs: ["list", "watch"] }]);
  const template = alloyPod(app, {
    image: images.alloy,
    config,
    resources: settings.eventsResources,
    placement: placement(environment, [images.alloy]),
  });
  // One replica, the old one gone before the next one starts: each event is read once. A new pod reads again what the API server still
  // has (an hour), with the same timestamps, labels and lines as before, which Loki shows once.
  app.deployment({ replicas: 1, strategy: { type: "Recreate" }, template });
}

function logsPermissions({ source }: LogSettings): types.input.rbac.v1.PolicyRule[] {
  const discover = { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] };
  if (source === "files") return [discover];
  // It asks whether a container whose stream ended is done, and reads its log.
  return [discover, { apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get"] }];
}

/** Debian's group `adm`, and its descendants': /var/log/syslog is open to it, and belongs to root or, on Ubuntu, to `syslog`. */
const adm = 4;

function hostAccess(settings: LogSettings, { namespace }: Environment): HostAccess | undefined {
  const { source, journal, journalPath, nodeFiles } = settings;
  const reads = [
    ...(source === "files" ? ["/var/log/pods"] : []),
    // The folder above: the journal's own may not be there, and a node without one must not lose its pods' logs for it. Made by the
    // kubelet, it would switch journald to keeping its files there.
    ...(journal ? [dirname(journalPath)] : []),
    // Not the files' own folders: one that isn't there would keep the pod from starting.
    ...(nodeFiles.length > 0 ? ["/var/log"] : []),
  ];
  if (reads.length === 0) return undefined;
  return {
    reads: [...new Set(reads)],
    groups: nodeFiles.length > 0 ? [adm] : undefined,
    state: `/var/lib/observability/${namespace}/alloy`,
  };
}
