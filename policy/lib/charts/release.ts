import { parse } from "yaml";
import { inner } from "../paths";
import type { Resource } from "../resource";
import { at, isBlock, Unknown, type Block } from "../unknown";

/** A Helm chart that a resource installs. */
export interface Chart {
  /** Its name, such as `kube-prometheus-stack`; undefined where a preview can't know it. */
  name?: string;
  /** Its version, where the resource names one. */
  version?: string;
  /** Its values: those of `valueYamlFiles`, and over them `values`. */
  values: Block;
  /** Where values are that can't be read from here. */
  unreadable: { path: string; problem: string | Unknown }[];
}

/**
 * The chart of a `helm.v3.Release`, `helm.v3.Chart` or `helm.v4.Chart`.
 *
 * @returns undefined for any other resource
 */
export function chartOf({ type, props }: Resource): Chart | undefined {
  if (!/^kubernetes:helm\.sh\/v\d+:(Release|Chart)$/.test(type)) return undefined;
  const layers = [...filesOf(props.valueYamlFiles), { path: "values", values: props.values }];
  return {
    name: nameOf(props.chart),
    version: typeof props.version === "string" ? props.version : undefined,
    values: layers.reduce<Block>((under, { values }) => (isBlock(values) ? merge(under, values) : under), {}),
    unreadable: layers.flatMap(({ path, values }) =>
      typeof values === "string" || values instanceof Unknown ? [{ path, problem: values }] : [],
    ),
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

// A name in a repository, a path, an OCI reference or the address of an archive: kube-prometheus-stack, oci://host/charts/loki, ./loki-6.49.0.tgz
function nameOf(chart: unknown): string | undefined {
  if (typeof chart !== "string") return undefined;
  const last = chart.split(/[?#]/)[0].replace(/\/+$/, "").split("/").at(-1) ?? "";
  return last.replace(/(-v?\d+\.\d+\.\d+[^/]*)?\.tgz$/, "").replace(/:[^:]*$/, "");
}

function filesOf(assets: unknown): { path: string; values: unknown }[] {
  if (!Array.isArray(assets)) return [{ path: "valueYamlFiles", values: assets }];
  return assets.map((asset, index) => ({ path: inner("valueYamlFiles", index), values: contentOf(asset) }));
}

// A text says why there is no content. The file of an asset lies beside the program, and a policy doesn't know where that is.
function contentOf(asset: unknown): unknown {
  if (asset instanceof Unknown) return asset;
  const text = at(asset, "text");
  if (typeof text !== "string") return "a file, which a policy doesn't see";
  try {
    return parse(text) as unknown;
  } catch {
    return "text that is not YAML";
  }
}
