import { noEnvironment } from "../config/environment";
import { readYaml } from "../config/yaml";
import { inner } from "../paths";
import type { Resource } from "../resource";
import { at, isBlock, Unknown, type Block } from "../unknown";

/** A Helm chart that a resource installs. */
export interface Chart {
  /** Its name, such as `kube-prometheus-stack`; undefined where a preview can't know it. */
  name?: string;
  /** Its version, where the resource names one. */
  version?: string;
  /** Where it comes from: the address or name of a repository, or what stands before the name in a path or an OCI reference. */
  repository?: string;
  /** Its values: those of `valueYamlFiles`, and over them `values`. */
  values: Block;
  /** Where values are that can't be read from here. */
  unreadable: UnreadableValues[];
  /** Whether other values are laid over these, or under them, that aren't shown beside them: what is missing here may be there. */
  isPartial?: true;
}

/** Values that can't be read. */
export interface UnreadableValues {
  path: string;
  /** What is the matter with them. */
  problem: string | Unknown;
  /** The text that they are; none for a file that isn't seen. */
  text?: string;
}

/** One of several values that are laid over each other. */
export interface Layer extends Partial<UnreadableValues> {
  path: string;
  /** Not those that can't be read. */
  values?: unknown;
}

const known = new WeakMap<Resource, Chart | undefined>();

/**
 * The chart of a `helm.v3.Release`, `helm.v3.Chart` or `helm.v4.Chart`.
 *
 * @returns undefined for any other resource
 */
export function chartOf(resource: Resource): Chart | undefined {
  if (!/^kubernetes:helm\.sh\/v\d+:(Release|Chart)$/.test(resource.type)) return undefined;
  if (!known.has(resource)) known.set(resource, ofResource(resource.props));
  return known.get(resource);
}

function ofResource(props: Block): Chart {
  const layers: Layer[] = [...filesOf(props.valueYamlFiles), { path: "values", values: props.values }];
  const repository = at(props, "repositoryOpts.repo") ?? at(props, "fetchOpts.repo") ?? props.repo;
  return {
    ...chartNamed(props.chart, props.version, repository),
    ...laid(layers),
  };
}

/**
 * Which chart it is, by what installs it.
 *
 * @param chart a name in a repository, a path, an OCI reference or the address of an archive: `kube-prometheus-stack`, `./charts/loki`,
 * `oci://host/charts/loki:6.49.0`, `./loki-6.49.0.tgz`
 * @param version its version, which may stand in the reference as well
 * @param repository the address or name of its repository
 */
export function chartNamed(
  chart: unknown,
  version: unknown,
  repository: unknown,
): Pick<Chart, "name" | "version" | "repository"> {
  if (typeof chart !== "string") return {};
  const [path] = chart.split(/[?#@]/);
  const [, before = "", last = ""] = /^(.*?)([^/]*)\/*$/s.exec(path) ?? [];
  const [, name = last, tag] = /^(.*?)(?:[:-]v?(\d+\.\d+\.\d+[^/]*?))?(?:\.tgz)?$/.exec(last) ?? [];
  return {
    name,
    // A branch, a variable or a template says nothing of it.
    version: typeof version === "string" && /^[\s~^=<>v]*\d/.test(version) ? version : tag,
    repository: typeof repository === "string" && repository ? repository : before.replace(/\/+$/, "") || undefined,
  };
}

/** Lays one mapping over another, as Helm lays values over a chart's own. */
export function merge(base: Block, over: Block): Block {
  const merged = Object.entries(over).map(([key, value]) => {
    const under = base[key];
    return [key, isBlock(under) && isBlock(value) ? merge(under, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(merged) };
}

function filesOf(assets: unknown): Layer[] {
  if (!Array.isArray(assets)) return [{ path: "valueYamlFiles", values: assets }];
  return assets.map((asset, index) => ({ path: inner("valueYamlFiles", index), ...contentOf(asset) }));
}

// Where the file of an asset lies a policy doesn't know, and an address it doesn't ask.
function contentOf(asset: unknown): Omit<Layer, "path"> {
  const text = asset instanceof Unknown ? asset : at(asset, "text");
  if (text instanceof Unknown) return { values: text };
  return typeof text === "string" ? valuesIn(text) : { problem: "a file, which a policy doesn't see" };
}

// Of a key given twice Helm takes the last.
const helm = { name: "Helm", expand: (text: string) => text };

/** Reads a file of values as Helm does. */
export function valuesIn(text: string): Omit<Layer, "path"> {
  const { content, isSound, problem = "not YAML" } = readYaml(text, helm, noEnvironment);
  if (!isSound) return { problem, text };
  if (content === null || content === undefined) return { values: {} };
  return isBlock(content) ? { values: content } : { problem: "text that isn't a mapping", text };
}

/** Lays values over each other as Helm does: of several layers the later ones count. */
export function laid(layers: readonly Layer[]): Pick<Chart, "values" | "unreadable"> {
  return {
    values: layers.reduce<Block>((under, { values }) => (isBlock(values) ? merge(under, values) : under), {}),
    unreadable: layers.flatMap(({ path, values, problem = values, text }) =>
      typeof problem === "string" || problem instanceof Unknown ? [{ path, problem, text }] : [],
    ),
  };
}
