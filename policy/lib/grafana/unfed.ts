import type { Setting } from "../config/read";
import { matches } from "../glob";
import { MetricsStack, portsOf } from "../metrics/stack";
import type { Resource } from "../resource";
import type { ServiceName } from "../services";
import { Unknown } from "../unknown";
import type { DataSource } from "./data-sources";
import { grafanasOf } from "./instances";

/** A default data source for metrics that nothing feeds, or that isn't there. */
export interface UnfedSource {
  source: DataSource;
  /** Host of its address. */
  host: string;
  /** The Service that its address leads to. */
  name: ServiceName;
  /** What makes that Service; undefined where nothing in the stack does. */
  maker?: Resource;
  /** Its ports, where the address has none of them. */
  ports?: number[];
  /** An address that something writes to and that can't be read: it may be this one. */
  doubt?: Setting<string>;
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
    const why = name && whyUnfed(name, stack);
    if (name && why) yield { source, host, name, ...why };
  }
}

function isDefaultForMetrics({ isDefault, type }: DataSource): boolean {
  return "value" in isDefault && isDefault.value && /^(prometheus|.*victoriametrics.*)$/.test(String(type));
}

function whyUnfed(name: ServiceName, stack: MetricsStack): Pick<UnfedSource, "maker" | "ports" | "doubt"> | undefined {
  const maker = stack.makerOf(name);
  if (!maker) return {};
  const ports = portsOf(maker);
  if (name.port !== undefined && ports.length > 0 && !ports.includes(name.port)) return { maker, ports };
  return stack.isFed(maker) ? undefined : { maker, doubt: stack.unreadAddress };
}
