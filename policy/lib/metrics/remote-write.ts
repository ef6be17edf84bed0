import { chartOf } from "../charts/release";
import { environmentOf, expandArgument } from "../config/environment";
import { unreadable } from "../config/placeholders";
import type { Setting } from "../config/read";
import { along, inner } from "../paths";
import { podSpecOf } from "../pods/find";
import type { Resource } from "../resource";
import { at, isBlock, Unknown } from "../unknown";

/** An address that a resource makes something write metrics to. */
export interface RemoteWrite {
  path: string;
  url: Setting<string>;
}

const prometheus = /^kubernetes:monitoring\.coreos\.com\/\w+:(Prometheus|PrometheusAgent)(Patch)?$/;
const victoriaAgent = /^kubernetes:operator\.victoriametrics\.com\/\w+:VMAgent(Patch)?$/;
// Where the charts' values have lists of addresses: kube-prometheus-stack, prometheus, victoria-metrics-agent, victoria-metrics-k8s-stack.
const lists = [
  "prometheus.prometheusSpec.remoteWrite",
  "server.remoteWrite",
  "remoteWrite",
  "vmagent.spec.remoteWrite",
];
// In the text of a configuration: Prometheus' YAML, and Alloy's.
const inYaml = /^[ \t]*remote_write:[ \t]*\n((?:[ \t-].*\n|\n)*)/gm;
// Of Alloy's language, where a comment may hold a quote and a text two slashes. What isn't closed runs to the end.
const tokens = /"(?:\\.|[^"\\\n])*"?|`[^`]*`?|\/\/.*|\/\*[^]*?(?:\*\/|$)/g;
const inAlloy = /prometheus\.remote_write\s+"[^"]*"\s*\{/g;

/**
 * Finds every address that metrics are written to (`remote_write`): of the Prometheus operator's and VictoriaMetrics' resources, of charts, in
 * arguments, and in the text of a ConfigMap for Prometheus or Alloy.
 *
 * @returns an address that can't be read as unreadable; none for a resource that writes nowhere
 */
export function remoteWritesOf(resource: Resource): RemoteWrite[] {
  if (!resource.type.startsWith("kubernetes:")) return [];
  const chart = chartOf(resource);
  if (chart) return lists.flatMap((path) => ofList(at(chart.values, path), along("values", path)));
  const { type, kind, props } = resource;
  if (prometheus.test(type) || victoriaAgent.test(type)) {
    return ofList(at(props, "spec.remoteWrite"), "spec.remoteWrite");
  }
  if (kind === "ConfigMap" && isBlock(props.data)) {
    return Object.entries(props.data).flatMap(([key, text]) => ofText(text, inner("data", key)));
  }
  return ofArguments(resource);
}

function ofList(list: unknown, path: string): RemoteWrite[] {
  if (list instanceof Unknown) return [{ path, url: { unreadable: list } }];
  return (Array.isArray(list) ? list : []).map((each: unknown, index) => {
    const url = isBlock(each) ? each.url : each;
    return { path: inner(inner(path, index), "url"), url: readable(url) };
  });
}

function ofText(text: unknown, path: string): RemoteWrite[] {
  if (typeof text !== "string" || !text.includes("remote_write")) return [];
  const yaml = [...`${text}\n`.matchAll(inYaml)].flatMap(([block]) => [
    ...block.matchAll(/\burl\s*:\s*["']?([^"'\s]+)/g),
  ]);
  const alloy = [...blocksOf(text)].flatMap((block) => [...block.matchAll(/\burl\s*=\s*(.+)/g)]);
  return [
    ...yaml.map(([, url]) => ({ path, url: readable(url) })),
    ...alloy.map(([, expression]) => ({ path, url: evaluated(expression) })),
  ];
}

// To the brace that begins a line. One pass: a text of a megabyte may begin a block in each line and end none.
function* blocksOf(text: string): Iterable<string> {
  const code = text.replace(tokens, (token) => (/^\/[/*]/.test(token) ? "" : token));
  let end = 0;
  for (const { 0: start, index } of code.matchAll(inAlloy)) {
    if (index < end) continue;
    end = code.indexOf("\n}", index + start.length);
    if (end < 0) return;
    yield code.slice(index, end);
  }
}

// Of Alloy's language only what stands there as it is; an expression is known to Alloy alone.
function evaluated(expression: string): Setting<string> {
  const literal = /^"([^"]*)"\s*[,}]?\s*$/.exec(expression)?.[1];
  if (literal !== undefined) return readable(literal);
  const variable = /^(?:sys\.)?env\("([^"]*)"\)/.exec(expression)?.[1];
  return { unreadable: variable ? `taken from the environment variable ${variable}` : "an expression of Alloy's" };
}

function ofArguments({ props }: Resource): RemoteWrite[] {
  const found = podSpecOf(props);
  if (!found) return [];
  const { spec, path } = found;
  const environment = environmentOf(spec);
  const containers = Array.isArray(spec.containers) ? spec.containers : [];
  return containers.flatMap((container: unknown, index) =>
    ["command", "args"].flatMap((list) => {
      const words = at(container, list);
      const place = inner(inner(inner(path, "containers"), index), list);
      return (Array.isArray(words) ? words : []).flatMap((word) => {
        const url = typeof word === "string" ? /^--?remoteWrite\.url=(.*)$/.exec(word)?.[1] : undefined;
        return url === undefined ? [] : [{ path: place, url: readable(expandArgument(url, environment)) }];
      });
    }),
  );
}

function readable(url: unknown): Setting<string> {
  if (url instanceof Unknown) return { unreadable: url };
  if (typeof url !== "string" || url === "") return { missing: url === "" ? "empty" : "missing" };
  const variable = /\$[({]([^)}]+)[)}]/.exec(url)?.[1];
  if (variable) return { unreadable: `taken from the environment variable ${variable}` };
  const why = unreadable(url);
  return why ? { unreadable: why } : { value: url };
}
