import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import type { Stage } from "../../stages";
import type { Dashboard } from "../grafana/dashboard";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import type { RuleGroup } from "../rules/types";
import { vmalertUrl } from "../vmalert/url";
import type { Secrets } from "../secrets/secrets";
import type { SecretRef } from "../secrets/types";
import { httpPort } from "./arguments";
import { victoriaMetricsDashboard } from "./dashboard";
import { authKey, victoriaMetricsPod } from "./pod";
import { victoriaMetricsRules } from "./rules";
import { victoriaMetricsUrl } from "./url";

/** Arguments of {@link VictoriaMetrics}. */
export interface VictoriaMetricsArgs {
  environment: Environment;
  settings: Settings["victoriaMetrics"];
  /** Whether rules are evaluated on it, by vmalert; and who writes to it. */
  stage: Pick<Stage, "evaluator" | "kps" | "scraper">;
  images: Record<"victoria-metrics", string>;
  /** Its key: {@link mountVictoriaMetricsKey}. */
  secret: SecretRef;
}

/**
 * Declares the key that snapshots and deletions ask for. It belongs to no stage, as the keys of buckets: the item that keeps it in 1Password is
 * protected, and could not go with the workload.
 * @param secrets where it is kept
 */
export const mountVictoriaMetricsKey = (secrets: Secrets): SecretRef =>
  secrets.mount("victoriaMetrics", () => ({ [authKey]: secrets.generate("victoria-metrics-key") }));

// It opens its whole index before it answers.
const patience = { create: "20m", update: "20m" };

/**
 * VictoriaMetrics in one process, with all samples on one volume, which outlives it.
 *
 * One replica: a second one would be another database. While it is away, whoever writes to it keeps the samples and sends them later.
 */
export class VictoriaMetrics extends pulumi.ComponentResource {
  /** Where samples are pushed to by remote_write. */
  readonly pushUrl: string;
  /** Base URL of the Prometheus API. */
  readonly queryUrl: string;
  /** Alerts about VictoriaMetrics. */
  readonly rules: RuleGroup[];
  /** Dashboards of VictoriaMetrics. */
  readonly dashboards: Dashboard[];

  constructor(name: string, args: VictoriaMetricsArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, stage, images, secret } = args;
    super("observability:victoria-metrics:VictoriaMetrics", name, { environment, settings, images }, opts);
    const image = images["victoria-metrics"];
    const app = new Application(this, {
      environment,
      name,
      identity: { name: "victoria-metrics", version: imageVersion(image) },
    });

    const evaluatorUrl = stage.evaluator === "victoria-metrics" ? vmalertUrl(environment) : undefined;
    const account = app.serviceAccount();
    const service = app.service({ ports: [namedPort("http", httpPort)] });
    const template = victoriaMetricsPod(app, { settings, image, secret, evaluatorUrl });
    app.statefulSet({ volume: settings, template }, { dependsOn: [account, service], customTimeouts: patience });
    app.monitor({ port: "http" });

    this.queryUrl = victoriaMetricsUrl(environment);
    this.pushUrl = `${this.queryUrl}/api/v1/write`;
    this.rules = victoriaMetricsRules(args);
    this.dashboards = [victoriaMetricsDashboard(args)];
    this.registerOutputs({ pushUrl: this.pushUrl, queryUrl: this.queryUrl });
  }
}
