import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { InvalidInput } from "../../engine/errors";
import { McFailed, type Mc, type Usage } from "./mc";

/** Alias of the server that has the backup: its address and key are in `MC_HOST_target`. */
export const targetAlias = "target";

/** Where a backup is. */
export interface Place {
  /** For a person. */
  readonly shown: string;
  /** Of a bucket: its server's address, and its name. */
  readonly bucket?: { server: string; name: string };
  /** What mc calls something in it. */
  at(name: string): string;
  /** A small file's text; undefined: there is none. */
  read(name: string): Promise<string | undefined>;
  /** @throws InvalidInput when it can't be written to */
  write(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Copies a file of this machine into it; an interrupted copy leaves the previous file. */
  put(file: string, name: string): Promise<void>;
  /** Copies a file out of it. */
  get(name: string, file: string): Promise<void>;
  /** Number and size of what is below a name. */
  usage(name: string): Promise<Usage>;
  /** Free bytes; undefined: unknown. */
  free(): number | undefined;
}

/**
 * Reads `--to` and `--from`.
 * @param text `s3://bucket/prefix`, or a folder
 * @param host the variable `MC_HOST_target`
 * @throws InvalidInput
 */
export function placeOf(text: string, host: string | undefined, mc: Mc): Place {
  const [, bucket, prefix = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/?$/.exec(text) ?? [];
  if (bucket !== undefined) return bucketPlace({ name: bucket, prefix, server: serverIn(host) }, mc);
  if (/^[a-z0-9]+:\/\//i.test(text) || text === "")
    throw new InvalidInput(`"${text}" can't hold a backup\n→ s3://BUCKET/PREFIX, or a folder of this machine`);
  return folderPlace(resolve(text), mc);
}

/**
 * The address in a variable of mc's.
 * @throws InvalidInput where there is none
 */
function serverIn(host: string | undefined): string {
  const server = /^(https?:\/\/)[^:@/]+:[^:]+@([^/@]+)\/?$/.exec(host ?? "");
  if (server) return server[1] + server[2];
  throw new InvalidInput(
    `MC_HOST_${targetAlias} ${host ? "is not an address with a key" : "is not set"}: it has the address of that bucket\n` +
      `→ export MC_HOST_${targetAlias}=https://ACCESSKEY:SECRETKEY@nas.example:9000 (mc takes no key with a colon in it)`,
  );
}

/** What a key of a backup's bucket must be allowed to do. */
const actions = "s3:ListBucket, GetObject, PutObject and DeleteObject";

function bucketPlace(place: { name: string; prefix: string; server: string }, mc: Mc): Place {
  const { name, prefix, server } = place;
  const at = (file: string) => [targetAlias, name, prefix, file].filter(Boolean).join("/");
  const shown = `s3://${[name, prefix].filter(Boolean).join("/")} of ${server}`;
  const refused = (error: unknown): never => {
    if (!(error instanceof McFailed)) throw error;
    throw new InvalidInput(
      `${shown} can't be written to: ${error.message}\n→ the bucket must be there, have room, and its key needs ${actions}`,
    );
  };
  const unreadable = (error: unknown): never => {
    if (!(error instanceof McFailed)) throw error;
    throw new InvalidInput(
      `${shown} can't be read: ${error.message}\n→ look at MC_HOST_${targetAlias}; its key needs ${actions}`,
    );
  };
  return {
    ...{ shown, bucket: { server, name }, at },
    read: (file) => mc.read(at(file)).catch(unreadable),
    write: (file, text) => mc.write(at(file), text).catch(refused),
    remove: (file) => mc.remove(at(file)).catch(refused),
    put: (file, name) => mc.copy(file, at(name)).catch(refused),
    get: (name, file) => mc.copy(at(name), file).catch(unreadable),
    usage: (file) => mc.usage(at(file)),
    free: () => undefined,
  };
}

function folderPlace(folder: string, mc: Mc): Place {
  const at = (file: string) => join(folder, file);
  const refusing = (act: () => void) => {
    try {
      act();
      return Promise.resolve();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = { EROFS: "it is read-only", EACCES: "this user may not", ENOSPC: "it is full" }[code ?? ""];
      throw new InvalidInput(
        `${folder} can't be written to: ${why ?? message}\n→ choose another folder, or another disk, with --to`,
      );
    }
  };
  return {
    ...{ shown: folder, at },
    read: (file) => Promise.resolve(existsSync(at(file)) ? readFileSync(at(file), "utf8") : undefined),
    write: async (file, text) =>
      refusing(() => {
        mkdirSync(dirname(at(file)), { recursive: true, mode: 0o700 });
        writeFileSync(at(file), text, { mode: 0o600, flush: true });
      }),
    remove: async (file) => refusing(() => rmSync(at(file), { force: true })),
    put: async (file, name) =>
      refusing(() => {
        mkdirSync(dirname(at(name)), { recursive: true, mode: 0o700 });
        copyFileSync(file, `${at(name)}.part`);
        renameSync(`${at(name)}.part`, at(name));
      }),
    get: async (name, file) => Promise.resolve(copyFileSync(at(name), file)),
    usage: async (file) => (existsSync(at(file)) ? mc.usage(at(file)) : { objects: 0, size: 0 }),
    free: () => {
      // The folder may not be there yet: then its nearest parent says it.
      let nearest = folder;
      while (!existsSync(nearest)) nearest = dirname(nearest);
      if (!statSync(nearest).isDirectory())
        throw new InvalidInput(`${nearest} is not a folder\n→ choose another one with --to`);
      const { bavail, bsize } = statfsSync(nearest);
      return bavail * bsize;
    },
  };
}
