import { mergeValues } from "../../components/kube-prometheus-stack/merge";
import { serviceAccountClass } from "../../components/monitors/scrape-class";
import { isMap } from "../../offline/json";
import { at, textAt } from "../config-values";
import type { Findings, Look } from "../findings";
import type { Inventory } from "../inventory";
import { stayingValues } from "../kps-values";
import { called, inWords, kpsReleases, releaseName, releaseOf } from "../objects";
import type { Release, Values } from "../release";
import { withoutSecrets } from "../secret-values";

const runbook = "docs/adoption.md#kube-prometheus-stack";

/** A release of kube-prometheus-stack: what of it is taken over, what stays of its values, and what goes. */
export const lookAtKps: Look = (inventory, { kps }, found) => {
  if (!kps.enabled) return;
  const [release, ...others] = kpsReleases(inventory);
  if (!release) return lookForOthers(inventory, found);
  if (others.length > 0)
    return found.ask(
      `several releases of kube-prometheus-stack: ${inWords([release, ...others].map(releaseName))}`,
      "take over the one whose samples you want to keep (adopt.kps.release), and uninstall the others, not their CRDs, before",
    );

  if (isTakenOver(release)) return;
  const name = releaseName(release);
  const said = `release ${name}, chart ${release.chartVersion}, revision ${release.revision}`;
  found.take(...inventory.deployments.filter((each) => releaseOf(each) === name));
  found.fit("adopt.kps.release", name, said);
  if (release.status !== "deployed")
    found.ask(
      `release ${name} is ${release.status}: it can't be taken over`,
      `helm -n ${release.namespace} history ${release.name}, then helm -n ${release.namespace} rollback ${release.name}`,
    );
  version(release, kps.chartVersion, found);

  const effective = mergeValues(release.defaults, release.values);
  const keep = {
    keepGrafana: at(effective, "grafana.enabled") !== false,
    keepExporters:
      at(effective, "nodeExporter.enabled") !== false || at(effective, "kubeStateMetrics.enabled") !== false,
  };
  found.fit("adopt.kps.keepGrafana", keep.keepGrafana || undefined, "its Grafana is inside: false in a later update");
  found.fit(
    "adopt.kps.keepExporters",
    keep.keepExporters || undefined,
    "its exporters are inside and hold host port 9100: false in the next update",
  );
  values(release, keep, found);
  prometheus(inventory, release, effective, found);
  alertmanager(release, effective, found);
};

/** Whether it has this program's values: it was made or taken over by it. */
const isTakenOver = ({ values }: Release): boolean =>
  JSON.stringify(at(values, "prometheus.prometheusSpec.scrapeClasses") ?? "").includes(`"${serviceAccountClass.name}"`);

/** The values are written for one major version of the chart. */
function version({ chartVersion, ...release }: Release, wanted: string, found: Findings): void {
  const major = (text: string) => text.split(".")[0];
  if (major(chartVersion) === major(wanted))
    return found.fit(
      "kps.chartVersion",
      chartVersion,
      "the chart as it is installed: raise it in an update of its own",
    );
  found.ask(
    `the chart of the release is ${chartVersion}; this program's values are written for ${wanted} (kps.chartVersion)`,
    Number(major(chartVersion)) < Number(major(wanted))
      ? `upgrade it by hand first, to ${major(wanted)}.x, by its upgrade notes: helm -n ${release.namespace} upgrade ${release.name}`
      : `try kps.chartVersion: ${chartVersion}, with the kps.crdsChartVersion of the same operator, and read the preview`,
  );
}

function values(release: Release, keep: Parameters<typeof stayingValues>[1], found: Findings): void {
  const { kept, withheld } = withoutSecrets(stayingValues(release.values, keep));
  found.fit(
    "adopt.kps.values",
    Object.keys(kept).length > 0 ? kept : undefined,
    "what of its own values goes on counting (helm get values); read them",
  );
  if (withheld.length > 0)
    found.ask(
      `values of the release that may be secrets are left out: ${withheld.join(", ")}`,
      "put each into a Kubernetes Secret and name that in adopt.kps.values (grafana.admin.existingSecret, remoteWrite[].basicAuth …); what is no secret, write there as it is",
    );
}

/** Prometheus as it runs: what the import must not change. */
function prometheus(inventory: Inventory, release: Release, effective: Values, found: Findings): void {
  const spec = at(effective, "prometheus.prometheusSpec");
  if (!isMap<unknown>(spec)) return;
  const text = (path: string) => textAt(spec, path);
  const as = "as it is";
  found.fit("kps.retention", text("retention"), as);
  // Both count in powers of 1024: github.com/alecthomas/units.
  found.fit("kps.retentionSize", text("retentionSize")?.replace(/iB$/, "B"), as);
  found.fit("kps.scrapeInterval", text("scrapeInterval"), as);
  for (const kind of ["cpu", "memory"] as const) {
    const [request, limit] = [text(`resources.requests.${kind}`), text(`resources.limits.${kind}`)];
    found.fit(`kps.resources.requests.${kind}`, request ?? limit, request ? as : "what its limit makes of it");
    found.fit(
      `kps.resources.limits.${kind}`,
      limit ?? (kind === "memory" ? doubled(request) : undefined),
      limit ? as : "twice the request: it has no limit, here it needs one",
    );
  }

  const claim = prometheusClaim(inventory, release);
  const template = "storageSpec.volumeClaimTemplate.spec";
  const size = claim?.spec?.resources?.requests?.storage ?? text(`${template}.resources.requests.storage`);
  const where = claim ? `as the claim ${called(claim)} is` : as;
  found.fit("kps.storage", size, `${where}; a smaller one can't be brought about`);
  found.fit("kps.storageClass", claim?.spec?.storageClassName ?? text(`${template}.storageClassName`), where);
  if (!size)
    found.ask(
      "its Prometheus has no volume: the import gives it one, and the samples of before are lost with its pod",
      "nothing, if they may go; else copy the folder /prometheus out of its pod first (kubectl cp)",
    );
  if (Number(at(spec, "replicas") ?? 1) > 1)
    found.ask(
      `its Prometheus has ${String(at(spec, "replicas"))} replicas; this program runs one`,
      "nothing: the volume of the first is used, the claims of the others stay until you delete them",
    );
}

const doubled = (memory: string | undefined): string | undefined => {
  const [, number, unit] = /^(\d+)([A-Za-z]*)$/.exec(memory ?? "") ?? [];
  return number && `${2 * Number(number)}${unit}`;
};

/** The claim of the first replica, by the labels that the operator gives. */
function prometheusClaim({ claims }: Inventory, { namespace }: Release) {
  const own = claims.filter(
    ({ metadata }) =>
      metadata?.namespace === namespace &&
      metadata.labels?.["operator.prometheus.io/name"] !== undefined &&
      /^prometheus-.*-0$/.test(metadata.name ?? ""),
  );
  return own.length === 1 ? own[0] : undefined;
}

function alertmanager({ namespace, values }: Release, effective: Values, found: Findings): void {
  if (at(effective, "alertmanager.enabled") === false) return;
  const receivers = at(values, "alertmanager.config.receivers");
  const names = Array.isArray(receivers) ? receivers.flatMap((each: { name?: string }) => each?.name ?? []) : [];
  found.ask(
    `the Alertmanager inside the release goes with the first update, with its silences${names.length > 0 ? ` and its receivers (${inWords(names)})` : ""}`,
    `export the silences of namespace ${namespace} first; the stack's own Alertmanager knows Pushover, a heartbeat and a webhook, for others run one outside the release: ${runbook}`,
  );
}

/** An operator or a Prometheus that came another way. */
function lookForOthers({ custom, deployments }: Inventory, found: Findings): void {
  const rendered = deployments.filter(({ metadata }) =>
    metadata?.labels?.["helm.sh/chart"]?.startsWith("kube-prometheus-stack-"),
  );
  if (rendered.length > 0 || custom.prometheuses.length > 0) {
    found.take(...rendered, ...custom.prometheuses);
    found.ask(
      rendered.length > 0
        ? `kube-prometheus-stack runs (${inWords(rendered.map(called))}), but there is no Helm release of it: Argo CD and helm template make none`
        : `a Prometheus of the operator runs without a release of kube-prometheus-stack: ${inWords(custom.prometheuses.map(called))}`,
      "it can't be imported, and two operators would fight over one Prometheus: docs/adoption.md#flux-or-argo-cd, or kps.enabled: false",
    );
  }
}
