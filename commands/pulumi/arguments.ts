import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ownProgram } from "../../engine/project";

/** Pulumi's command. */
export type PulumiCommand = "up" | "preview" | "destroy";

/** A command line for Pulumi. */
export interface PulumiArguments {
  /** The stack's name in Pulumi; undefined if none was given. */
  stack?: string;
  /** `key=value` of `--config`. */
  config: string[];
  /** File of the stack's settings; undefined: Pulumi.<stack>.yaml. */
  configFile?: string;
  /** Arguments for Pulumi's CLI: the user's, and the policy pack, which `destroy` doesn't need. */
  args: string[];
  /** Refused options, each with its reason and what to do. */
  problems: string[];
}

/** The path of the policy pack, as given to Pulumi. */
export const policyPack = "policy";

/** Options that bypass what makes an update safe, each with the reason why it is refused. */
const refused = {
  "skip-preview": {
    up:
      "policies for the whole stack run after its resources are created, so only the preview can stop an update in time. " +
      "Leave it out; in CI, --yes is enough: it approves the update if the preview and its policies allow it.",
    destroy:
      "only the preview finds everything that is protected: without it, resources are deleted until the first protected one. " +
      "Leave it out; --yes is enough: it approves the deletion if the preview allows it.",
  },
  "ignore-protect":
    "protected resources hold data, or definitions that every monitor needs. " +
    "Leave it out; docs/removing.md explains how to remove each of them.",
  cwd: "it would run another program with this program's policies. Leave it out.",
} as const;

/** Pulumi's options that are read here, and every short option with a value, so that the value is not taken for an option. */
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
 * Reads the arguments for Pulumi, and adds the policy pack.
 * @param command Pulumi's command
 * @param words the user's arguments
 * @see `pulumi up --help` for the options
 */
export function readArguments(command: PulumiCommand, words: readonly string[]): PulumiArguments {
  const { values } = parseArgs({ args: [...words], options, strict: false, allowPositionals: true });
  const text = (value: unknown) => (typeof value === "string" ? value.replace(/^=/, "") : undefined);
  const list = (value: unknown) => (Array.isArray(value) ? value.flatMap((each) => text(each) ?? []) : []);
  const [stack, file] = [text(values.stack), text(values["config-file"])];
  const isOurs = (pack: string) => resolve(ownProgram, pack) === resolve(ownProgram, policyPack);
  // Pulumi also accepts several in one option: a,b.
  const given = list(values["policy-pack"]).flatMap((packs) => packs.split(","));
  const pack = command === "destroy" || given.some(isOurs) ? [] : ["--policy-pack", policyPack];
  return {
    stack: stack || undefined,
    config: list(values.config),
    ...(file === undefined ? {} : { configFile: resolve(ownProgram, file) }),
    args: [command, ...pack, ...words],
    problems: [
      ...Object.entries(refused).flatMap(([option, why]) =>
        option in values
          ? [`--${option} is refused: ${typeof why === "string" ? why : why[command === "destroy" ? command : "up"]}`]
          : [],
      ),
      ...(stack
        ? []
        : [
            `--stack is missing. npm passes on only what follows --, for example: npm run ${command} -- --stack production`,
          ]),
    ],
  };
}
