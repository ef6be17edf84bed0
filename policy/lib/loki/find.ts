import { chartOf } from "../charts/release";
import { inner } from "../paths";
import type { Resource } from "../resource";
import { isBlock, Unknown, type Block } from "../unknown";
import { ofChart } from "./chart-values";
import { isLokiConfig, type LokiSettings, type UnreadableConfig } from "./config";
import { readYaml } from "./yaml";

const files = /^(ConfigMap|Secret)(Patch)?$/;
const mentions = /(?:^|[\s"'{,])(?:compactor|schema_config|limits_config)["']?\s*:/;
// What a text says at its left margin, or as keys of JSON, is what it is about, even where it doesn't parse.
const atMargin = /^["']?(?:compactor|schema_config|limits_config)["']?\s*:/m;
const inJson = /^\s*\{[^]*"(?:compactor|schema_config|limits_config)"\s*:\s*\{/;

/**
 * Finds every Loki configuration in a Kubernetes resource, wherever it is: text under any key of a ConfigMap, of a Secret (also in base64)
 * or of a custom resource; chart values, structured or as text, of Loki's own charts or of a chart that has one as a sub-chart; and
 * every list of arguments, as a flag overrides the file.
 */
export function lokiSettings(resource: Resource): LokiSettings {
  const settings: LokiSettings = { configs: [], unreadable: [], arguments: [] };
  if (!resource.type.startsWith("kubernetes:")) return settings;
  const isSecret = resource.kind.startsWith("Secret");
  const chart = chartOf(resource);
  if (chart?.name?.includes("loki")) settings.unreadable.push(...chart.unreadable);
  const props = chart ? { values: chart.values } : resource.props;
  for (const [key, value] of Object.entries(props)) {
    visit(settings, key === "binaryData" || (isSecret && key === "data") ? decoded(value) : value, key, key);
  }
  if (files.test(resource.kind)) settings.unreadable.push(...unknownFiles(resource, isSecret));
  return settings;
}

function visit(settings: LokiSettings, value: unknown, path: string, key: string): void {
  if (typeof value === "string") visitText(settings, value, path);
  else if (Array.isArray(value)) visitList(settings, value, path);
  else if (isBlock(value)) visitBlock(settings, value, path, key);
  else if (value instanceof Unknown && (key === "values" || key === "loki"))
    settings.unreadable.push({ path, problem: value });
}

function visitList(settings: LokiSettings, list: unknown[], path: string): void {
  const words = list.filter((word) => typeof word === "string");
  if (words.length > 0) settings.arguments.push({ path, words });
  list.forEach((each, index) => visit(settings, each, inner(path, index), ""));
}

function visitBlock(settings: LokiSettings, block: Block, path: string, key: string): void {
  const chart = key === "loki" ? ofChart(block, path) : undefined;
  if (chart) {
    settings.unreadable.push(...chart.unreadable);
    if (chart.config) settings.configs.push(chart.config);
  } else if (isLokiConfig(block)) {
    settings.configs.push({ content: block, path, pathOf: (name) => inner(path, name) });
  } else {
    for (const [name, value] of Object.entries(block)) visit(settings, value, inner(path, name), name);
  }
}

function visitText(settings: LokiSettings, text: string, path: string): void {
  if (!mentions.test(text)) return;
  const { content, problem, isSound, ignored } = readYaml(text);
  const isLoki = isLokiConfig(content);
  if (problem && (isLoki || atMargin.test(text) || inJson.test(text))) settings.unreadable.push({ path, problem });
  if (!isSound) return;
  if (isLoki) settings.configs.push({ content, path, pathOf: (name) => `${path}: ${name}` });
  else visit(settings, content, `${path}: `, "");
  if (ignored.some(isLokiConfig)) {
    settings.unreadable.push({ path, problem: "followed by another YAML document, and Loki reads only the first" });
  }
}

function decoded(data: unknown): unknown {
  if (!isBlock(data)) return data;
  const decode = (value: unknown) =>
    typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : value;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decode(value)]));
}

// A Secret is full of generated passwords that a preview can't know: only a key that may be a configuration is worth a word. The update
// knows them all, and asks again before it creates the Secret.
function unknownFiles(resource: Resource, isSecret: boolean): UnreadableConfig[] {
  const mayBeConfig = (key: string) => !isSecret || /loki|\.ya?ml$/i.test(key);
  return ["data", "stringData", "binaryData"].flatMap((field) => {
    const content = resource.props[field];
    if (content instanceof Unknown) return isSecret ? [] : [{ path: field, problem: content }];
    if (!isBlock(content)) return [];
    return Object.entries(content)
      .filter(([key, value]) => value instanceof Unknown && mayBeConfig(key))
      .map(([key, value]) => ({ path: inner(field, key), problem: value as Unknown }));
  });
}
