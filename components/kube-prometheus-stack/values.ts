import { prometheusEntries } from "../../settings/release-values";
import type { Settings } from "../../settings/schema";
import type { Backend } from "../../stages";
import { quantityValue } from "../../settings/values";
import type { AlertTarget } from "../alertmanager/types";
import type { Environment } from "../kubernetes/environment";
import { placement } from "../kubernetes/placement";
import { retainVolumes } from "../kubernetes/storage";
import { serviceAccountClass } from "../monitors/scrape-class";
import { imageParts } from "./image-values";
import { mergeValues, type Values } from "./merge";
import { remoteWrite, withFlushDeadline } from "./remote-write";

/** Images that the chart would otherwise choose itself: those of what stays on, and those of what an adoption keeps. */
export const kpsImages = [
  "prometheus",
  "prometheus-operator",
  "prometheus-config-reloader",
  "grafana",
  "k8s-sidecar",
  "node-exporter",
  "kube-state-metrics",
] as const;

/** Their references, by name. */
export type KpsImages = Record<(typeof kpsImages)[number], string>;

/** What {@link kpsValues} is made from. */
export interface KpsValuesArgs {
  environment: Environment;
  settings: Settings["kps"];
  /** A release that is taken over. */
  adopt?: Settings["adopt"]["kps"];
  /** Prometheus evaluates rules; false once another evaluator does, or each alert would be sent twice. */
  evaluates: boolean;
  /** Prometheus's volume is deleted with its StatefulSet. */
  reclaimVolume: boolean;
  images: KpsImages;
  /** Where alerts are sent to. */
  alertmanager: AlertTarget;
  /** Where every sample is written to as well, by remote_write. */
  remoteWriteUrl?: string;
  /** Values by which the release has rules about itself; default: it has none. */
  rules?: Values;
  /** What is there; default: Mimir. */
  backend?: Backend;
}

/**
 * Values of the chart kube-prometheus-stack (88.5) that make it operator and Prometheus only: all else that it can install is this
 * program's own, so that it stays when the chart goes.
 * @param args settings, images, and what the stage asks for
 * @see https://github.com/prometheus-community/helm-charts/blob/main/charts/kube-prometheus-stack/values.yaml
 */
export function kpsValues(args: KpsValuesArgs): Values {
  const own: Values = {
    crds: { enabled: false },
    kubernetesServiceMonitors: { enabled: false },
    alertmanager: { enabled: false },
    ...kept(args),
    prometheusOperator: operator(args),
    prometheus: { enabled: true, prometheusSpec: prometheus(args) },
  };
  return mergeValues(args.adopt?.values ?? {}, mergeValues(own, args.rules ?? { defaultRules: { create: false } }));
}

/** What an adoption leaves in the release until this program's own has taken over. */
function kept({ adopt, images }: KpsValuesArgs): Values {
  const nodeExporter = digested(images["node-exporter"], "digest");
  return {
    grafana: adopt?.keepGrafana
      ? {
          enabled: true,
          image: imageParts(images.grafana),
          sidecar: { image: imageParts(images["k8s-sidecar"]) },
          // Both would add images that are not in the list; the volume's owner was set when it was new.
          initChownData: { enabled: false },
          testFramework: { enabled: false },
        }
      : { enabled: false },
    nodeExporter: { enabled: adopt?.keepExporters ?? false },
    kubeStateMetrics: { enabled: adopt?.keepExporters ?? false },
    ...(adopt?.keepExporters && {
      "prometheus-node-exporter": { image: { ...nodeExporter, distroless: false } },
      "kube-state-metrics": { image: digested(images["kube-state-metrics"], "sha") },
    }),
  };
}

/** These two sub-charts want the digest with its algorithm, under a key of their own. */
function digested(reference: string, key: "digest" | "sha"): Values {
  const { sha, ...parts } = imageParts(reference);
  return { ...parts, ...(sha && { [key]: `sha256:${sha}` }) };
}

function operator({ environment, settings, images }: KpsValuesArgs): Values {
  return {
    enabled: true,
    image: imageParts(images["prometheus-operator"]),
    prometheusConfigReloader: {
      image: imageParts(images["prometheus-config-reloader"]),
      resources: settings.reloaderResources,
      enableProbe: true,
    },
    // Both need a certificate that the chart makes in hooks; without them it has none (measured with 88.5.3).
    admissionWebhooks: { enabled: false },
    tls: { enabled: false },
    // The operator would keep Endpoints of every kubelet, which go stale when it goes; the base monitors find the nodes themselves.
    kubeletService: { enabled: false },
    kubeletEndpointsEnabled: false,
    resources: settings.operatorResources,
    ...placement(environment, [images["prometheus-operator"]]),
  };
}

function prometheus(args: KpsValuesArgs): Values {
  const { environment, settings, adopt, evaluates, images, alertmanager, remoteWriteUrl, backend = "mimir" } = args;
  return {
    image: imageParts(images.prometheus),
    replicas: 1,

    // A series has the same labels here and in what it is written to: these two would say who scraped it.
    prometheusExternalLabelNameClear: true,
    replicaExternalLabelNameClear: true,
    ...(environment.cluster && { externalLabels: { cluster: environment.cluster } }),

    ...everySelected,
    ...(!evaluates && { ruleSelector: { matchLabels: nobody } }),

    scrapeInterval: settings.scrapeInterval,
    evaluationInterval: settings.scrapeInterval,
    scrapeClasses: [serviceAccountClass],
    ...alerting(alertmanager),
    ...(remoteWriteUrl && {
      remoteWrite: [...prometheusEntries("remoteWrite", adopt?.values), remoteWrite(backend, remoteWriteUrl, settings)],
    }),
    additionalArgs: withFlushDeadline(prometheusEntries("additionalArgs", adopt?.values)),

    retention: settings.retention,
    retentionSize: settings.retentionSize ?? mostOf(settings.storage),
    ...storage(args),

    resources: settings.resources,
    ...placement(environment, [images.prometheus, images["prometheus-config-reloader"]]),
  };
}

/** Every monitor and rule of the cluster counts, not only those labelled with the release's name or selected by an adopted release. */
const everySelected: Values = Object.fromEntries(
  ["serviceMonitor", "podMonitor", "probe", "scrapeConfig", "rule"].flatMap((kind) => [
    [`${kind}SelectorNilUsesHelmValues`, false],
    [`${kind}Selector`, {}],
    [`${kind}NamespaceSelector`, {}],
  ]),
);

/** The operator finds a Service; an address, which may be outside the cluster, is Prometheus's own configuration, from a Secret that the chart makes. */
function alerting(target: AlertTarget): Values {
  if ("service" in target) {
    const { namespace, service, port } = target;
    return { alertingEndpoints: [{ namespace, name: service, port, apiVersion: "v2" }] };
  }
  const { protocol, host, pathname } = new URL(target.url);
  const server = { scheme: protocol.slice(0, -1), path_prefix: pathname, static_configs: [{ targets: [host] }] };
  return { alertingEndpoints: [], additionalAlertManagerConfigs: [{ ...server, api_version: "v2" }] };
}

/** No object has this label, so no rule is selected. */
const nobody = { "observability/evaluator": "none" };

function storage({ environment, settings, reclaimVolume }: KpsValuesArgs): Values {
  return {
    storageSpec: {
      volumeClaimTemplate: {
        spec: {
          accessModes: ["ReadWriteOnce"],
          storageClassName: settings.storageClass ?? environment.storageClass,
          resources: { requests: { storage: settings.storage } },
        },
      },
    },
    persistentVolumeClaimRetentionPolicy: { ...retainVolumes, ...(reclaimVolume && { whenDeleted: "Delete" }) },
  };
}

/** 90 % of a volume, so that the write-ahead log and a compaction still fit. In Prometheus 1 MB is 1024 × 1024 bytes. */
const mostOf = (storage: string) => `${Math.floor((quantityValue(storage) * 0.9) / 2 ** 20)}MB`;
