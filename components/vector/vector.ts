import * as pulumi from "@pulumi/pulumi";
import { dirname } from "node:path";
import { stringify } from "yaml";
import type { Settings } from "../../settings/schema";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import { everyNode } from "../kubernetes/placement";
import { nodeLabel } from "../kubernetes/service-monitor";
import type { RuleGroup } from "../rules/types";
import { metricsPort, vectorConfig } from "./config";
import { configFile, vectorPod } from "./pod";
import { vectorRules } from "./rules";

/** Arguments of {@link Vector}. */
export interface VectorArgs {
  environment: Environment;
  settings: Omit<Settings["logs"], "agent">;
  /** What Loki takes. */
  limits: Settings["loki"]["limits"];
  images: Record<"vector", string>;
  /** URL of Loki's push API. */
  pushUrl: string;
}

/** Vector on every node, for the logs of pods and the journal, with the labels, times and text that Alloy gives them. */
export class Vector extends pulumi.ComponentResource {
  /** Alerts on it. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: VectorArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:vector:Vector", name, args, opts);
    const { environment, settings, limits, images, pushUrl } = args;
    const { namespace, cluster } = environment;
    const app = new Application(this, {
      environment,
      name,
      identity: { name: "vector", component: "logs", version: imageVersion(images.vector) },
    });

    const config = stringify(vectorConfig({ settings, limits, pushUrl, cluster }), { lineWidth: 0 });
    app.configMap({ [configFile]: config });
    app.serviceAccount();
    // The source watches the pods of its node, and its node.
    app.clusterRole([{ apiGroups: [""], resources: ["pods", "nodes"], verbs: ["list", "watch"] }]);
    app.service({ clusterIP: "None", ports: [namedPort("metrics", metricsPort)] });
    app.daemonSet(
      vectorPod(app, {
        image: images.vector,
        config,
        resources: settings.resources,
        reads: ["/var/log/pods", ...(settings.journal ? [dirname(settings.journalPath)] : [])],
        state: `/var/lib/observability/${namespace}/vector`,
        placement: everyNode([images.vector]),
      }),
    );
    // Alerts name the node whose lines are missing.
    app.monitor({ port: "metrics", relabelings: [nodeLabel] });

    this.rules = vectorRules({ namespace, cluster });
    this.registerOutputs({});
  }
}
