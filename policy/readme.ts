import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { policies } from "./index";

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
    "| policy | what it demands | level | severity |",
    "| --- | --- | --- | --- |",
    ...policies.map(
      ({ name, description, url, enforcementLevel, severity }) =>
        `| [\`${name}\`](${url}) | ${description} | ${enforcementLevel} | ${severity} |`,
    ),
  ];
  const parameters = policies.map(({ name, configSchema }) => {
    const rows = Object.entries(configSchema?.properties ?? {}).map(
      ([key, { description, default: byDefault }]) =>
        `| \`${key}\` | ${description} | \`${JSON.stringify(byDefault)}\` |`,
    );
    return [
      "",
      `### Parameters of \`${name}\``,
      "",
      "| parameter | meaning | default |",
      "| --- | --- | --- |",
      ...rows,
    ];
  });
  return [...table, ...parameters.flat()].join("\n");
}

if (require.main === module) writeFileSync(file, currentReadme());
