import { fullname } from "../../../settings/release-values";
import type { Settings } from "../../../settings/schema";
import { askers, askingKinds, fate, prometheusServices, type Readable, type Want } from "../../shared/askers";
import { groupBy } from "../../shared/group-by";
import { textAt } from "../config-values";
import type { Findings } from "../findings";
import type { Inventory } from "../inventory";
import { inWords, releaseName } from "../objects";
import type { Release } from "../release";

/** Who asks the release's Prometheus by the names of its Services, which go with it: they are kept for them. */
export function lookAtAskers(inventory: Inventory, settings: Settings, release: Release, found: Findings): void {
  const namespace = textAt(release.values, "namespaceOverride") ?? release.namespace;
  const services = prometheusServices(namespace, fullname(release.name, release.values));
  const all = askers({ ...lists(inventory), Secret: inventory.secrets.map(decoded) }, services, releaseName(release));
  found.askers = all;
  const who = inWords(all.map((asker) => asker.who));
  found.fit(
    "prometheusApi.formerNames",
    services,
    `${all.length > 0 ? `asked by ${who}` : "no object was found that uses these names"}; clients outside the cluster aren't seen, only counted, by npm run verify`,
  );
  const stay =
    "nothing now: prometheusApi.formerNames keeps them, with one more update after stage kps-removed; or point each to the Service metrics, port 9090, from the first update on";
  for (const [end, some] of groupBy(
    all,
    (asker) => fate(asker, settings.metrics.backend, settings.namespace.name) ?? stay,
  )) {
    const [names, asked] = [some.map((asker) => asker.who), some.map(({ asks }) => asks)].map(inWords);
    found.ask(
      `${names} ${verbs[some[0].wants]} by names that are deleted with the release (${asked})`,
      `${end}: docs/kps-removed.md#whoever-asks-prometheus`,
    );
  }
}

const verbs: Readonly<Record<Want, string>> = {
  queries: "asks Prometheus",
  federate: "scrapes /federate of Prometheus",
  read: "reads Prometheus by remote read",
  write: "sends samples to Prometheus",
};

/** The objects whose text is read, by kind. */
function lists(inventory: Inventory) {
  const { asking, custom, deployments, statefulSets, daemonSets, jobs, cronJobs, configMaps, ingresses } = inventory;
  const byPlural: Readonly<Record<string, readonly Readable[]>> = {
    ...{ ...asking, ...custom, deployments, daemonsets: daemonSets, statefulsets: statefulSets },
    ...{ jobs, cronjobs: cronJobs, configmaps: configMaps, ingresses },
  };
  return Object.fromEntries(
    Object.entries(askingKinds).map(([kind, path]) => [kind, byPlural[path.split("/").at(-1)!] ?? []]),
  );
}

/** The text of a Secret, such as a configuration of scrapes; only its owner is printed. */
const decoded = ({ metadata, data }: Inventory["secrets"][number]) => ({
  metadata,
  data: Object.values(data ?? {}).map((value) => Buffer.from(value, "base64").toString("utf8")),
});
