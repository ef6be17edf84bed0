import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Violation } from "../../engine/analyzer";

/** Paths of a program, for the files in annotations. */
export interface Place {
  stack: string;
  /** File of the stack's settings. */
  configFile: string;
  /** Folder of the program. */
  folder: string;
  /** The repository's root in a job of GitHub's: `GITHUB_WORKSPACE`. */
  workspace: string;
}

/** How an annotation is shown; a policy that changed a resource is a notice. */
const commands = { mandatory: "error", advisory: "warning", remediate: "notice" } as const;

/** GitHub's runner shows this many of each kind for a step (`ExecutionContext.cs` in actions/runner). */
const most = 10;

/** Findings of these policies are fixed in the list of images, if the program has one; others in the stack's settings. */
const aboutImages = new Set(["images-are-pinned", "pi-nodes-run-arm64-images"]);

/**
 * Findings as GitHub's workflow commands, which annotate a pull request.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 *
 * There are no more of each kind than GitHub shows; the last one then says how many are left out.
 *
 * @param violations from a preview
 * @returns lines, none if nothing was found
 */
export function annotations(violations: readonly Violation[], place: Place): string[] {
  return Object.entries(commands).flatMap(([level, command]) => {
    const found = violations.filter((violation) => violation.level === level);
    const shown = found.length > most ? found.slice(0, most - 1) : found;
    const lines = shown.map(({ policy, urn, message }) =>
      annotation(
        command,
        fileOf(policy, place),
        `${place.stack}: ${policy}`,
        `${urn ?? "the whole stack"}\n${message}`,
      ),
    );
    const rest = found.length - shown.length;
    const title = `${place.stack}: ${rest} more policy findings`;
    const message = "The log of this step lists all of them.";
    return rest > 0 ? [...lines, annotation(command, fileOf("", place), title, message)] : lines;
  });
}

/** The same for a stack that can't be previewed. */
export function failure(message: string, place: Place): string {
  return annotation("error", fileOf("", place), `${place.stack}: can't be previewed`, message);
}

function fileOf(policy: string, { configFile, folder, workspace }: Place): string {
  const images = resolve(folder, "images.json");
  const file = aboutImages.has(policy) && existsSync(images) ? images : configFile;
  return relative(workspace, file).replaceAll("\\", "/");
}

function annotation(command: string, file: string, title: string, message: string): string {
  return `::${command} file=${property(file)},title=${property(title)}::${data(message)}`;
}

// As @actions/core escapes them: packages/core/src/command.ts in actions/toolkit.
const data = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");

const property = (text: string) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
