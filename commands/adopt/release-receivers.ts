import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { mergeValues } from "../../components/kube-prometheus-stack/merge";
import { isMap } from "../../engine/json";
import { configurationKey } from "../../settings/sections/alerting";
import { at } from "./config-values";
import type { Inventory } from "./inventory";
import { called, releaseName, releaseOf } from "./objects";
import type { Release } from "./release";

/** Whom the Alertmanager of a release notifies. */
export interface ReleaseReceivers {
  /** Names of its receivers, sorted. */
  names: string[];
  /** The Secret with its configuration, as `namespace/name`, where that is not the release's. */
  ownSecret?: string;
}

/** The chart's receiver that notifies nobody. */
const nobody = "null";

/**
 * The receivers of a release's Alertmanager: those of the configuration that it reads, or else those of the release's values. Nothing but names is taken
 * out of the configuration, which is a Secret.
 * @param inventory what the cluster has
 * @param release of kube-prometheus-stack
 */
export function releaseReceivers({ custom, secrets }: Inventory, release: Release): ReleaseReceivers {
  const alertmanager = custom.alertmanagers.find((each) => releaseOf(each) === releaseName(release));
  const { configSecret } = (alertmanager?.spec ?? {}) as { configSecret?: string };
  // The operator's default: https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.AlertmanagerSpec
  const name = configSecret || `alertmanager-${alertmanager?.metadata?.name}`;
  const secret = secrets.find(
    ({ metadata }) => metadata?.name === name && metadata.namespace === alertmanager?.metadata?.namespace,
  );
  const found =
    receiversIn(textIn(secret?.data)) ??
    at(mergeValues(release.defaults, release.values), "alertmanager.config.receivers");
  const names = (Array.isArray(found) ? (found as unknown[]) : [])
    .flatMap((each) => (isMap<unknown>(each) && typeof each.name === "string" ? each.name : []))
    .filter((each) => each !== nobody)
    .sort();
  const isOwn = secret?.data?.[configurationKey] !== undefined && releaseOf(secret) !== releaseName(release);
  return { names, ...(isOwn && { ownSecret: called(secret) }) };
}

/** The operator takes a packed one too. */
function textIn(data: Record<string, string> = {}): string {
  const [plain, packed] = [data[configurationKey], data[`${configurationKey}.gz`]];
  if (plain !== undefined) return Buffer.from(plain, "base64").toString();
  try {
    return packed === undefined ? "" : gunzipSync(Buffer.from(packed, "base64")).toString();
  } catch {
    return "";
  }
}

function receiversIn(text: string): unknown {
  try {
    const file: unknown = parse(text, { merge: true, logLevel: "silent" });
    return isMap<unknown>(file) ? file.receivers : undefined;
  } catch {
    return undefined;
  }
}
