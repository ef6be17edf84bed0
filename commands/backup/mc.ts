import { spawn } from "node:child_process";
import { noObject } from "../../components/backup/copying";
import { InvalidInput } from "../../engine/errors";

/** How S3 servers are reached: the name of an alias → `https://KEY:SECRET@host`, as mc reads it from a variable `MC_HOST_<alias>`. */
export type Hosts = Readonly<Record<string, string>>;

/** Why mc could not do something, in its own words. */
export class McFailed extends InvalidInput {}

/** What is in a place of mc's. */
export interface Usage {
  objects: number;
  /** Of bytes. */
  size: number;
}

/**
 * MinIO's client, which copies between any S3 servers and folders. Keys come to it by its environment only.
 * @see https://min.io/docs/minio/linux/reference/minio-mc.html
 */
export class Mc {
  /**
   * @param program its path, or its name in PATH
   * @param hosts how servers are reached
   * @param signal ends what runs
   */
  constructor(
    private readonly program: string,
    private readonly hosts: Hosts,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Makes sure that it can be run, and is MinIO's.
   * @throws InvalidInput
   */
  async check(): Promise<void> {
    const said = await this.run(["--version"]).catch((error: unknown) => {
      if (error instanceof McFailed) return "";
      throw error;
    });
    if (!/^mc(?:li)? version RELEASE/.test(said))
      throw new InvalidInput(
        `${this.program} is another program, not MinIO's client (Midnight Commander has the same name)\n→ ${install}`,
      );
  }

  /**
   * Copies what is new or changed.
   * @param flags of `mc mirror`
   */
  async mirror(flags: readonly string[], from: string, to: string): Promise<void> {
    await this.run(["mirror", "--quiet", ...flags, from, to], { discard: true });
  }

  /**
   * Number and size of all objects in a bucket, or below a name in it, where there may be none.
   * @throws McFailed when there is no such bucket, or it may not be listed
   */
  async usage(place: string): Promise<Usage> {
    try {
      const { objects, size } = JSON.parse(await this.run(["du", "--json", place])) as Usage;
      return { objects, size };
    } catch (error) {
      // S3 has no folders: one without objects isn't there.
      if (error instanceof McFailed && error.message.includes("is not a folder")) return { objects: 0, size: 0 };
      throw error;
    }
  }

  /** Names at the top of a bucket or folder; what has others below it ends with a slash. */
  async list(place: string): Promise<string[]> {
    const said = await this.run(["ls", "--json", `${place}/`]);
    return said
      .split("\n")
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { key: string }).key);
  }

  /** An object's text; undefined: there is none. */
  async read(object: string): Promise<string | undefined> {
    return this.run(["cat", object]).catch((error: unknown) => {
      if (error instanceof McFailed && noObject.some((words) => error.message.includes(words))) return undefined;
      throw error;
    });
  }

  /** Copies a file, or an object. */
  async copy(from: string, to: string): Promise<void> {
    await this.run(["cp", "--quiet", from, to], { discard: true });
  }

  /** Writes an object. */
  async write(object: string, text: string): Promise<void> {
    await this.run(["pipe", "--quiet", object], { input: text });
  }

  /** Removes an object. */
  async remove(object: string): Promise<void> {
    await this.run(["rm", "--quiet", object]);
  }

  private run(args: readonly string[], { input = "", discard = false } = {}): Promise<string> {
    this.signal.throwIfAborted();
    const variables = Object.entries(this.hosts).map(([alias, host]) => [`MC_HOST_${alias}`, host]);
    const env = { ...process.env, ...Object.fromEntries(variables) };
    return new Promise((resolve, reject) => {
      const child = spawn(this.program, args, { env, stdio: ["pipe", discard ? "ignore" : "pipe", "pipe"] });
      const end = () => child.kill();
      this.signal.addEventListener("abort", end);
      let [said, errors] = ["", ""];
      child.stdout?.setEncoding("utf8").on("data", (text: string) => (said += text));
      // Of a hundred thousand refused objects the first and the last say enough.
      child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors = shortened(errors + text)));
      child.stdin?.on("error", () => undefined).end(input);
      child.on("error", ({ code, message }: NodeJS.ErrnoException) =>
        reject(new InvalidInput(`${this.program} ${code === "ENOENT" ? "is not there" : message}\n→ ${install}`)),
      );
      child.on("close", (code) => {
        this.signal.removeEventListener("abort", end);
        if (this.signal.aborted) reject(this.signal.reason as Error);
        else if (code === 0) resolve(said);
        else reject(new McFailed(messageOf(errors, said) ?? `mc ${args[0]} ended with ${code}`));
      });
    });
  }
}

const install =
  "install it (https://min.io/docs/minio/linux/reference/minio-mc.html), and give its path with --mc if it isn't in PATH";

const shortened = (text: string): string => (text.length > 8000 ? `${text.slice(0, 4000)}${text.slice(-4000)}` : text);

/** With `--json` an error is on standard output. */
function messageOf(errors: string, said: string): string | undefined {
  const lines = errors.split("\n").filter((line) => line.includes("<ERROR>"));
  const told = [...new Set(lines.map((line) => line.replace(/^.*<ERROR>\s*/, "").trim()))];
  if (told.length > 0) return [...told.slice(0, 3), ...(told.length > 3 ? ["…"] : [])].join("; ");
  const error = said.split("\n").find((line) => line.includes('"status":"error"'));
  if (error === undefined) return errors.trim().split("\n").at(-1) || undefined;
  const { message, cause } = (JSON.parse(error) as { error: { message: string; cause?: { message?: string } } }).error;
  return [message, cause?.message].filter(Boolean).join(" ");
}
