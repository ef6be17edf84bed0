import { spawn } from "node:child_process";
import { endsItsProcesses, endWithUs } from "../interruption";
import launcher from "pulumi/package.json";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** The CLI is not available; the message says why, and what to do by hand. */
export class CliMissing extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

/** Machines for which Pulumi publishes the CLI; 32-bit ARM, as on an older Raspberry Pi OS, is not among them. */
const published: Readonly<Record<string, string | undefined>> = {
  "linux x64": "linux-x64",
  "linux arm64": "linux-arm64",
  "darwin x64": "darwin-x64",
  "darwin arm64": "darwin-arm64",
};

/** The machine that the CLI is for. */
export interface Machine {
  /** as in `process.platform` */
  platform: string;
  /** as in `process.arch` */
  arch: string;
}

/**
 * Where the npm package `pulumi` keeps the CLI: one folder a version, below PULUMI_HOME (default `~/.pulumi`). It never looks at PATH.
 * @param env PULUMI_HOME, and PULUMI_VERSION for another version than the package's own
 * @see https://github.com/pulumi/pulumi/tree/master/npm
 */
export function cliPath(env: Environment): string {
  const home = env.PULUMI_HOME || join(homedir(), ".pulumi");
  return join(home, "versions", versionOf(env), "bin", "pulumi");
}

/**
 * Finds the CLI, or has the npm package `pulumi` download it. What is returned is the CLI itself: the launcher in front of it would die
 * of the first signal and leave the update behind.
 * @param env environment of the launcher
 * @param say called with the launcher's output while it downloads
 * @returns path of a CLI that runs on this machine
 * @throws {CliMissing} if it is missing and can't be downloaded, or doesn't run here
 */
export async function findCli(
  env: Environment,
  say: (text: string) => void,
  machine: Machine = process,
): Promise<string> {
  const path = cliPath(env);
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new CliMissing(advice(env, machine, (error as Error).message));
  }
  if ((await version([path], env)).code === 0) return path;
  const { code, said } = await version([process.execPath, require.resolve("pulumi/run.js")], env, say);
  if (code !== 0) throw new CliMissing(advice(env, machine, said));
  return path;
}

function versionOf(env: Environment): string {
  return env.PULUMI_VERSION || launcher.version;
}

/**
 * Asks the CLI for its version, which shows whether it runs; the launcher downloads it first, if needed.
 * @param command the CLI or the launcher
 */
function version(
  [program, ...words]: readonly string[],
  env: Environment,
  say: (text: string) => void = () => undefined,
): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, [...words, "version"], {
      env: { PULUMI_SKIP_UPDATE_CHECK: "true", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: endsItsProcesses(),
    });
    endWithUs(child);
    let said = "";
    child.stdout.resume();
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      say(text);
    });
    child.on("error", ({ message }) => resolve({ code: null, said: message }));
    child.on("close", (code) => resolve({ code, said: said.trim() }));
  });
}

/** Causes that can be recognised from the launcher's output; the first that fits. */
const causes: readonly { pattern: RegExp; cause: string; remedy: string }[] = [
  {
    pattern: /EACCES|EPERM|ENOTDIR|EROFS|ENOSPC|permission denied|read-only file system|no space left/i,
    cause: "its folder can't be written",
    remedy: "Make your user its owner, or choose another folder: export PULUMI_HOME=/a/folder/of/yours",
  },
  {
    // The launcher says so before it downloads. A program for another machine is tried by a shell, whose words mean nothing.
    pattern: /^(?![^]*Downloading pulumi)/,
    cause: "the installed file doesn't run on this machine",
    remedy: "Remove that file: it is damaged, or built for another kind of machine.",
  },
  {
    pattern: /fetch failed|HTTP \d+|ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN|could not resolve|unable to download|curl/i,
    cause: "it can't be downloaded from here",
    remedy:
      "Behind a proxy, the launcher reads HTTPS_PROXY only from Node.js 22.21 or 24 on, and if NODE_USE_ENV_PROXY=1 is set; curl always reads it.",
  },
];

function advice(env: Environment, machine: Machine, said: string): string {
  const version = versionOf(env);
  const path = cliPath(env);
  const kind = `${machine.platform} ${machine.arch}`;
  const archive = published[kind];
  const found = causes.find(({ pattern }) => pattern.test(said));
  const head = [
    `The Pulumi CLI ${version} is not available: ${archive ? (found?.cause ?? "the launcher failed") : `Pulumi publishes none for ${kind}`}.`,
    `  expected at    ${path}`,
    `  error          ${said.split("\n").at(-1) || "nothing"}`,
  ];
  if (!archive)
    return [
      ...head,
      `Run this command on a machine of one of these kinds: ${Object.keys(published).join(", ")}. It needs the cluster's kubeconfig, not the cluster's nodes.`,
    ].join("\n");
  const folder = dirname(path);
  return [
    ...head,
    ...(found ? [found.remedy] : []),
    "To install it by hand, with the archive from any machine with internet access:",
    `  curl -fL -o pulumi.tar.gz https://get.pulumi.com/releases/sdk/pulumi-v${version}-${archive}.tar.gz`,
    `  mkdir -p ${folder}`,
    `  tar -xzf pulumi.tar.gz --strip-components=1 -C ${folder}`,
    "  npx pulumi version",
  ].join("\n");
}
