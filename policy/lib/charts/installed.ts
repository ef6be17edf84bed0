import { withoutTemplates } from "../config/placeholders";
import { inner } from "../paths";
import type { Resource } from "../resource";
import { at, isBlock, type Block } from "../unknown";
import { chartNamed, chartOf, laid, merge, valuesIn, type Chart } from "./release";

/** A chart that an object of the cluster installs: a tool in the cluster gives Helm its values. */
export interface Installed extends Chart {
  /** Where the values are in the object. */
  path: string;
}

/**
 * The charts that a Kubernetes object has installed: a HelmRelease of Flux, an Application of Argo CD or a template of it in an
 * ApplicationSet, a HelmChart of K3s.
 *
 * @returns undefined for any other object
 */
export function installedBy(object: Block): Installed[] | undefined {
  const { apiVersion, kind, spec } = object;
  if (typeof apiVersion !== "string" || typeof kind !== "string" || !isBlock(spec)) return undefined;
  const [group] = apiVersion.split("/");
  return tools[`${group}/${kind}`]?.(spec);
}

/** The charts that a resource installs: itself, or by a tool in the cluster. */
export function chartsOf(resource: Resource): Installed[] {
  const { type, kind, props } = resource;
  const own = chartOf(resource);
  if (own) return [{ ...own, path: "values" }];
  return installedBy({ apiVersion: type.split(":")[1], kind, spec: props.spec }) ?? [];
}

const tools: Readonly<Record<string, ((spec: Block) => Installed[]) | undefined>> = {
  "helm.toolkit.fluxcd.io/HelmRelease": ofFlux,
  "argoproj.io/Application": (spec) => ofArgo(spec, "spec"),
  "argoproj.io/ApplicationSet": (spec) => ofArgo(patched(spec), "spec.template.spec"),
  "helm.cattle.io/HelmChart": ofK3s,
  // It adds values to those of a HelmChart.
  "helm.cattle.io/HelmChartConfig": (spec) => ofK3s(spec).map((chart) => ({ ...chart, isPartial: true })),
};

function partial(others: unknown): Pick<Installed, "isPartial"> {
  return Array.isArray(others) && others.length > 0 ? { isPartial: true } : {};
}

function ofFlux(spec: Block): Installed[] {
  const chart = at(spec, "chart.spec");
  const named = chartNamed(at(chart, "chart"), at(chart, "version"), at(chart, "sourceRef.name"));
  // An OCIRepository is usually called as the chart that it holds.
  const name = named.name ?? chartNamed(at(spec, "chartRef.name"), undefined, undefined).name;
  return [{ ...named, name, ...partial(spec.valuesFrom), ...read([{ path: "spec.values", values: spec.values }]) }];
}

function ofArgo(spec: unknown, path: string): Installed[] {
  const one = { source: at(spec, "source"), path: inner(path, "source") };
  const several = at(spec, "sources");
  const all = [
    one,
    ...(Array.isArray(several) ? several : []).map((source: unknown, index) => ({
      source,
      path: inner(inner(path, "sources"), index),
    })),
  ];
  return all.flatMap(({ source, path: place }) => {
    const helm = at(source, "helm");
    if (!isBlock(helm)) return [];
    const named = chartNamed(
      at(source, "chart") ?? at(source, "path"),
      at(source, "targetRevision"),
      at(source, "repoURL"),
    );
    const under = inner(place, "helm");
    // The object counts where both are given.
    const key = isBlock(helm.valuesObject) ? "valuesObject" : "values";
    const parameters = { path: inner(under, "parameters"), values: ofParameters(helm.parameters) };
    const layers = [{ path: inner(under, key), values: helm[key] }, parameters];
    return [{ ...named, ...partial(helm.valueFiles), ...read(layers) }];
  });
}

// https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Template/#template-patch: a template itself, which may hold values.
function patched(spec: Block): unknown {
  const template = at(spec, "template.spec");
  if (typeof spec.templatePatch !== "string") return template;
  const { values } = valuesIn(withoutTemplates(spec.templatePatch));
  const patch = at(values, "spec");
  return isBlock(template) && isBlock(patch) ? merge(template, patch) : template;
}

function ofK3s(spec: Block): Installed[] {
  const named = chartNamed(spec.chart, spec.version, spec.repo);
  const set = Object.entries(isBlock(spec.set) ? spec.set : {}).map(([name, value]) => ({ name, value }));
  return [
    {
      ...named,
      ...read([
        { path: "spec.valuesContent", values: spec.valuesContent },
        { path: "spec.set", values: ofParameters(set) },
      ]),
    },
  ];
}

// The place of all layers is that of the first, where values are usually written.
function read(layers: { path: string; values: unknown }[]): Pick<Installed, "path" | "values" | "unreadable"> {
  const [{ path, values: first }] = layers;
  const isText = typeof first === "string";
  return {
    path: isText ? `${path}: ` : path,
    ...laid(
      layers.map(({ path, values }) => (typeof values === "string" ? { path, ...valuesIn(values) } : { path, values })),
    ),
  };
}

// As `helm --set name=value` reads it: a text of true, false or digits is not taken for a text.
function ofParameters(parameters: unknown): Block {
  let values: Block = {};
  for (const each of Array.isArray(parameters) ? (parameters as unknown[]) : []) {
    const { name, value, forceString } = isBlock(each) ? each : ({} as Block);
    if (typeof name !== "string" || name.includes("[")) continue;
    const keys = name.split(/(?<!\\)\./).map((key) => key.replaceAll("\\.", "."));
    const typed = forceString === true || typeof value !== "string" ? value : scalarOf(value);
    values = merge(values, keys.reduceRight<unknown>((inside, key) => ({ [key]: inside }), typed) as Block);
  }
  return values;
}

function scalarOf(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^(0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}
