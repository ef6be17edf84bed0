import type { Look } from "../findings";
import type { CustomKind, CustomObject, Inventory, PlainObject } from "../inventory";
import { at, textAt } from "../config-values";
import {
  allKpsReleases,
  called,
  containersOf,
  inWords,
  releaseName,
  releaseOf,
  running,
  runs,
  type Workload,
} from "../objects";

const runbook = "docs/adoption.md#victoriametrics";

/**
 * VictoriaMetrics outside this program: what keeps metrics already, and its operator, which makes objects of its own kinds of each monitor and rule,
 * this program's too.
 */
export const lookAtVictoriaMetrics: Look = (inventory, settings, found) => {
  const { vmsingles, vmclusters } = inventory.custom;
  const programs = running(inventory, /(^|\/)(victoria-metrics|vmstorage)$/);
  // The operator makes a workload for each of its objects.
  const plain = programs.filter(({ metadata }) => !metadata?.ownerReferences?.some(({ kind }) => /^VM/.test(kind)));
  const stores: PlainObject[] = [...vmsingles, ...vmclusters, ...plain];
  const operators = running(inventory, /(^|\/)victoriametrics\/operator$/);
  found.take(...stores, ...operators);

  if (stores.length > 0) {
    const names = inWords(stores.map(called));
    const why = `VictoriaMetrics ${names} keeps this cluster's metrics`;
    found.fit("metrics.backend", "victoria-metrics", why);
    // Of a cluster's parts each has a share of the samples.
    const single = plain.filter((each) => runs(each, /(^|\/)victoria-metrics$/));
    const [store] = stores.length === 1 ? [...vmsingles.map(ofOperator), ...single.map(ofWorkload)] : [];
    found.fit("victoriaMetrics.retention", store?.retention, why);
    found.fit("victoriaMetrics.storage", store?.storage, why);
    found.fit("victoriaMetrics.storageClass", store?.storageClass, why);
    found.ask(
      `VictoriaMetrics ${names} is not taken over: the stack's own, victoria-metrics in ${settings.namespace.name}, is installed beside it, and begins empty`,
      `bring its samples with vmctl vm-native once the stack's own is there, and only then remove it: ${runbook}`,
      // Nothing is there that would have to be migrated from.
      allKpsReleases(inventory).length === 0 && settings.kps.enabled
        ? { stage: "kps-removed", kps: { enabled: false } }
        : undefined,
    );
  }

  const converts = operators.filter((each) => !isConverterOff(each));
  if (converts.length > 0)
    found.ask(
      `${inWords(converts.map(called))}, VictoriaMetrics' operator, makes objects of its own of every monitor and PrometheusRule, this program's too: its vmagent would scrape their targets a second time, and its vmalert notify a second time`,
      `before the first update, set operator.disable_prometheus_converter: true in its chart's values: ${runbook}`,
    );

  // What its chart brings, the stack has itself: targets of the cluster, and rules.
  const charts = new Set(inventory.releases.filter(({ chart }) => /^victoria-metrics-/.test(chart)).map(releaseName));
  for (const [plural, { kind, instead }] of Object.entries(written) as [Written, (typeof written)[Written]][]) {
    const others = inventory.custom[plural].filter(
      (each) => !charts.has(releaseOf(each) ?? "") && !isConverted(inventory, plural, each),
    );
    if (others.length > 0)
      found.ask(
        `only VictoriaMetrics' operator reads ${kind}: ${inWords(others.map(called))}`,
        `write each as a ${instead} before that operator goes; until then it works as it does now: ${runbook}`,
      );
  }
};

/** Kinds of VictoriaMetrics' operator that people write, by plural, and what the stack reads in their place. */
const written = {
  vmservicescrapes: { kind: "VMServiceScrape", instead: "ServiceMonitor", originals: "servicemonitors" },
  vmpodscrapes: { kind: "VMPodScrape", instead: "PodMonitor", originals: "podmonitors" },
  vmprobes: { kind: "VMProbe", instead: "Probe", originals: "probes" },
  vmnodescrapes: { kind: "VMNodeScrape", instead: "ScrapeConfig", originals: undefined },
  vmstaticscrapes: { kind: "VMStaticScrape", instead: "ScrapeConfig", originals: undefined },
  vmscrapeconfigs: { kind: "VMScrapeConfig", instead: "ScrapeConfig", originals: "scrapeconfigs" },
  vmrules: { kind: "VMRule", instead: "PrometheusRule", originals: "prometheusrules" },
} as const satisfies Partial<Record<CustomKind, { kind: string; instead: string; originals?: CustomKind }>>;

type Written = keyof typeof written;

/** What its operator makes of an object of `monitoring.coreos.com`: under the same name, and with that as its owner only where a setting says so. */
function isConverted({ custom }: Inventory, plural: Written, object: CustomObject): boolean {
  const { originals } = written[plural];
  const owners = object.metadata?.ownerReferences ?? [];
  return (
    owners.some(({ apiVersion }) => apiVersion.startsWith("monitoring.coreos.com/")) ||
    (originals !== undefined && custom[originals].some((each) => called(each) === called(object)))
  );
}

/** Whether an operator leaves objects of Prometheus's operator alone: https://docs.victoriametrics.com/operator/integrations/prometheus/ */
function isConverterOff(operator: Workload): boolean {
  return containersOf(operator).some(({ env = [], args = [] }) => {
    const left = args.find((arg) => /^--?controller\.disableReconcileFor=/.test(arg)) ?? "";
    return converted.every(
      ({ kind, variable }) =>
        left.includes(kind) || env.some(({ name, value }) => name === variable && value === "false"),
    );
  });
}

/** The kinds that do harm, with the variable of older versions. */
const converted = [
  { kind: "ServiceMonitor", variable: "VM_ENABLEDPROMETHEUSCONVERTER_SERVICESCRAPE" },
  { kind: "PrometheusRule", variable: "VM_ENABLEDPROMETHEUSCONVERTER_PROMETHEUSRULE" },
] as const;

interface Store {
  retention?: string;
  storage?: string;
  storageClass?: string;
}

/** A month of 31 days, as VictoriaMetrics counts where there is no unit. */
const retention = (text: string | undefined): string | undefined =>
  text !== undefined && /^\d+$/.test(text) ? `${Number(text) * 31}d` : text;

const volume = (claim: Record<string, unknown>): Store => ({
  storage: textAt(claim, "resources.requests.storage"),
  storageClass: textAt(claim, "storageClassName"),
});

function ofOperator({ spec = {} }: CustomObject): Store {
  return {
    retention: retention(textAt(spec, "retentionPeriod")),
    ...volume((at(spec, "storage") ?? {}) as Record<string, unknown>),
  };
}

function ofWorkload(workload: Workload): Store {
  const args = containersOf(workload).flatMap(({ args = [], command = [] }) => [...command, ...args]);
  const given = args.map((arg) => /^--?retentionPeriod=(.+)$/.exec(arg)?.[1]).find((each) => each !== undefined);
  const claims = at((workload.spec ?? {}) as Record<string, unknown>, "volumeClaimTemplates");
  const [claim] = Array.isArray(claims) ? (claims as { spec?: Record<string, unknown> }[]) : [];
  return { retention: retention(given), ...volume(claim?.spec ?? {}) };
}
