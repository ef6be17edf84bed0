import { show, unknownOf } from "../config/show";
import { matches } from "../glob";
import { MetricsStack, portsOf } from "../metrics/stack";
import { inner } from "../paths";
import type { Resource } from "../resource";
import type { ServiceName } from "../services";
import { Unknown } from "../unknown";
import type { DataSource } from "./data-sources";
import { grafanasOf } from "./instances";

/** A default data source for metrics that nothing feeds, or that isn't there. */
export interface UnfedSource {
  resource: Resource;
  path: string;
  found: string;
  /** Whether the stack lacks the Service of its address or the port, or nothing feeds it, or what may can't be read. */
  fault: "service" | "port" | "source" | "unread";
  /** Host of its address. */
  host: string;
  /** What stands where an address that something writes to can't be read: it may be this one. */
  unread?: string;
}

/**
 * The default data sources for metrics that nothing in a stack feeds.
 *
 * @param fedElsewhere hosts that something outside the stack feeds; `*` stands for any text
 * @returns an {@link Unknown} for an address that a preview can't know
 */
export function* unfedSources(
  resources: readonly Resource[],
  fedElsewhere: readonly string[],
): Iterable<UnfedSource | Unknown> {
  const stack = new MetricsStack(resources);
  for (const source of grafanasOf(resources).flat().filter(isDefaultForMetrics)) {
    const { url } = source;
    if (url instanceof Unknown) yield url;
    if (typeof url !== "string") continue;
    const host = URL.canParse(url) ? new URL(url).hostname : "";
    if (fedElsewhere.some((pattern) => matches(pattern, host))) continue;
    const name = stack.serviceAt(url, source.resource.namespace);
    const unfed = name && whyUnfed(name, stack);
    if (unfed instanceof Unknown) yield unfed;
    else if (unfed) yield { resource: source.resource, path: inner(source.path, "url"), host, ...unfed };
  }
}

function isDefaultForMetrics({ isDefault, type }: DataSource): boolean {
  return "value" in isDefault && isDefault.value && /^(prometheus|.*victoriametrics.*)$/.test(String(type));
}

function whyUnfed(
  name: ServiceName,
  stack: MetricsStack,
): Pick<UnfedSource, "found" | "fault" | "unread"> | Unknown | undefined {
  const place = `${name.service} in namespace ${name.namespace}`;
  const maker = stack.makerOf(name);
  if (!maker) return { found: `${place}, but the stack has no metrics Service of that name there`, fault: "service" };
  const ports = portsOf(maker);
  if (name.port !== undefined && ports.length > 0 && !ports.includes(name.port)) {
    return { found: `port ${name.port} of ${maker.label}, which has only ${ports.join(", ")}`, fault: "port" };
  }
  if (stack.isFed(maker)) return undefined;
  const found = `${place}, but nothing in the stack scrapes for it or writes to it`;
  const doubt = stack.unreadAddress;
  if (!doubt) return { found, fault: "source" };
  return unknownOf(doubt) ?? { found, fault: "unread", unread: show(doubt) };
}
