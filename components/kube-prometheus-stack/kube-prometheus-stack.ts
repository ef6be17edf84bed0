// Not from helm/v3, which loads a hundred modules more for Chart.
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import * as pulumi from "@pulumi/pulumi";
import { fullname } from "../../settings/release-values";
import type { Settings } from "../../settings/schema";
import type { Retainable } from "../../settings/sections/removal";
import { backendOf, type Stage } from "../../stages";
import type { AlertTarget } from "../alertmanager/types";
import { serviceHost, type Environment } from "../kubernetes/environment";
import { kept } from "../kubernetes/keep";
import type { RuleGroup } from "../rules/types";
import { chartArgs } from "./chart-source";
import type { Values } from "./merge";
import { remoteWriteRules } from "./rules";
import { kpsValues, type KpsImages } from "./values";

/** Arguments of {@link KubePrometheusStack}. */
export interface KubePrometheusStackArgs {
  environment: Environment;
  settings: Settings["kps"];
  /** A release that exists and is taken over, with its namespace and name. */
  adopt?: Settings["adopt"]["kps"];
  /** The stage: who evaluates rules, and what is written to. */
  stage: Pick<Stage, "evaluator" | "mimir" | "victoriaMetrics">;
  /** Lifts the protection, so that a later update can remove the release. */
  retire: boolean;
  /** What stays when Pulumi forgets it; default: nothing, everything is protected. */
  retain?: readonly Retainable[];
  /** Lets Prometheus's volume go with it. */
  reclaimVolume: boolean;
  images: KpsImages;
  /** Where alerts are sent to. */
  alertmanager: AlertTarget;
  /** Where every sample is written to as well, by remote_write; in a stage without a backend, nowhere. */
  remoteWriteUrl?: string;
  /** Values by which the release has rules about itself, which go with it; default: it has none. */
  ruleValues?: Values;
}

/**
 * The chart kube-prometheus-stack as operator and Prometheus, until the migration removes it. A Helm release rather than typed resources,
 * so that one that runs already can be imported, and its removal is Helm's own.
 */
export class KubePrometheusStack extends pulumi.ComponentResource {
  /** Prometheus's pods, as the operator labels them: https://github.com/prometheus-operator/prometheus-operator/blob/v0.85.0/pkg/prometheus/labels.go */
  readonly prometheusPods: { namespace: string; labels: Record<string, string> };
  /** Where Prometheus is queried, inside the cluster. */
  readonly prometheusUrl: string;
  /** Alerts about remote_write; none where it writes nowhere. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: KubePrometheusStackArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:kube-prometheus-stack:KubePrometheusStack", name, args, opts);
    const { environment, settings, adopt, stage, retire, retain, reclaimVolume, images, alertmanager, remoteWriteUrl } =
      args;
    const { namespace, release } = place(args);
    const backend = backendOf(stage);

    const values = kpsValues({
      environment,
      settings,
      adopt,
      evaluates: stage.evaluator === "prometheus",
      reclaimVolume,
      images,
      alertmanager,
      remoteWriteUrl,
      rules: args.ruleValues,
      backend,
    });

    new Release(
      name,
      {
        name: release,
        namespace,
        ...chartArgs("kube-prometheus-stack", settings.chartVersion, settings.chart),
        values,
      },
      {
        parent: this,
        ...(retire ? { protect: false } : kept("kps", retain)),
        import: adopt?.import ? adopt.release : undefined,
      },
    );

    this.prometheusPods = { namespace, labels: { "app.kubernetes.io/name": "prometheus" } };
    this.prometheusUrl = `http://${serviceHost({ ...environment, namespace }, `${fullname(release, values)}-prometheus`)}:9090`;
    this.rules = backend ? remoteWriteRules({ environment, settings, backend }) : [];
    this.registerOutputs({ prometheusUrl: this.prometheusUrl });
  }
}

/** Namespace and name of the release: those of the one that is taken over. */
function place({ environment, settings, adopt }: KubePrometheusStackArgs): { namespace: string; release: string } {
  if (!adopt) return { namespace: environment.namespace, release: settings.releaseName };
  const [namespace, release] = adopt.release.split("/");
  return { namespace, release };
}
