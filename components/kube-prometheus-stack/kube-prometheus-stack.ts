// Not from helm/v3, which loads a hundred modules more for Chart.
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema";
import type { Stage } from "../../migration/stages";
import type { AlertTarget } from "../alertmanager/types";
import { serviceHost, type Environment } from "../kubernetes/environment";
import type { RuleGroup } from "../rules/types";
import { fullname, repository } from "./chart";
import { remoteWriteRules } from "./rules";
import { kpsValues, type KpsImage } from "./values";

/** Arguments of {@link KubePrometheusStack}. */
export interface KubePrometheusStackArgs {
  environment: Environment;
  settings: Settings["kps"];
  /** A release that exists and is taken over, with its namespace and name. */
  adopt?: Settings["adopt"]["kps"];
  /** The stage: who evaluates rules. */
  stage: Pick<Stage, "evaluator">;
  /** Lifts the protection, so that a later update can remove the release. */
  retire: boolean;
  /** Lets Prometheus's volume go with it. */
  reclaimVolume: boolean;
  images: Record<KpsImage, string>;
  /** Where alerts are sent to. */
  alertmanager: AlertTarget;
  /** Where every sample is written to as well, by remote_write; in a stage without Mimir, nowhere. */
  remoteWriteUrl?: string;
}

/**
 * The chart kube-prometheus-stack as operator and Prometheus, until the migration removes it. A Helm release rather than typed resources,
 * so that one that runs already can be imported, and its removal is Helm's own.
 */
export class KubePrometheusStack extends pulumi.ComponentResource {
  /** Where Prometheus is queried, inside the cluster. */
  readonly prometheusUrl: string;
  /** Alerts about remote_write; none where it writes nowhere. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: KubePrometheusStackArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:kube-prometheus-stack:KubePrometheusStack", name, args, opts);
    const { environment, settings, adopt, stage, retire, reclaimVolume, images, alertmanager, remoteWriteUrl } = args;
    const { namespace, release } = place(args);

    const values = kpsValues({
      environment,
      settings,
      adopt,
      evaluates: stage.evaluator === "prometheus",
      reclaimVolume,
      images,
      alertmanager,
      remoteWriteUrl,
    });

    new Release(
      name,
      {
        name: release,
        namespace,
        chart: "kube-prometheus-stack",
        version: settings.chartVersion,
        repositoryOpts: { repo: repository },
        values,
      },
      { parent: this, protect: !retire, import: adopt?.import ? adopt.release : undefined },
    );

    this.prometheusUrl = `http://${serviceHost({ ...environment, namespace }, `${fullname(release, values)}-prometheus`)}:9090`;
    this.rules = remoteWriteUrl ? remoteWriteRules({ environment, settings }) : [];
    this.registerOutputs({ prometheusUrl: this.prometheusUrl });
  }
}

/** Namespace and name of the release: those of the one that is taken over. */
function place({ environment, settings, adopt }: KubePrometheusStackArgs): { namespace: string; release: string } {
  if (!adopt) return { namespace: environment.namespace, release: settings.releaseName };
  const [namespace, release] = adopt.release.split("/");
  return { namespace, release };
}
