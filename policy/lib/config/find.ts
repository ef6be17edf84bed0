import { chartOf } from "../charts/release";
import { once } from "../once";
import { inner } from "../paths";
import { programs } from "../programs";
import type { Resource } from "../resource";
import { isBlock, Later, Unknown } from "../unknown";
import type { Arguments, Config, ProgramSettings, Unreadable } from "./config";
import { awaited } from "./environment";
import { mayBeOverlaid, overlaid } from "./overlay";
import type { Program } from "./program";
import { namedVersion } from "./version";
import { walkThrough, walkThroughValues, type Found } from "./walk";

const files = /^(ConfigMap|Secret)(Patch)?$/;

/** Whether a resource is a file to those who mount it. */
export function isFile({ kind }: Resource): boolean {
  return kind === "ConfigMap" || kind === "Secret";
}

// Every policy asks for them, and a check of the whole stack for a file's settings and those of who mounts it, again and again.
const found = once(searched);

/**
 * Finds every configuration of a program in a Kubernetes resource, wherever it is: text under any key of a ConfigMap, of a Secret (also in
 * base64) or of a custom resource; chart values, structured or as text, of the program's own charts or of a chart that has one as a
 * sub-chart, given to Helm by Pulumi, Flux, Argo CD or K3s; files of settings by tenant; and every list of arguments, as a flag overrides the file.
 *
 * Never throws: what the reader stumbles over is unreadable, and says so.
 */
export function settingsOf(resource: Resource, program: Program): ProgramSettings {
  return found(resource).get(program) ?? nothing();
}

function searched(resource: Resource): Found {
  const found: Found = new Map(programs.map((program) => [program, nothing()]));
  if (!resource.type.startsWith("kubernetes:")) return found;
  const { props, kind, type } = resource;
  const chart = chartOf(resource);
  if (chart) walkThroughValues(found, chart, "values");
  else {
    const object = props.apiVersion && props.kind ? props : { apiVersion: type.split(":")[1], kind, ...props };
    walkThrough(found, object, isFile(resource) ? awaited : undefined);
  }
  for (const [program, settings] of found) {
    if (files.test(kind)) settings.unreadable.push(...unknownFiles(resource, kind.startsWith("Secret"), program));
    settings.configs = settings.configs.map((each) => {
      const version = namedVersion(resource, each, program);
      const config = awaiting(
        { ...each, version, awaitsReader: version === undefined && files.test(kind) },
        resource,
        program,
      );
      const around = config.chart?.path ?? (chart && "values");
      return around === undefined ? config : withArguments(config, around, settings.arguments, program);
    });
  }
  return found;
}

// Who reads a file has its variables, and arguments over it.
function awaiting(config: Config, resource: Resource, program: Program): Config {
  if (!isFile(resource)) return config;
  const { read = () => config.content } = config;
  // Of values in a file, a chart makes the configuration.
  const content = config.chart ? config.content : mayBeOverlaid(config.content, program, new Later());
  return { ...config, content, read };
}

// A chart's values show both: the file that it writes, and the arguments over it.
function withArguments(config: Config, around: string, lists: readonly Arguments[], program: Program): Config {
  return lists
    .filter(({ path }) => path.startsWith(around.endsWith(": ") ? around : `${around}.`))
    .reduce((under, list) => overlaid(under, list, program), config);
}

function nothing(): ProgramSettings {
  return { configs: [], overrides: [], unreadable: [], arguments: [] };
}

// A Secret is full of generated passwords that a preview can't know: only a key that may be a configuration is worth a word. The update
// knows them all, and asks again before it creates the Secret.
function unknownFiles(resource: Resource, isSecret: boolean, program: Program): Unreadable[] {
  return ["data", "stringData", "binaryData"].flatMap((field) => {
    const content = resource.props[field];
    if (content instanceof Unknown) return isSecret ? [] : [{ path: field, problem: content }];
    if (!isBlock(content)) return [];
    return Object.entries(content)
      .filter(([key, value]) => value instanceof Unknown && (!isSecret || mayBeConfig(key, program)))
      .map(([key, value]) => ({ path: inner(field, key), problem: value as Unknown }));
  });
}

function mayBeConfig(key: string, program: Program): boolean {
  return key.includes(program.key) || /\.ya?ml$/i.test(key);
}
