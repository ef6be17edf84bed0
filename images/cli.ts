import path from "node:path";
import { RunError } from "@pulumi/pulumi/errors";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { ListedImage } from "../components/image-list";
import { InvalidInput } from "../offline/errors";
import type { Output } from "../preflight/cli";
import { dockerCredentials } from "./credentials";
import { readImages, writeImages } from "./file";
import { changesOf, formatProblems, formatResult, progressLine } from "./format";
import { lookUpAll } from "./lock";
import { patient, type Patience } from "./retry";

/** Exit codes of the command. */
const exitCode = { clean: 0, outOfDate: 1, failed: 2 };

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
  output: Output,
  { env, patience }: Surroundings = { env: process.env, patience: patient },
): Promise<number> {
  const command = new Command("images:lock")
    .description("Writes the digests and platforms that the registries have into images.json: all of them, or nothing")
    .option("--check", "write nothing; exit code 1 where the file is out of date")
    .option("--only <names...>", "only the images of these names")
    .option("--registry-mirror <host=url>", "ask this URL in place of a host; may be repeated", mirror, {})
    .option("--concurrency <number>", "how many images are looked up at a time", positive, 4)
    .option("--deadline <seconds>", "how long each answer may take", positive, 30)
    .option("--file <file>", "another list of images", path.join(__dirname, "../images.json"))
    .configureOutput({ writeOut: (text) => output.out(text), writeErr: (text) => output.error(text) })
    .exitOverride();
  try {
    const options = command.parse(args, { from: "user" }).opts<Options>();
    return await lock(options, output, { env, patience });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.clean : exitCode.failed;
    if (!isForAPerson(error)) throw error;
    output.error(`${error.message}\n`);
    return exitCode.failed;
  }
}

async function lock(options: Options, { out, error }: Output, { env, patience }: Surroundings): Promise<number> {
  const { file, only, concurrency, registryMirror: mirrors } = options;
  const name = path.basename(file);
  const listed = readImages(file);
  const wanted = chosen(listed, only, name);
  const said = (line: string) => error(`${line}\n`);
  const results = await lookUpAll(
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
  return changes.length > 0 && options.check ? exitCode.outOfDate : exitCode.clean;
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

/** What a person can act on: a wrong list, or a file that can't be read or written. */
const isForAPerson = (error: unknown): error is Error =>
  error instanceof InvalidInput || RunError.isInstance(error) || (error instanceof Error && "syscall" in error);
