import type { Findings, Look } from "../findings";
import type { Inventory, PlainObject } from "../inventory";
import { groupBy } from "../../shared/group-by";
import { called, inWords } from "../objects";

const runbook = "docs/adoption.md#flux-or-argo-cd";

/** What owns an object, by the labels and annotations that Flux and Argo CD set. */
const marks: readonly { owner: string; of: (labels: Record<string, string>) => string | undefined }[] = [
  {
    owner: "Flux's Kustomization",
    of: (labels) => pair(labels, "kustomize.toolkit.fluxcd.io"),
  },
  { owner: "Flux's HelmRelease", of: (labels) => pair(labels, "helm.toolkit.fluxcd.io") },
  {
    owner: "Argo CD's Application",
    of: (labels) => labels["argocd.argoproj.io/instance"] ?? labels["argocd.argoproj.io/tracking-id"]?.split(":")[0],
  },
];

const pair = (labels: Record<string, string>, group: string) =>
  labels[`${group}/name`] && `${labels[`${group}/namespace`]}/${labels[`${group}/name`]}`;

/** Charts of systems that this program installs too. */
const charts =
  /^(kube-prometheus-stack|prometheus-operator-crds|victoria-metrics-.+|loki(-.*)?|grafana|alloy|k8s-monitoring|promtail|vector|fluent-bit|prometheus-node-exporter|kube-state-metrics|alertmanager)$/;

/** Flux or Argo CD as owner of what would be used or taken over. Comes last. */
export const lookAtOwners: Look = (inventory, _settings, found) => {
  const owned = found.taken.flatMap((object) => ownersOf(object).map((owner) => ({ owner, object })));
  const byOwner = groupBy(owned, ({ owner }) => owner);
  for (const owner of [...helmReleases(inventory), ...applications(inventory)])
    if (!byOwner.has(owner)) byOwner.set(owner, []);
  for (const [owner, objects] of byOwner) warn(owner, inWords(objects.map(({ object }) => called(object))), found);
};

function warn(owner: string, objects: string, found: Findings): void {
  found.ask(
    `${owner} owns ${objects || "what this program would install too"}, and would undo the update`,
    `in this order: suspend it, import, remove it from Git: ${runbook}`,
  );
}

const ownersOf = ({ metadata }: PlainObject): string[] =>
  marks.flatMap(({ owner, of }) => {
    const name = of({ ...metadata?.annotations, ...metadata?.labels });
    return name ? [`${owner} ${name}`] : [];
  });

function helmReleases({ custom }: Inventory): string[] {
  return custom.helmreleases
    .filter(({ spec = {} }) => {
      const { chart, chartRef, suspend } = spec as {
        chart?: { spec?: { chart?: string } };
        chartRef?: { name?: string };
        suspend?: boolean;
      };
      return suspend !== true && charts.test((chart?.spec?.chart ?? chartRef?.name ?? "").replace(/^.*\//, ""));
    })
    .map((each) => `Flux's HelmRelease ${called(each)}`);
}

function applications({ custom }: Inventory): string[] {
  return custom.applications
    .filter(({ spec = {} }) => {
      const { source, sources = [] } = spec as { source?: { chart?: string }; sources?: { chart?: string }[] };
      return [source, ...sources].some((each) => charts.test(each?.chart ?? ""));
    })
    .map(({ metadata }) => `Argo CD's Application ${metadata?.name}`);
}
