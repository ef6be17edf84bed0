import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../cluster/run";
import { alloyConfigs, type AlloyConfig } from "./alloy-configs";
import { report } from "./check";
import { resourcesOf, stackNames, type Start } from "./stacks";

/**
 * `npm run alloy:validate`: every stack's configurations of Alloy, for logs, events, rules and metrics, read by the Alloy that runs them, and
 * the flags that it is run with. Needs a Docker engine and the image. `validate` finds unknown components and settings; it evaluates no
 * expression, and it reads no flag of `run`: those are looked up in its help.
 * https://grafana.com/docs/alloy/latest/reference/cli/validate/
 */

const docker = {
  name: "docker",
  proof: ["version", "--format", "{{.Server.Version}}"],
  install: "Start a Docker engine that this user may use (https://docs.docker.com/engine/install/) and run it again.",
};

/** A configuration to look at; its title is its stack, its name and what reads it. */
export type Case = AlloyConfig & { title: string };

/** The stage that has every one of them. */
const everything = ["stage=kps-removed", "kps.enabled=false"];

/**
 * Alloy's configurations of stacks.
 * @param stacks names of the stacks
 * @param start how the program is started
 */
export async function casesOf(stacks: readonly string[], start?: Start): Promise<Case[]> {
  const cases: Case[] = [];
  for (const stack of stacks) {
    const objects = (await resourcesOf(stack, everything, start)).flatMap(({ object }) => (object ? [object] : []));
    cases.push(
      ...alloyConfigs(objects).map((config) => ({
        ...config,
        title: `${stack}: ${config.name}, read by ${config.image}`,
      })),
    );
  }
  return cases;
}

/**
 * Checks configurations of Alloy, and the flags that it is run with.
 * @param cases the configurations; not asked for where Docker is missing
 * @param say takes the lines
 * @returns exit code: 0 all is well, 1 something is wrong or could not be checked
 */
export function validateAlloy(cases: () => Promise<Case[]>, say?: (line: string) => void): Promise<number> {
  return report(docker, cases, validate, say);
}

async function validate({ text, image, stability, flags }: Case): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "alloy-validate-"));
  try {
    writeFileSync(join(folder, "config.alloy"), text);
    const mount = `type=bind,source=${folder},target=/config,readonly`;
    const docker = ["run", "--rm", "--network=none"];
    await run("docker", [...docker, "--mount", mount, image, "validate", stability, "/config/config.alloy"]);
    const known = (await run("docker", [...docker, image, "run", "--help"])).split(/\s+/);
    return flags.filter((flag) => !known.includes(flag)).map((flag) => `${flag} is no flag of alloy run`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (require.main === module) void validateAlloy(() => casesOf(stackNames)).then((code) => (process.exitCode = code));
