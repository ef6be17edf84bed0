import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { moduleVersion } from "../cluster/programs";
import { run, succeeds } from "../cluster/run";
import { hostTool } from "../cluster/tools";
import { alloyConfigs, type AlloyConfig } from "./alloy-configs";
import { report, startCheck } from "./check";
import { resourcesOf, stacks as own, type StackOptions, type Start } from "./stacks";

/**
 * `npm run alloy:validate`: every stack's configurations of Alloy, for logs, events, rules and metrics, read by the Alloy that runs them, and
 * the flags that it is run with. With a Docker engine it is the image's Alloy; without one, that of the throw-away cluster, which is built where
 * it isn't yet. `validate` finds unknown components and settings; it evaluates no expression, and it reads no flag of `run`: those are looked up
 * in its help.
 * https://grafana.com/docs/alloy/latest/reference/cli/validate/
 */

/** A way to Alloy. */
interface Reader {
  /** Command that shows that it is there. */
  proof: string[];
  /**
   * Runs Alloy with a folder to read.
   * @param folder where the configuration is
   * @param args its arguments, made with the folder's path as Alloy sees it
   */
  alloy: (folder: string, image: string, args: (path: string) => string[]) => Promise<string>;
}

const inImage: Reader = {
  proof: ["docker", "version", "--format", "{{.Server.Version}}"],
  alloy: (folder, image, args) => {
    const mount = `type=bind,source=${folder},target=/config,readonly`;
    return run("docker", ["run", "--rm", "--network=none", "--mount", mount, image, ...args("/config")]);
  },
};

const builtHere = (command: string): Reader => ({
  proof: [command, "--version"],
  alloy: (folder, _image, args) => run(command, args(folder)),
});

/** A configuration to look at; its title is its stack, its name and what reads it. */
export type Case = AlloyConfig & { title: string };

/** The stage that has every one of them. */
const everything = ["stage=kps-removed", "kps.enabled=false"];

/**
 * Alloy's configurations of stacks.
 * @param stacks which
 * @param start how the program is started
 */
export async function casesOf(stacks: readonly StackOptions[], start?: Start): Promise<Case[]> {
  const cases: Case[] = [];
  for (const stack of stacks) {
    const objects = (await resourcesOf(stack, everything, start)).flatMap(({ object }) => (object ? [object] : []));
    cases.push(
      ...alloyConfigs(objects).map((config) => ({
        ...config,
        title: `${stack.stack}: ${config.name}, read by ${config.image}`,
      })),
    );
  }
  return cases;
}

/**
 * Checks configurations of Alloy, and the flags that it is run with.
 * @param cases the configurations; not asked for where no Alloy can be had
 * @param say takes the lines
 * @param built path of the Alloy for a machine without Docker
 * @returns exit code: 0 everything is correct, 1 something is wrong or could not be checked
 */
export async function validateAlloy(
  cases: () => Promise<Case[]>,
  say: (line: string) => void = console.log,
  built: () => Promise<string> = () => hostTool("alloy"),
): Promise<number> {
  const [docker, ...version] = inImage.proof;
  let reader = inImage;
  let install = "";
  if (!(await succeeds(docker, version))) {
    try {
      reader = builtHere(await built());
      say(`No Docker engine answers: using Alloy ${moduleVersion("alloy")}, built from its Go module.`);
    } catch (error) {
      install = `Start a Docker engine that this user may use (https://docs.docker.com/engine/install/) and run it again. Alloy could not be built here: ${(error as Error).message}`;
    }
  }
  const [name, ...proof] = reader.proof;
  return report({ name, proof, install }, cases, (one) => validate(reader, one), say);
}

async function validate({ alloy }: Reader, { text, image, stability, flags }: Case): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "alloy-validate-"));
  try {
    writeFileSync(join(folder, "config.alloy"), text);
    await alloy(folder, image, (path) => ["validate", stability, join(path, "config.alloy")]);
    const known = (await alloy(folder, image, () => ["run", "--help"])).split(/\s+/);
    return flags.filter((flag) => !known.includes(flag)).map((flag) => `alloy run has no flag ${flag}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (require.main === module) startCheck("alloy:validate", () => validateAlloy(() => casesOf(own)));
