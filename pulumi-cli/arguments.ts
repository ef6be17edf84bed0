import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { REPOSITORY } from "../cluster/paths";

/** Pulumi's command. */
export type PulumiCommand = "up" | "preview";

/** A command line for Pulumi. */
export interface PulumiArguments {
  /** The stack as Pulumi knows it; undefined where none was named. */
  stack?: string;
  /** `key=value` of `--config`. */
  config: string[];
  /** Arguments of Pulumi's CLI: the user's, and the policy pack. */
  args: string[];
  /** What is refused, each with its reason and what to do. */
  problems: string[];
}

/** The policy pack, as Pulumi is told where it is. */
export const policyPack = "policy";

/** Ways round what makes an update safe, each with the reason why it is refused. */
const refused = {
  "skip-preview":
    "policies over the whole stack run after its resources are made, so only the preview can stop an update in time. " +
    "Leave it out; in CI, --yes alone approves what the preview and its policies let pass.",
  "ignore-protect":
    "what is protected is data, and the definitions that every monitor hangs on. " +
    "Leave it out; docs/removing.md tells how each is removed on purpose.",
  "config-file":
    "the settings that were checked would not be the ones that are used. Put them into Pulumi.<stack>.yaml.",
  cwd: "it would run another program with this one's policies. Leave it out.",
} as const;

/** Options of Pulumi that are looked at, and every short one that takes a value: what follows it is no option. */
const options = {
  stack: { type: "string", short: "s" },
  config: { type: "string", short: "c", multiple: true },
  "policy-pack": { type: "string", multiple: true },
  "skip-preview": { type: "boolean", short: "f" },
  "ignore-protect": { type: "boolean" },
  "config-file": { type: "string" },
  cwd: { type: "string", short: "C" },
  message: { type: "string", short: "m" },
  parallel: { type: "string", short: "p" },
  target: { type: "string", short: "t", multiple: true },
  exclude: { type: "string", short: "x", multiple: true },
  verbose: { type: "string", short: "v" },
} as const;

/**
 * Reads what is passed on to Pulumi, and adds the policy pack to it.
 * @param command Pulumi's command
 * @param words the user's arguments
 * @see `pulumi up --help` for the options
 */
export function readArguments(command: PulumiCommand, words: readonly string[]): PulumiArguments {
  const { values } = parseArgs({ args: [...words], options, strict: false, allowPositionals: true });
  const text = (value: unknown) => (typeof value === "string" ? value.replace(/^=/, "") : undefined);
  const list = (value: unknown) => (Array.isArray(value) ? value.flatMap((each) => text(each) ?? []) : []);
  const stack = text(values.stack);
  const isOurs = (pack: string) => resolve(REPOSITORY, pack) === resolve(REPOSITORY, policyPack);
  // Pulumi takes several in one option, too: a,b.
  const given = list(values["policy-pack"]).flatMap((packs) => packs.split(","));
  const pack = given.some(isOurs) ? [] : ["--policy-pack", policyPack];
  return {
    stack: stack || undefined,
    config: list(values.config),
    args: [command, ...pack, ...words],
    problems: [
      ...Object.entries(refused).flatMap(([option, why]) =>
        option in values ? [`--${option} is refused: ${why}`] : [],
      ),
      ...(stack
        ? []
        : [`--stack is missing. npm passes on what stands after --, like: npm run ${command} -- --stack production`]),
    ],
  };
}
