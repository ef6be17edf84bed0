import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { parseDocument } from "yaml";
import { ownProgram } from "../../engine/project";
import { writePart, type GeneratedPart } from "../shared/page";
import { pulumiConfig, settingsPage } from "./document";

/** The part of docs/settings.md that is written from the schema. */
export const settingsPart: GeneratedPart = { page: "docs/settings.md", name: "settings", script: "settings" };

/**
 * A Pulumi.yaml with its `config:` block as the schema has it now.
 * @param project the text of Pulumi.yaml
 */
export function withConfig(project: string): string {
  const document = parseDocument(project);
  const config = document.createNode(pulumiConfig());
  config.commentBefore = " Written from settings/schema.ts by `npm run settings`.";
  document.set("config", config);
  return document.toString({ lineWidth: 0 });
}

function write(): void {
  writePart(settingsPart, settingsPage());
  const project = join(ownProgram, "Pulumi.yaml");
  writeFileSync(project, withConfig(readFileSync(project, "utf8")));
}

if (require.main === module)
  new Command("settings")
    .description("Writes docs/settings.md and the settings in Pulumi.yaml from settings/schema.ts")
    .action(write)
    .parse();
