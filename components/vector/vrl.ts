import { matchersOf } from "../../settings/streams";
import type { LineRule } from "../../settings/sections/logs";
import type { Settings } from "../../settings/schema";
import { seconds } from "../../settings/units";
import { mask, secrets } from "../alloy/lines";

/**
 * The programs in Vector's language by which lines get what Alloy's pipeline gives them: the same labels, time and text. Each leaves of an event
 * `message`, `timestamp`, `labels`, and `metadata` where rules ask for some; it is aborted where the line is not sent.
 * `e2e/vector.test.ts` compiles and runs them.
 * @see https://vector.dev/docs/reference/vrl/
 */

/** A string in VRL. */
const text = (value: string) => JSON.stringify(value);

/** A regular expression in VRL: Rust's, which reads what RE2 does. */
const regex = (expression: string) => `r'${expression.replaceAll("'", String.raw`\'`)}'`;

/** What a line of one source is made into. */
interface Made {
  /** Statements that set `labels`, an object, and `time`. */
  labels: string[];
  /** Value of the label `cluster`. */
  cluster?: string;
  /** Oldest line that Loki takes. */
  maxAge: string;
}

function made({ labels, cluster, maxAge }: Made): string {
  return [
    ...labels,
    ...(cluster === undefined ? [] : [`labels.cluster = ${text(cluster)}`]),
    // Loki would refuse it, and with it its whole batch.
    `if to_unix_timestamp(now()) - to_unix_timestamp(time) > ${seconds(maxAge)} { abort }`,
    '. = { "message": string!(.message), "timestamp": time, "labels": labels }',
  ].join("\n");
}

/** What the programs of sources need to know. */
export interface ProgramArgs {
  settings: Pick<Settings["logs"], "includeNamespaces" | "excludeNamespaces">;
  limits: Pick<Settings["loki"]["limits"], "rejectOldSamplesMaxAge">;
  /** The container runtime for lines for which the Kubernetes API doesn't say it: those of init containers and of deleted pods. */
  runtime: string;
  cluster?: string;
}

/**
 * Lines of pods, behind the source `kubernetes_logs`: `namespace`, `pod`, `container`, `app`, `job`, `stream`, `container_runtime`.
 * @param args settings, limits, cluster
 */
export function podProgram({ limits, runtime, cluster }: ProgramArgs): string {
  return made({
    labels: [
      // By the file, as a pod that is gone has no other: /var/log/pods/<namespace>_<pod>_<uid>/<container>/0.log
      `file = parse_regex!(.file, ${regex(String.raw`^/var/log/pods/(?P<namespace>[^_/]+)_(?P<pod>[^_/]+)_[^/]+/(?P<container>[^/]+)/[^/]+$`)})`,
      'labels = { "namespace": file.namespace, "pod": file.pod, "container": file.container, "stream": string!(.stream) }',
      'labels.job = join!([file.namespace, file.container], "/")',
      'app = string(.kubernetes.pod_labels."app.kubernetes.io/name") ?? ""',
      'if app != "" { labels.app = app }',
      // containerd://…, cri-o://…; an init container has none here.
      `of, err = parse_regex(.kubernetes.container_id, ${regex("^(?P<runtime>.+)://.+$")})`,
      "time = timestamp!(.timestamp)",
      `labels.container_runtime = if err == null { of.runtime } else { ${text(runtime)} }`,
    ],
    cluster,
    maxAge: limits.rejectOldSamplesMaxAge,
  });
}

/** The environment variable with the name of the pod's node, which Vector's own source reads, too. */
export const nodeNameVariable = "VECTOR_SELF_NODE_NAME";

/**
 * Entries of the journal, behind the source `journald`: `job`, `node`, `unit`.
 * @param args limits, cluster
 */
export function journalProgram({ limits, cluster }: ProgramArgs): string {
  return made({
    labels: [
      'if (string(.message) ?? "") == "" { abort }',
      // When journald had it, as Alloy takes it: the source takes the program's own time where it gave one.
      'time = from_unix_timestamp!(parse_int!(.__REALTIME_TIMESTAMP), unit: "microseconds")',
      `labels = { "job": "systemd-journal", "node": get_env_var!(${text(nodeNameVariable)}) }`,
      // Services without the instance of a template: these are without number.
      `unit, err = parse_regex(._SYSTEMD_UNIT, ${regex("^(?P<before>[^@]+@?).*(?P<after>[.]service)$")})`,
      'if err == null { labels.unit = join!([unit.before, unit.after], "") }',
      'if ._TRANSPORT == "kernel" { labels.unit = "kernel" }',
    ],
    cluster,
    maxAge: limits.rejectOldSamplesMaxAge,
  });
}

/**
 * What is done with lines before they are sent, in the order in which Alloy does it; "" where nothing is to be done.
 * @param settings rules for lines, and the secrets that are replaced in all of them
 * @param maxLineSize bytes that Loki takes of a line
 */
export function lineProgram(
  { lines, redact }: Pick<Settings["logs"], "lines" | "redact">,
  maxLineSize: number,
): string {
  return [
    "message = string!(.message)",
    // The source merges a line's parts up to a bound that is larger. By characters: a line of other than ASCII may still be too long.
    `message = truncate(message, ${maxLineSize})`,
    ...redact.flatMap((form) => masked(secrets[form])),
    ...(hasMetadata(lines) ? [".metadata = {}"] : []),
    ...lines.flatMap(ruleOf),
    ".message = message",
  ].join("\n");
}

/** Whether any rule makes metadata of a line's keys. */
export const hasMetadata = (lines: readonly LineRule[]) => lines.some(({ metadata }) => metadata.length > 0);

function ruleOf({ selector, drop, sample, redact, metadata }: LineRule): string[] {
  const done = [
    ...(drop === undefined ? [] : [`if match(message, ${regex(drop)}) { abort }`]),
    ...(sample === undefined ? [] : [`if random_float(0.0, 1.0) >= ${sample.toFixed(9)} { abort }`]),
    ...(redact === undefined ? [] : masked(redact)),
    ...(metadata.length === 0 ? [] : taken(metadata)),
  ];
  return done.length > 0 ? [`if ${fits(selector)} {`, ...done.map((line) => `  ${line}`), "}"] : [];
}

/** Whether a line's labels fit a selector; one that it hasn't is empty. */
function fits(selector: string): string {
  const conditions = matchersOf(selector).map(({ label, operator, value }) => {
    const has = `(string(.labels.${label}) ?? "")`;
    const holds = operator.endsWith("~") ? `match(${has}, ${regex(`^(?:${value})$`)})` : `${has} == ${text(value)}`;
    return operator.startsWith("!") ? `!(${holds})` : holds;
  });
  return conditions.join(" && ");
}

/** What the groups have found, or all of it, is replaced: wherever it stands in what fits. */
function masked(expression: string): string[] {
  return [
    `message = replace_with(message, ${regex(expression)}) -> |found| {`,
    "  whole = string!(found.string)",
    "  masked = whole",
    `  for_each(array!(found.captures)) -> |_, group| {`,
    `    if is_string(group) && group != "" { masked = replace(masked, string!(group), ${text(mask)}) }`,
    "  }",
    `  if length(array!(found.captures)) == 0 { ${text(mask)} } else { masked }`,
    "}",
  ];
}

function taken(keys: readonly string[]): string[] {
  return [
    "parsed, err = parse_json(message)",
    "if err == null && is_object(parsed) {",
    ...keys.flatMap((key) => [
      `  value = get!(parsed, ${JSON.stringify(key.split("."))})`,
      `  if value != null { .metadata.${key.replaceAll(".", "_")} = to_string(value) ?? encode_json(value) }`,
    ]),
    "}",
  ];
}
