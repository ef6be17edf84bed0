import path from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import type { ListedImage } from "../../settings/image-list";
import { InvalidInput } from "../../engine/errors";
import { ownProgram } from "../../engine/project";
import { dockerCredentials } from "../../policy/lib/registry/credentials";
import { patient, type Patience } from "../../policy/lib/registry/retry";
import { readImages, writeImages } from "./file";
import { changesOf, formatProblems, formatResult, progressLine } from "./format";
import { lockAll } from "./lock";
import { exitCode, runCommand, start, type Terminal } from "../shared/command-line";

interface Options {
  check?: boolean;
  only?: string[];
  registryMirror: Record<string, string>;
  concurrency: number;
  deadline: number;
  file: string;
}

/** What the command uses of the machine that it runs on. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  patience: Patience;
}

/**
 * The command `images:lock`: writes what the registries say into `images.json`, all of it or nothing.
 * @param args words of the command line
 * @param output where its words go; progress goes where errors go
 * @returns exit code: 0; 1 where `--check` finds the file out of date; 2 for an image that could not be looked up, a file or a command line that is wrong
 */
export async function run(
  args: readonly string[],
  output: Terminal,
  { env, patience }: Surroundings = { env: process.env, patience: patient },
): Promise<number> {
  const command = new Command("images:lock")
    .description("Writes the digests and platforms from the registries into images.json: all of them, or nothing")
    .option("--check", "write nothing; exit code 1 if the file is out of date")
    .option("--only <names...>", "only the images with these names")
    .option("--registry-mirror <host=url>", "ask this URL instead of a host; may be repeated", mirror, {})
    .option("--concurrency <number>", "how many images to look up at a time", positive, 4)
    .option("--deadline <seconds>", "how long each answer may take", positive, 30)
    .addOption(
      new Option("--file <file>", "another list of images").default(
        path.join(ownProgram, "images.json"),
        "this repository's images.json",
      ),
    );
  return runCommand(command, args, output, (options: Options) => lock(options, output, { env, patience }));
}

async function lock(options: Options, { out, error }: Terminal, { env, patience }: Surroundings): Promise<number> {
  const { file, only, concurrency, registryMirror: mirrors } = options;
  const name = path.basename(file);
  const listed = readImages(file);
  const wanted = chosen(listed, only, name);
  const said = (line: string) => error(`${line}\n`);
  const results = await lockAll(
    wanted,
    { mirrors, concurrency, patience, timeout: options.deadline * 1000, credentials: dockerCredentials(env), said },
    (locked, done) => said(progressLine(locked, done, wanted.length)),
  );
  const problems = formatProblems(name, results);
  if (problems) throw new InvalidInput(problems);
  const found = new Map(results.flatMap((result) => ("found" in result ? [[result.listed, result.found]] : [])));
  const changes = changesOf(results);
  const write = changes.length > 0 && !options.check;
  if (write)
    await writeImages(
      file,
      listed.map((image) => found.get(image) ?? image),
    );
  out(formatResult(name, changes, { looked: wanted.length, written: write }));
  return changes.length > 0 && options.check ? exitCode.refused : exitCode.clean;
}

function chosen(listed: readonly ListedImage[], only: string[] | undefined, file: string): readonly ListedImage[] {
  const names = [...new Set(listed.map((image) => image.name))];
  const unknown = (only ?? []).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new InvalidInput(`${file} has no image named ${unknown.join(", ")}; it has ${names.join(", ")}.`);
  }
  return only ? listed.filter(({ name }) => only.includes(name)) : listed;
}

function mirror(value: string, others: Record<string, string>): Record<string, string> {
  const [, host, url] = /^([^=]+)=(https?:\/\/.+)$/.exec(value) ?? [];
  if (!host || !URL.canParse(url)) {
    throw new InvalidArgumentError("It is host=URL, such as docker.io=https://mirror.example.org.");
  }
  return { ...others, [host]: url };
}

function positive(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError("It is a whole number from 1 to 9999.");
  return Number(value);
}

if (require.main === module) start(run);
