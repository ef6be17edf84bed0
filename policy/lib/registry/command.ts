import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { moreImages, type KnownImage } from "../images";
import { parseReference } from "../reference";
import { isBlock, type Block } from "../unknown";
import { dockerCredentials } from "./credentials";
import { lookUpAll } from "./look-up";
import { patient, type Patience } from "./retry";

/** Where the command's words go: its result, and its progress and errors. */
export interface Output {
  out(text: string): void;
  error(text: string): void;
}

/** What the command uses of the machine that it runs on. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  patience: Patience;
}

const policy = "pi-nodes-run-arm64-images";
const usage = `observability-policy-images FILE [REFERENCE…] [--registry-mirror HOST=URL]…

Asks the registries for the images that FILE has in the parameter images of ${policy}, and for those given,
and writes their digests and platforms there: all of them, or nothing. FILE is one of --policy-pack-config.
`;

/** What a person can act on. */
class Wrong extends Error {}

/**
 * The command `observability-policy-images`: writes what the registries say of images into a file of `--policy-pack-config`.
 * @param args words of the command line
 * @param output where its words go
 * @param surroundings the machine
 * @returns exit code: 0; 2 for an image that could not be looked up, a file or a command line that is wrong, and then nothing was changed
 */
export async function run(
  args: readonly string[],
  output: Output,
  surroundings: Surroundings = { env: process.env, patience: patient },
): Promise<number> {
  try {
    await ask(args, output, surroundings);
    return 0;
  } catch (error) {
    const isForAPerson = error instanceof Wrong || (error instanceof Error && ("syscall" in error || "code" in error));
    if (!isForAPerson) throw error;
    output.error(`${(error as Error).message}\n`);
    return 2;
  }
}

async function ask(args: readonly string[], { out, error }: Output, { env, patience }: Surroundings): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { help: { type: "boolean" }, "registry-mirror": { type: "string", multiple: true, default: [] } },
  });
  if (values.help) return out(usage);
  const [file, ...references] = positionals;
  if (!file) throw new Wrong(usage.trimEnd());
  const settings = read(file);
  const parameters = parametersOf(settings, file);
  const wanted = imagesOf(parameters, references, file);
  const said = (line: string) => error(`${line}\n`);
  const options = { concurrency: 4, timeout: 30_000, mirrors: mirrorsOf(values["registry-mirror"]), patience, said };
  const answers = await lookUpAll(wanted, { ...options, credentials: dockerCredentials(env) }, ({ image }, done) =>
    said(`[${done}/${wanted.length}] ${image.reference}`),
  );
  const problems = answers.flatMap((answer) =>
    "problem" in answer
      ? [`${answer.image.reference}: ${answer.problem.message}\n  to do: ${answer.problem.remedy}`]
      : [],
  );
  if (problems.length > 0) throw new Wrong([...problems, `${file}: nothing was changed.`].join("\n"));
  const images = answers.flatMap((answer) =>
    "found" in answer ? [{ reference: answer.image.reference, ...answer.found }] : [],
  );
  write(file, { ...settings, [policy]: { ...parameters, images } });
  for (const { reference, platforms } of images) out(`${reference}: ${platforms.join(", ") || "nothing for Linux"}\n`);
}

function read(file: string): Block {
  const wrong = "a JSON object with a level or parameters for each policy, as for --policy-pack-config";
  try {
    const content: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isBlock(content)) return content;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Wrong(`${file} is not JSON (${error.message}); wanted ${wrong}.`);
    throw error;
  }
  throw new Wrong(`${file} is not an object of policies by name; wanted ${wrong}.`);
}

function parametersOf(settings: Block, file: string): Block {
  const given = settings[policy] ?? {};
  if (typeof given === "string") return { enforcementLevel: given };
  if (isBlock(given)) return given;
  throw new Wrong(`${file}: ${policy} is neither a level nor an object of parameters.`);
}

// As a container runtime completes a reference; one with a digest keeps its tag and gets the digest beside.
function imagesOf(parameters: Block, references: readonly string[], file: string): { reference: string }[] {
  const listed = moreImages.safeParse(parameters.images);
  if (!listed.success) throw new Wrong(`${file}: ${policy}.images is not valid:\n${z.prettifyError(listed.error)}`);
  const all: Pick<KnownImage, "reference">[] = [...listed.data, ...references.map((reference) => ({ reference }))];
  const names = all.map(({ reference }) => {
    const { repository, tag, digest } = parseReference(reference);
    if (!/^[\w.:-]+(\/[\w.-]+)+$/.test(repository)) throw new Wrong(`${reference} is no reference of an image.`);
    return `${repository}${tag ? `:${tag}` : digest ? "" : ":latest"}${tag || !digest ? "" : `@${digest}`}`;
  });
  if (names.length === 0) throw new Wrong(`${file} lists no images; give the references that are to be looked up.`);
  return [...new Set(names)].map((reference) => ({ reference }));
}

function mirrorsOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((each) => {
      const [, host, url] = /^([^=]+)=(https?:\/\/.+)$/.exec(each) ?? [];
      if (!host || !URL.canParse(url)) {
        throw new Wrong(
          `--registry-mirror is HOST=URL, such as docker.io=https://mirror.example.org, and not ${each}.`,
        );
      }
      return [host, url];
    }),
  );
}

// The whole of it or, when anything fails, nothing.
function write(file: string, settings: Block): void {
  const unfinished = `${file}.${process.pid}.unfinished`;
  try {
    writeFileSync(unfinished, `${JSON.stringify(settings, null, 2)}\n`);
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
}
