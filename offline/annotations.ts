import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Violation } from "./analyzer";

/** Where a program is, for the files that annotations name. */
export interface Place {
  stack: string;
  /** Folder of the program. */
  folder: string;
  /** The repository's root in a job of GitHub's: `GITHUB_WORKSPACE`. */
  workspace: string;
}

/** What an annotation is shown as; a policy that changed a resource is worth a notice. */
const commands = { mandatory: "error", advisory: "warning", remediate: "notice" } as const;

/** Of each kind GitHub's runner passes on so many a step (`ExecutionContext.cs` in actions/runner). */
const most = 10;

/** Findings of these are answered in the list of images, where the program has one; those of all others in the stack's settings. */
const aboutImages = new Set(["images-are-pinned", "pi-nodes-run-arm64-images"]);

/**
 * Findings as GitHub's workflow commands, which annotate a pull request.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 *
 * Of each kind there are no more than GitHub shows; the last one then says how many are left out.
 *
 * @param violations as a preview has them
 * @returns lines, none where nothing was found
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
    const title = `${place.stack}: ${rest} more findings of policies`;
    const message = "The log of this step has them all.";
    return rest > 0 ? [...lines, annotation(command, fileOf("", place), title, message)] : lines;
  });
}

/** The same for a stack of which nothing can be said. */
export function failure(message: string, place: Place): string {
  return annotation("error", fileOf("", place), `${place.stack}: can't be previewed`, message);
}

function fileOf(policy: string, { stack, folder, workspace }: Place): string {
  const listed = aboutImages.has(policy) && existsSync(resolve(folder, "images.json"));
  const file = listed ? "images.json" : `Pulumi.${stack}.yaml`;
  return relative(workspace, resolve(folder, file)).replaceAll("\\", "/");
}

function annotation(command: string, file: string, title: string, message: string): string {
  return `::${command} file=${property(file)},title=${property(title)}::${data(message)}`;
}

// As @actions/core escapes them: packages/core/src/command.ts in actions/toolkit.
const data = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");

const property = (text: string) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
