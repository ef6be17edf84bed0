import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseDocument } from "yaml";
import { InvalidInput } from "../../engine/errors";
import { ownProgram, stackFile } from "../../engine/project";
import { host } from "../cluster/build";

/** The stacks that the sandbox can have, and what each has otherwise there than where it is meant for. */

/** A setting that is another one in the sandbox. */
interface Difference {
  /** Path of the setting below `observability:`. */
  path: readonly string[];
  value: unknown;
  /** For the person who runs it. */
  why: string;
}

/** What a stack of a real cluster can't have on one machine that is thrown away. */
const thrownAway: readonly Difference[] = [
  {
    path: ["cluster", "nodes"],
    value: [{ name: "this-machine", arch: host.arch, count: 1, cpu: "2", memory: "4Gi" }],
    why: `one ${host.arch} node with two cores and 4 GiB`,
  },
  {
    path: ["objectStore"],
    value: {
      kind: "embedded",
      storage: "2Gi",
      resources: { requests: { cpu: "20m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    },
    why: "MinIO in the cluster, as there is no NAS",
  },
  {
    path: ["secrets"],
    value: { provider: "config" },
    why: "generated and kept on this machine, as there is no 1Password",
  },
  { path: ["alertmanager", "pushover"], value: false, why: "nobody is notified" },
  { path: ["alertmanager", "receivers"], value: {}, why: "that is intended, and verify accepts it" },
  { path: ["alertmanager", "heartbeat"], value: false, why: "no dead man's switch is called" },
];

interface Stack {
  /** Path of its file in the repository. */
  file: string;
  differences: readonly Difference[];
}

const stacks: Readonly<Record<string, Stack>> = {
  sandbox: { file: stackFile(ownProgram, "sandbox"), differences: [] },
  pi: { file: stackFile(join(ownProgram, "examples"), "pi"), differences: thrownAway },
};

/** The stack that the sandbox has if none is named. */
export const usualStack = "sandbox";

/** Names of the stacks that the sandbox can have. */
export const stackNames: readonly string[] = Object.keys(stacks);

/** A stack's file as the sandbox takes it. */
export interface StackFile {
  stack: string;
  /** Undefined: the stack's own, at the repository's root. */
  configFile?: string;
  /** What is otherwise in it, one line each for a person. */
  differences: string[];
}

/**
 * Finds a stack's file; where the sandbox has some of it otherwise, writes a copy that says so.
 * @param stack its name
 * @param folder where the copy is written
 * @throws {InvalidInput} for a stack that the sandbox doesn't have
 */
export function fileOf(stack: string, folder: string): StackFile {
  const found = Object.hasOwn(stacks, stack) ? stacks[stack] : undefined;
  if (!found)
    throw new InvalidInput(
      `--stack ${stack}: the sandbox has no such stack\n    allowed: ${stackNames.join(", ")}\n` +
        "    for another stack's settings without a cluster: npm run preview:offline",
    );
  const { file, differences } = found;
  if (differences.length === 0) return { stack, differences: [] };
  const content = parseDocument(readFileSync(file, "utf8"));
  for (const { path, value } of differences) content.setIn(inFile(path), content.createNode(value));
  content.commentBefore = ` ${relative(ownProgram, file)} as the sandbox uses it; each run overwrites this file.`;
  const configFile = stackFile(folder, stack);
  writeFileSync(configFile, content.toString({ lineWidth: 0 }));
  return {
    stack,
    configFile,
    differences: [
      `Stack ${stack} is ${relative(ownProgram, file)}, except for:`,
      ...differences.map(({ path, why }) => `  ${path.join(".")}: ${why}`),
    ],
  };
}

const inFile = ([section, ...rest]: readonly string[]) => ["config", `observability:${section}`, ...rest];
