import { formatPath } from "./problem";
import { settingsSchema } from "./schema";
import { allowedAt, childrenOf, place, type Place } from "./tree";

/** What the schema says, for people and for Pulumi: the README's table and the `config:` block of Pulumi.yaml. */

type Schema = Parameters<typeof place>[0];

interface Row {
  key: string;
  allowed: string;
  /** As it is written in the table: `required` where it must be given with what it belongs to, empty where it may be left out. */
  default: string;
  description: string;
}

/** The settings as one Markdown table, section by section. */
export function settingsTable(): string {
  const lines = Object.entries(settingsSchema.shape).flatMap(([section, schema]) => {
    const rows = rowsOf(schema, [section]);
    const heading = { key: "", allowed: "", default: "", description: place(schema).description ?? "" };
    return rows[0].key === section
      ? rows.map((row) => line(row))
      : [line(heading, `**${section}**`), ...rows.map((row) => line(row))];
  });
  return ["| key | allowed | default | what it is |", "|---|---|---|---|", ...lines].join("\n");
}

const line = (row: Row, name = `\`${row.key}\``): string =>
  `| ${name} | ${cell(row.allowed)} | ${row.default && `\`${cell(row.default)}\``} | ${cell(row.description)} |`;

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** A row for each setting below a place, and for each list and record of objects. */
function rowsOf(schema: Schema, path: readonly string[], inherited?: unknown): Row[] {
  const here = place(schema);
  const type = here.core._zod.def.type;
  const value = here.default ?? inherited;
  const children = childrenOf(here);
  if (type === "union") return merged(here, path, value);
  if (type === "object") {
    const own = path.length > 1 && !here.required && here.default === undefined ? [row(here, path, undefined)] : [];
    const below = children.flatMap(([key, child]) =>
      rowsOf(child, [...path, key], (value as Record<string, unknown>)?.[key]),
    );
    return [...own, ...below];
  }
  const ofObjects = children.length === 1 && place(children[0][1]).core._zod.def.type === "object";
  const step = type === "array" ? "[]" : ".<key>";
  return [row(here, path, value), ...(ofObjects ? rowsOf(children[0][1], [`${path.join(".")}${step}`]) : [])];
}

/** The rows of a union's options; each tells the options that it belongs to. */
function merged(here: Place, path: readonly string[], value: unknown): Row[] {
  const def = here.core._zod.def;
  if (def.type !== "union" || !("discriminator" in def))
    throw new Error(`${path.join(".")} is a union without a key that tells`);
  const discriminator = def.discriminator as string;
  const options = def.options.map((option) => ({
    name: allowedAt(place(childrenOf(place(option)).find(([key]) => key === discriminator)![1])),
    rows: rowsOf(option, path).filter(({ key }) => key !== formatPath([...path, discriminator])),
  }));
  const choice: Row = {
    key: formatPath([...path, discriminator]),
    allowed: options.map(({ name }) => name).join(", "),
    default: asDefault((value as Record<string, unknown>)?.[discriminator]),
    description: "which of them; the keys below belong to the kinds that they name",
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

function row(here: Place, path: readonly string[], value: unknown): Row {
  return {
    key: path.join("."),
    allowed: allowedAt(here),
    default: here.required && value === undefined ? "required" : asDefault(value),
    description: here.description ?? "",
  };
}

const asDefault = (value: unknown): string =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

/** One key of a project's `config:` block (`configTypeDeclaration` of Pulumi's project schema). */
export interface ConfigDeclaration {
  type: "string" | "object";
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
      const description = place(schema).description ?? "";
      return [key, { type: typeof value === "string" ? "string" : "object", description, default: value }];
    }),
  );
}
