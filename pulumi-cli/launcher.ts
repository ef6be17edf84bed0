import { spawn } from "node:child_process";
import launcher from "pulumi/package.json";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** The CLI can't be had; the message says why, and what to do by hand. */
export class CliMissing extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

/** What Pulumi publishes for a machine; 32-bit ARM, as on an older Raspberry Pi OS, is not among it. */
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
 * @param say is told what the launcher says while it downloads
 * @returns path of a CLI that runs on this machine
 * @throws {CliMissing} when it is not there and can't be downloaded, or doesn't run here
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
  const { code, said } = await launch(env, say);
  if (code !== 0) throw new CliMissing(advice(env, machine, said));
  return path;
}

function versionOf(env: Environment): string {
  return env.PULUMI_VERSION || launcher.version;
}

/** `pulumi version` through the launcher: downloads where needed, and tells whether what is there runs. */
function launch(env: Environment, say: (text: string) => void): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [require.resolve("pulumi/run.js"), "version"], {
      env: { PULUMI_SKIP_UPDATE_CHECK: "true", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stdout.resume();
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      say(text);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, said: said.trim() }));
  });
}

/** The causes that can be told from what was said; the first that fits. */
const causes: readonly { pattern: RegExp; cause: string; remedy: string }[] = [
  {
    pattern: /EACCES|EPERM|ENOTDIR|EROFS|ENOSPC|permission denied|read-only file system|no space left/i,
    cause: "its folder can't be written",
    remedy: "Give your user that folder, or choose another one: export PULUMI_HOME=/a/folder/of/yours",
  },
  {
    // The launcher says so before it downloads. A program for another machine is tried by a shell, whose words mean nothing.
    pattern: /^(?![^]*Downloading pulumi)/,
    cause: "what is there doesn't run on this machine",
    remedy: "Remove that file: it is damaged, or for another kind of machine.",
  },
  {
    pattern: /fetch failed|HTTP \d+|ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN|could not resolve|unable to download|curl/i,
    cause: "it can't be downloaded from here",
    remedy:
      "Behind a proxy, the launcher reads HTTPS_PROXY only from Node.js 22.21 or 24 on, and where NODE_USE_ENV_PROXY=1 is set; curl reads it always.",
  },
];

function advice(env: Environment, machine: Machine, said: string): string {
  const version = versionOf(env);
  const path = cliPath(env);
  const kind = `${machine.platform} ${machine.arch}`;
  const archive = published[kind];
  const found = causes.find(({ pattern }) => pattern.test(said));
  const head = [
    `The Pulumi CLI ${version} can't be had: ${archive ? (found?.cause ?? "the launcher failed") : `Pulumi publishes none for ${kind}`}.`,
    `  its place      ${path}`,
    `  what was said  ${said.split("\n").at(-1) || "nothing"}`,
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
    "By hand, with the archive from any machine that has the internet:",
    `  curl -fL -o pulumi.tar.gz https://get.pulumi.com/releases/sdk/pulumi-v${version}-${archive}.tar.gz`,
    `  mkdir -p ${folder}`,
    `  tar -xzf pulumi.tar.gz --strip-components=1 -C ${folder}`,
    "  npx pulumi version",
  ].join("\n");
}
