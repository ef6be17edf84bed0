import { stringify } from "yaml";
import { examples } from "./examples";
import { settingsSchema } from "../../settings/schema";
import { allowedAt, childrenOf, discriminatorOf, isObject, placeOf, type Place } from "../../settings/tree";
import { kinds } from "../../settings/values";

/** What the schema says, for people and for Pulumi: docs/settings.md and the `config:` block of Pulumi.yaml. */

/** The sections of docs/settings.md, by what they are about. */
export const chapters: Readonly<Record<string, readonly (keyof typeof settingsSchema.shape)[]>> = {
  "The stack": ["stage", "cluster", "kubernetes", "namespace", "networkPolicies", "images"],
  "Migration, adoption and removal": ["migration", "adopt", "removal"],
  "Secrets and object storage": ["secrets", "secretValues", "objectStore", "buckets", "backup"],
  Logs: ["loki", "logs"],
  Metrics: ["kps", "crds", "mimir", "victoriaMetrics", "metrics", "prometheusApi", "exporters", "monitors", "probes"],
  Alerts: ["rules", "alertmanager"],
  Grafana: ["grafana"],
};

const required = "required";

interface Row {
  key: string;
  allowed: string;
  /** As it is written in the table: {@link required} where it must be given with what it belongs to, empty where it may be left out. */
  default: string;
  description: string;
}

/** The settings as Markdown: the kinds of value, then each section with an example and its table. */
export function settingsPage(): string {
  return [
    table(
      ["kind", "what it is", "example"],
      Object.entries(kinds).map(([name, { allowed, example }]) => [name, allowed, code(example)]),
    ),
    ...Object.entries(chapters).flatMap(([chapter, sections]) => [`## ${chapter}`, ...sections.flatMap(section)]),
  ].join("\n\n");
}

function section(name: keyof typeof settingsSchema.shape): string[] {
  const place = placeOf(settingsSchema.shape[name]);
  const rows = rowsOf(place, [name]);
  const example = (examples as Record<string, unknown>)[name];
  const yaml = stringify({ [`observability:${name}`]: example }, { collectionStyle: "any", lineWidth: 120 });
  const { description = "" } = place;
  return [
    `### ${name}`,
    ...(rows[0].key === name ? [] : [`${description[0].toUpperCase()}${description.slice(1)}.`]),
    ...(example === undefined ? [] : [`\`\`\`yaml\n${yaml}\`\`\``]),
    table(
      ["key", "allowed", "default", "what it is"],
      rows.map((row) => [
        code(row.key),
        row.allowed,
        row.default === required ? required : row.default && code(row.default),
        row.description,
      ]),
    ),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text) => text.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

const code = (value: unknown): string => `\`${typeof value === "string" ? value : flow(value)}\``;

/** A value as YAML on one line. */
const flow = (value: unknown): string =>
  stringify(value, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: true, nullStr: "null" }).trim();

/** What is allowed, with the short name of each kind of value. */
const short = (allowed: string): string =>
  Object.entries(kinds).reduce((text, [name, kind]) => text.replace(kind.allowed, name), allowed);

/** A row for each setting below a place, and for each list and record of objects. */
function rowsOf(here: Place, path: readonly string[], needed = true, inherited?: unknown): Row[] {
  const value = here.default ?? inherited;
  const children = childrenOf(here);
  if (here.oneOf) return merged(here.oneOf, path, value);
  if (isObject(here) && here.allowed) return [row(here, path, needed, withDefaults(here, value))];
  if (isObject(here)) {
    const own = path.length > 1 && !needed && here.default === undefined ? [row(here, path, needed, undefined)] : [];
    const below = children.flatMap(([key, child]) =>
      rowsOf(child, [...path, key], here.required?.includes(key) ?? false, (value as Record<string, unknown>)?.[key]),
    );
    return [...own, ...below];
  }
  const ofObjects = children.length === 1 && (isObject(children[0][1]) || children[0][1].oneOf !== undefined);
  const step = here.items ? "[]" : ".<key>";
  return [row(here, path, needed, value), ...(ofObjects ? rowsOf(children[0][1], [`${path.join(".")}${step}`]) : [])];
}

/** The rows of a union's options; each names the options that it belongs to. */
function merged(union: readonly Place[], path: readonly string[], value: unknown): Row[] {
  const discriminator = discriminatorOf(union);
  if (!discriminator) throw new Error(`${path.join(".")} is a union without a discriminator`);
  const options = union.map((option) => ({
    name: allowedAt(option.properties![discriminator]),
    rows: rowsOf(option, path).filter(({ key }) => key !== [...path, discriminator].join(".")),
  }));
  const choice: Row = {
    key: [...path, discriminator].join("."),
    allowed: options.map(({ name }) => name).join(", "),
    default: asDefault((value as Record<string, unknown>)?.[discriminator]),
    description: "which kind; a description that begins with a kind applies only to it",
  };
  const all = options.flatMap(({ rows }) => rows);
  const first = all.filter((row, i) => all.findIndex((other) => same(row, other)) === i);
  return [
    choice,
    ...first.map((row) => {
      const names = options.filter(({ rows }) => rows.some((other) => same(row, other))).map(({ name }) => name);
      return names.length === options.length ? row : { ...row, description: `${names.join(", ")}: ${row.description}` };
    }),
  ];
}

const same = (a: Row, b: Row) => JSON.stringify(a) === JSON.stringify(b);

function row(here: Place, path: readonly string[], needed: boolean, value: unknown): Row {
  return {
    key: path.join("."),
    allowed: short(allowedAt(here)),
    default: needed && value === undefined ? required : asDefault(value),
    description: here.description ?? "",
  };
}

const asDefault = (value: unknown): string =>
  value === undefined ? "" : typeof value === "string" ? value : flow(value);

/** An object that is explained as one: the value that is given, and the defaults of what it leaves out. */
const withDefaults = ({ properties = {} }: Place, value: unknown): unknown =>
  value === undefined
    ? undefined
    : Object.fromEntries(
        Object.entries(properties)
          .map(([key, below]) => {
            const own = (value as Record<string, unknown>)[key] ?? below.default;
            return [key, isObject(below) ? withDefaults(below, own) : own] as const;
          })
          .filter(([, own]) => own !== undefined),
      );

/** One key of a project's `config:` block (`configTypeDeclaration` of Pulumi's project schema). */
export interface ConfigDeclaration {
  type: "string" | "object" | "array";
  /** What a list is of: Pulumi asks for it, and refuses the value of a stack that isn't as declared. */
  items?: { type: "object" };
  description: string;
  /** Needed: Pulumi asks for a value of every key that has none. */
  default: unknown;
}

/** The `config:` block of Pulumi.yaml: each section with its description and all its defaults. */
export function pulumiConfig(): Record<string, ConfigDeclaration> {
  const defaults: unknown = JSON.parse(JSON.stringify(settingsSchema.parse({})));
  return Object.fromEntries(
    Object.entries(settingsSchema.shape).map(([key, schema]) => {
      const value = (defaults as Record<string, unknown>)[key];
      const description = placeOf(schema).description ?? "";
      return [key, { ...typeOf(value), description, default: value }];
    }),
  );
}

function typeOf(value: unknown): Pick<ConfigDeclaration, "type" | "items"> {
  if (Array.isArray(value)) return { type: "array", items: { type: "object" } };
  return { type: typeof value === "string" ? "string" : "object" };
}
