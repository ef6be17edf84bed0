import { writeFileSync } from "node:fs";
import { Argument, Command } from "commander";
import { InvalidInput } from "../../engine/errors";
import { exitCode, runCommand, start, type Terminal } from "../shared/command-line";
import { GrafanaApi } from "../shared/grafana/client";
import { exportByHand, type Exported } from "../shared/grafana/export";
import { importByHand } from "../shared/grafana/import";
import type { Imported } from "../shared/grafana/imported";
import { countAll, readMadeByHand } from "../shared/grafana/made-by-hand";
import { count } from "../shared/words";

interface Arguments {
  grafana: string;
  file: string;
  overwrite: boolean;
  provisioned: boolean;
}

/**
 * The command `grafana`: brings what people made by hand from one Grafana into another.
 * @param words its command line
 * @param terminal where its words go
 * @returns exit code: 0 all is there, 1 something was left out or refused, 2 it could not be done
 */
export function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = new Command("grafana")
    .description(
      "Copies what people made by hand from one Grafana to another: dashboards, folders, library panels, alert rules, users, teams",
    )
    .addArgument(new Argument("<what>", "what to do").choices(["export", "import"]))
    .requiredOption("--grafana <url>", "Grafana, such as http://127.0.0.1:3000 through kubectl port-forward")
    .requiredOption("--file <file>", "the file that export writes and import reads")
    .option(
      "--provisioned",
      "export: include provisioned dashboards; import skips those that the new Grafana has",
      false,
    )
    .option("--overwrite", "import: replace a different dashboard that has the same uid", false)
    .addHelpText(
      "after",
      "\nIt logs in with GRAFANA_TOKEN, or GRAFANA_USER (default: admin) and GRAFANA_PASSWORD, from the environment.",
    );
  return runCommand(command, words, terminal, (args: Arguments) => go(command.args[0], args, terminal));
}

async function go(
  what: string,
  { grafana, file, overwrite, provisioned }: Arguments,
  terminal: Terminal,
): Promise<number> {
  const { GRAFANA_TOKEN: token, GRAFANA_USER: user, GRAFANA_PASSWORD: password } = process.env;
  if (!token && !password)
    throw new InvalidInput(
      "neither GRAFANA_TOKEN nor GRAFANA_PASSWORD is set\n→ GRAFANA_PASSWORD=$(kubectl -n monitoring get secret grafana-admin -o jsonpath='{.data.admin-password}' | base64 -d)",
    );
  if (!/^https?:$/.test(URL.canParse(grafana) ? new URL(grafana).protocol : ""))
    throw new InvalidInput(`--grafana ${grafana} is no address\n→ such as http://127.0.0.1:3000`);
  // Before anything is asked: a file that can't be read changes nothing.
  const made = what === "import" ? readMadeByHand(file) : undefined;
  const signal = terminal.interrupt?.() ?? new AbortController().signal;
  const api = new GrafanaApi(grafana, { token, user, password }, signal);
  if (made) return told(terminal, importedLines(await importByHand(api, made, { overwrite })));
  const exported = await exportByHand(api, { provisioned });
  writeFileSync(file, `${JSON.stringify(exported.made, undefined, 2)}\n`);
  return told(terminal, exportedLines(exported, file));
}

/** Lines, those of what needs a person with a ✗ before them. */
function told(terminal: Terminal, { lines, open }: { lines: string[]; open: string[] }): number {
  terminal.out([...lines, ...open.map((line) => `✗ ${line}`), ""].join("\n"));
  return open.length > 0 ? exitCode.refused : exitCode.clean;
}

function exportedLines({ made, provisioned, left }: Exported, file: string) {
  return {
    lines: [
      `${file}: ${countAll(made)}`,
      `left out, because they are provisioned: ${count(provisioned.length, "dashboard")}${provisioned.length > 0 ? " (--provisioned includes them)" : ""}`,
    ],
    open: left,
  };
}

function importedLines({ done, same, kept, refused, open, missing }: Imported) {
  return {
    lines: [...done.map((what) => `made: ${what}`), `as in the file already: ${same}`],
    open: [...kept, ...refused, ...open, ...missing.map((line) => `no data source ${line} → grafana.dataSources`)],
  };
}

if (require.main === module) start(run);
