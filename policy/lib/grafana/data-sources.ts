import { chartsOf, type Installed } from "../charts/installed";
import { chartOf } from "../charts/release";
import { unreadable } from "../config/placeholders";
import { quote, type Setting } from "../config/read";
import { readYaml } from "../config/yaml";
import type { Unreadable } from "../config/config";
import { along, inner } from "../paths";
import type { Resource } from "../resource";
import { at, isBlock, Unknown, type Block } from "../unknown";

/** A data source that Grafana is given at its start. */
export interface DataSource {
  resource: Resource;
  /** Where it is, such as `data["datasources.yaml"]: datasources[0]`. */
  path: string;
  name: string;
  /** Its plugin, such as `prometheus`. */
  type: unknown;
  url: unknown;
  organisation: number;
  isDefault: Setting<boolean>;
}

/** The data sources that a resource gives to Grafana. */
export interface Provisioning {
  sources: DataSource[];
  /** Files that can't be read. */
  unreadable: Unreadable[];
}

// Placeholders ($VAR, ${VAR}, $__file{…}) stay: Grafana expands them itself, in each value.
const reader = { name: "Grafana", expand: (text: string) => text };
const file = /(?:^|[{,])\s*["']?datasources["']?\s*:/m;
const fileKey = /data-?sources?.*\.ya?ml$/i;
const stack = "kube-prometheus-stack";
const ownSidecar = "grafana.sidecar.datasources";

/**
 * The data sources in a resource: files of Grafana's provisioning in a ConfigMap or Secret, and in chart values, whoever installs the chart, those of
 * Grafana's chart and of kube-prometheus-stack, which has one that is the default unless its values say otherwise.
 *
 * @see https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources
 */
export function dataSourcesOf(resource: Resource): Provisioning {
  const found: Provisioning = { sources: [], unreadable: [] };
  const charts = chartsOf(resource);
  for (const { name, values, path } of charts) ofCharts(found, resource, values, path, name);
  if (charts.length > 0) return chartOf(resource) ? found : ofTool(found, charts);
  if (/^kubernetes:core\/v1:(ConfigMap|Secret)(Patch)?$/.test(resource.type)) {
    for (const field of ["data", "stringData"]) {
      const isEncoded = field === "data" && resource.kind.startsWith("Secret");
      ofFiles(found, resource, resource.props[field], field, isEncoded);
    }
  }
  return found;
}

// A tool in the cluster gives the release its name, and so its Services. Other values may switch off what is on by default.
function ofTool({ sources, unreadable }: Provisioning, charts: readonly Installed[]): Provisioning {
  const isPartial = charts.some((chart) => chart.isPartial);
  const known = sources.filter(({ path }) => !isPartial || !path.endsWith(ownSidecar));
  return { sources: known.map((source) => ({ ...source, url: undefined })), unreadable };
}

/** Whether a chart's Grafana runs beside the chart's own data source: whether `grafana` in these values is on. */
export function hasGrafana(values: Block): boolean {
  return at(values, "grafana.enabled") !== false;
}

function ofFiles(found: Provisioning, resource: Resource, files: unknown, path: string, isEncoded: boolean): void {
  if (!isBlock(files)) return;
  for (const [key, value] of Object.entries(files)) {
    const place = inner(path, key);
    if (value instanceof Unknown && fileKey.test(key)) found.unreadable.push({ path: place, problem: value });
    if (typeof value !== "string") continue;
    const text = isEncoded ? Buffer.from(value, "base64").toString("utf8") : value;
    // A dashboard has a thousand lines.
    if (!text.includes("datasources") || !file.test(text)) continue;
    const { content, problem } = readYaml(text, reader, new Map());
    const list = at(content, "datasources");
    if (problem && (list !== undefined || fileKey.test(key))) found.unreadable.push({ path: place, problem });
    ofList(found, resource, list, `${place}: datasources`);
  }
}

function ofCharts(found: Provisioning, resource: Resource, values: Block, path: string, chart?: string): void {
  if (chart === "grafana") ofGrafana(found, resource, values, path);
  if (chart === stack) ofStack(found, resource, values, path);
  for (const name of ["grafana", stack]) {
    const own = values[name];
    if (isBlock(own) && own.enabled !== false && chart !== "grafana")
      ofCharts(found, resource, own, inner(path, name), name);
  }
}

function ofGrafana(found: Provisioning, resource: Resource, values: Block, path: string): void {
  const files = isBlock(values.datasources) ? Object.entries(values.datasources) : [];
  for (const [key, content] of files) {
    ofList(found, resource, at(content, "datasources"), inner(inner(inner(path, "datasources"), key), "datasources"));
  }
}

// templates/grafana/configmaps-datasources.yaml of kube-prometheus-stack 88.
function ofStack(found: Provisioning, resource: Resource, values: Block, path: string): void {
  const sidecar = along(path, ownSidecar);
  const settings = at(values, ownSidecar);
  const isOn = (key: string) => at(settings, key) !== false;
  const isDeployed = (hasGrafana(values) && isOn("enabled")) || at(values, "grafana.forceDeployDatasources") === true;
  if (!isDeployed) return;
  if (isOn("defaultDatasourceEnabled")) {
    found.sources.push({
      resource,
      path: sidecar,
      name: String(at(settings, "name") ?? "Prometheus"),
      type: "prometheus",
      url: at(settings, "url") ?? ownUrl(resource, values),
      organisation: 1,
      isDefault: truth(at(settings, "isDefaultDatasource") ?? true),
    });
  }
  const more = at(values, "grafana.additionalDataSources");
  const place = along(path, "grafana.additionalDataSources");
  if (typeof more === "string") {
    const { content, problem } = readYaml(more, reader, new Map());
    if (problem) found.unreadable.push({ path: place, problem });
    ofList(found, resource, content, place);
  } else ofList(found, resource, more, place);
}

// The template kube-prometheus-stack.fullname.
function ownUrl({ objectName = stack, namespace }: Resource, values: Block): string {
  const override = values.fullnameOverride;
  const full =
    typeof override === "string" && override
      ? override
      : objectName.includes(stack)
        ? objectName
        : `${objectName}-${stack}`;
  return `http://${full.slice(0, 26).replace(/-$/, "")}-prometheus.${namespace ?? "default"}.svc:9090`;
}

function ofList(found: Provisioning, resource: Resource, list: unknown, path: string): void {
  if (list instanceof Unknown) found.unreadable.push({ path, problem: list });
  if (!Array.isArray(list)) return;
  list.forEach((each: unknown, index) => {
    const place = inner(path, index);
    if (each instanceof Unknown) found.unreadable.push({ path: place, problem: each });
    if (!isBlock(each)) return;
    found.sources.push({
      resource,
      path: place,
      name: typeof each.name === "string" ? each.name : "without a name",
      type: each.type,
      url: each.url,
      organisation: Number(each.orgId) || 1,
      isDefault: truth(each.isDefault),
    });
  });
}

// Grafana reads the text with Go's strconv.ParseBool.
function truth(value: unknown): Setting<boolean> {
  if (value instanceof Unknown) return { unreadable: value };
  if (value === undefined || value === null) return { missing: "missing" };
  const text = String(value);
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return { value: true };
  if (["0", "f", "F", "FALSE", "false", "False", ""].includes(text)) return { value: false };
  const why = unreadable(value) ?? (/^\$/.test(text) ? "taken from the environment of Grafana" : undefined);
  return { unreadable: why ?? `${quote(value)}, where only true or false is accepted` };
}
