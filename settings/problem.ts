import { ofStack } from "./of-stack";

/** What is wrong with one setting, for a person. */
export interface Problem {
  /** Path of the setting below the project, such as `loki.write.replicas`. */
  key: string;
  /** What is wrong, with the value found. */
  what: string;
  /** What is allowed, in words. */
  allowed?: string;
  /** A value that is allowed. */
  example?: unknown;
  /** The command that sets it, without its `--stack`. */
  command?: string;
}

/**
 * A path as `pulumi config set --path` takes it.
 * @param path keys and indices, such as `["cluster", "nodes", 0, "cpu"]`
 * @returns such as `cluster.nodes[0].cpu`
 */
export const formatPath = (path: readonly PropertyKey[]): string =>
  path
    .map((step, i) => {
      if (typeof step === "number") return `[${step}]`;
      if (!/^[\w-]+$/.test(String(step))) return `["${String(step)}"]`;
      return i === 0 ? String(step) : `.${String(step)}`;
    })
    .join("");

/**
 * A value in an error message: short, and without a password that stands in a URL.
 * @param value what was found
 * @param longest how many characters of it are shown
 */
export function show(value: unknown, longest = 100): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value).replace(/\/\/[^/@\s"]+@/g, "//[hidden]@");
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Stands for a value that must not be shown. */
export const hidden = "[secret]";

/**
 * All problems in one message.
 * @param stack the stack's name
 * @param problems at least one
 */
export function problemsMessage(stack: string, problems: readonly Problem[]): string {
  const settings = problems.map((problem) => ({
    ...problem,
    // A setting of a misspelt namespace has its whole name.
    key: /^[\w-]+:/.test(problem.key) ? problem.key : `observability:${problem.key}`,
  }));
  const lines = [`Stack ${stack}: ${count(problems)} in the settings.`, ...linesOf(settings, ` --stack ${stack}`)];
  return ofStack(lines.join("\n"), stack);
}

/**
 * The problems of a file in one message.
 * @param file its name
 * @param problems at least one, with the key inside the file
 */
export function fileProblemsMessage(file: string, problems: readonly Problem[]): string {
  return [`${file}: ${count(problems)}; nothing was changed.`, ...linesOf(problems)].join("\n");
}

const count = ({ length }: readonly Problem[]) => `${length} problem${length === 1 ? "" : "s"}`;

const linesOf = (problems: readonly Problem[], ofStack = ""): string[] =>
  problems.flatMap((p) => [
    `  ${p.key}: ${p.what}`,
    ...(p.allowed ? [`      allowed: ${p.allowed}`] : []),
    ...(p.example !== undefined ? [`      example: ${show(p.example, 1000)}`] : []),
    ...(p.command ? [`      set it: ${p.command}${ofStack}`] : []),
  ]);
