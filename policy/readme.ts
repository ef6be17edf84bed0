import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema";
import { policies } from "./index";
import type { Policy } from "./lib/policy";
import { scope } from "./lib/scope";

const file = path.join(__dirname, "README.md");
const begin = "<!-- Written by `npm run readme --workspace policy` from the policies themselves: begin -->";
const end = "<!-- end -->";

/** The README with its generated part as the policies have it now. */
export function currentReadme(): string {
  const [before, rest = ""] = readFileSync(file, "utf8").split(begin);
  return `${before}${begin}\n\n${generated()}\n\n${end}${rest.split(end)[1] ?? "\n"}`;
}

function generated(): string {
  const table = [
    "| policy | what it demands | looks at | level | severity |",
    "| --- | --- | --- | --- | --- |",
    ...policies.map((policy) => {
      const { name, description, url, enforcementLevel, severity } = policy;
      return `| [\`${name}\`](${url}) | ${description} | ${subject(policy)} | ${enforcementLevel} | ${severity} |`;
    }),
  ];
  const [{ configSchema }] = policies;
  const common = Object.entries(configSchema?.properties ?? {}).filter(([key]) => key in scope);
  const own = policies.map(({ name, configSchema }) => ({
    name: `\`${name}\``,
    parameters: Object.entries(configSchema?.properties ?? {}).filter(([key]) => !(key in scope)),
  }));
  const sections = [{ name: "every policy", parameters: common }, ...own].filter(({ parameters }) => parameters.length);
  return [...table, ...sections.flatMap(section)].join("\n");
}

function subject({ validateResource, validateStack }: Policy): string {
  return [validateResource && "each resource", validateStack && "the whole stack"].filter(Boolean).join(", ");
}

function section({ name, parameters }: { name: string; parameters: [string, PolicyConfigJSONSchema][] }): string[] {
  const rows = parameters.map(
    ([key, { description, default: byDefault }]) =>
      `| \`${key}\` | ${description} | \`${JSON.stringify(byDefault)}\` |`,
  );
  return ["", `### Parameters of ${name}`, "", "| parameter | meaning | default |", "| --- | --- | --- |", ...rows];
}

if (require.main === module) writeFileSync(file, currentReadme());
