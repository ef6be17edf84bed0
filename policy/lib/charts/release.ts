import { parse } from "yaml";
import { inner } from "../paths";
import type { Resource } from "../resource";
import { isBlock, Unknown, type Block } from "../unknown";

/** A Helm chart that a resource installs. */
export interface Chart {
  /** Its name, such as `kube-prometheus-stack`; undefined where a preview can't know it. */
  name?: string;
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
  const chart: Chart = { name: nameOf(props.chart), values: {}, unreadable: [] };
  const files = Array.isArray(props.valueYamlFiles) ? props.valueYamlFiles : [];
  files.forEach((file, index) => layer(chart, contentOf(file), inner("valueYamlFiles", index)));
  if (props.valueYamlFiles instanceof Unknown) layer(chart, props.valueYamlFiles, "valueYamlFiles");
  layer(chart, props.values, "values");
  return chart;
}

function layer(chart: Chart, values: unknown, path: string): void {
  if (isBlock(values)) chart.values = merge(chart.values, values);
  else if (values instanceof Unknown) chart.unreadable.push({ path, problem: values });
  else if (typeof values === "string") chart.unreadable.push({ path, problem: values });
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

// The file of an asset lies beside the program, and a policy doesn't know where that is.
function contentOf(asset: unknown): unknown {
  if (!isBlock(asset)) return asset instanceof Unknown ? asset : "not a file asset";
  if (typeof asset.text !== "string") return "a file, which a policy doesn't see";
  try {
    return parse(asset.text) ?? {};
  } catch {
    return "text that is not YAML";
  }
}
