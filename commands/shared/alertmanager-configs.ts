/** AlertmanagerConfig objects: whom they notify, and the names under which an Alertmanager has their receivers. */

import { selects, type Labels, type Selector } from "./selector";

/** An AlertmanagerConfig, as far as it is read. */
export interface AlertmanagerConfig {
  metadata?: { name?: string; namespace?: string };
  spec?: unknown;
}

/** One way in which a receiver of an AlertmanagerConfig notifies. */
export interface Integration {
  /** The receiver that it belongs to. */
  receiver: string;
  /** Such as `slack`, for `slackConfigs`. */
  kind: string;
  config: Record<string, unknown>;
  /** Its key in `alertmanager.receivers`: a receiver of the settings notifies in one way. */
  name: string;
}

type Receivers = { receivers?: ({ name: string } & Record<string, unknown>)[] } | undefined;

const receiversOf = ({ spec }: AlertmanagerConfig) => (spec as Receivers)?.receivers ?? [];

/**
 * All ways in which an AlertmanagerConfig notifies.
 * @param object the AlertmanagerConfig
 */
export function integrationsOf(object: AlertmanagerConfig): Integration[] {
  const { namespace = "", name = "" } = object.metadata ?? {};
  return receiversOf(object).flatMap(({ name: receiver, ...kinds }) => {
    const all = Object.entries(kinds).flatMap(([field, configs]) =>
      (configs as Record<string, unknown>[]).map((config) => ({ kind: field.replace(/Configs$/, ""), config })),
    );
    return all.map(({ kind, config }, i) => {
      const last = all.length > 1 ? [kind, ...(i > 0 && all[i - 1].kind === kind ? [String(i + 1)] : [])] : [];
      return { receiver, kind, config, name: settingsName([namespace, name, receiver, ...last].join("-")) };
    });
  });
}

/**
 * A name of the settings, made of the names in an AlertmanagerConfig.
 * @param text such as `shop-team-phone`
 */
export const settingsName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]*/, "")
    .slice(0, 63)
    .replace(/-+$/, "");

/**
 * Whether an Alertmanager has every receiver of an AlertmanagerConfig: as the operator names them, or as `npm run adopt` does in the settings. One
 * that notifies nobody loses nothing.
 * @param object the AlertmanagerConfig
 * @param receivers names of the receivers that Alertmanager has
 */
export function isRead(object: AlertmanagerConfig, receivers: readonly string[]): boolean {
  const { namespace, name } = object.metadata ?? {};
  const integrations = integrationsOf(object);
  return (
    integrations.every((each) => receivers.includes(each.name)) ||
    integrations.every(({ receiver }) => receivers.includes(`${namespace}/${name}/${receiver}`))
  );
}

/** What is read of an Alertmanager object, an AlertmanagerConfig or a namespace to know what selects what. */
interface Selectable {
  metadata?: { name?: string; namespace?: string; labels?: Labels };
  spec?: unknown;
}

/**
 * Whether an Alertmanager object selects an AlertmanagerConfig.
 * @param alertmanager an Alertmanager of the operator
 * @param object the AlertmanagerConfig
 * @param namespaces the cluster's, for their labels
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.AlertmanagerSpec
 */
export function reads(alertmanager: Selectable, object: Selectable, namespaces: readonly Selectable[]): boolean {
  const { alertmanagerConfigSelector, alertmanagerConfigNamespaceSelector } = (alertmanager.spec ?? {}) as {
    alertmanagerConfigSelector?: Selector;
    alertmanagerConfigNamespaceSelector?: Selector;
  };
  const { namespace, labels } = object.metadata ?? {};
  if (isWhole(alertmanager, object)) return true;
  const around = namespaces.find(({ metadata }) => metadata?.name === namespace)?.metadata?.labels;
  return (
    selects(alertmanagerConfigSelector, labels) &&
    (alertmanagerConfigNamespaceSelector
      ? selects(alertmanagerConfigNamespaceSelector, around)
      : namespace === alertmanager.metadata?.namespace)
  );
}

/**
 * Whether an AlertmanagerConfig is the whole configuration of an Alertmanager.
 * @param alertmanager an Alertmanager of the operator
 * @param object the AlertmanagerConfig
 */
export const isWhole = ({ metadata, spec }: Selectable, object: Selectable): boolean =>
  metadata?.namespace === object.metadata?.namespace &&
  (spec as { alertmanagerConfiguration?: { name?: string } } | undefined)?.alertmanagerConfiguration?.name ===
    object.metadata?.name;
