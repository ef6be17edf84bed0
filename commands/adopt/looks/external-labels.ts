import { prometheusEntries, prometheusName } from "../../../settings/release-values";
import { isMap } from "../../../engine/json";
import type { Settings } from "../../../settings/schema";
import { at, textAt } from "../config-values";
import type { Findings } from "../findings";
import type { Release, Values } from "../release";

/** What the operator adds to everything that its Prometheus sends, by the chart's defaults; alerts don't have the replica's. */
const identity = [
  { key: "prometheusExternalLabelName", usual: "prometheus", clear: "prometheusExternalLabelNameClear" },
  { key: "replicaExternalLabelName", usual: "prometheus_replica", clear: "replicaExternalLabelNameClear" },
] as const;

/**
 * The labels that say which Prometheus sent something: the stack's is without them, as Mimir and vmalert couldn't give them to the same alerts later.
 * @param release that is taken over
 * @param effective its values over the chart's
 * @param settings of the stack
 * @param found receives what changes
 */
export function lookAtExternalLabels(release: Release, effective: Values, settings: Settings, found: Findings): void {
  const spec = at(effective, "prometheus.prometheusSpec");
  if (!isMap<unknown>(spec)) return;
  const [ofAlerts, ofReplica] = identity.map(({ key, usual, clear }) =>
    at(spec, clear) === true ? undefined : (textAt(spec, key) ?? usual),
  );
  const { name: cluster } = settings.cluster;
  const gained =
    cluster === undefined || textAt(spec, "externalLabels.cluster") === cluster ? undefined : `cluster="${cluster}"`;
  if (ofAlerts === undefined && gained === undefined) return;

  const own = `${release.namespace}/${prometheusName(release.name, release.values)}`;
  const change = [
    ...(ofAlerts ? [`lose the label ${ofAlerts}="${own}"`] : []),
    ...(gained ? [`get the label ${gained}`] : []),
  ].join(" and ");
  const lost = [ofAlerts, ofReplica].filter((label) => label !== undefined);
  const written =
    prometheusEntries("remoteWrite", release.values).length > 0 && lost.length > 0
      ? `. Series that it writes by remote_write lose ${lost.join(" and ")}, and so continue as new series`
      : "";
  found.ask(
    `with the first update, alerts ${change}: to an Alertmanager that stays, each firing alert is a new one` +
      `${ofAlerts ? `, and silences, routes and inhibitions that match on ${ofAlerts} no longer match` : ""}${written}`,
    `${ofAlerts ? `remove ${ofAlerts} from your routes and inhibitions, and from silences before you import them` : "nothing, unless a route or inhibition tells alerts apart by it"}: docs/adoption.md#labels-of-alerts`,
  );
}
