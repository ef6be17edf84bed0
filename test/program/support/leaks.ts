import { createHash } from "node:crypto";

/** A text that stands for a secret: each of these stands in every secret of the tests. */
const marks = ["hush-given-", "hush-generated-", "-of-1password-item-"];

/** The marked value of a secret that a person gives. */
export const given = (secret: string, field: string): string => `hush-given-${secret}-${field}`;

/**
 * Where a secret can be read in a value: paths of the texts that hold one, or a plain checksum of one, which tells a short secret to whoever
 * tries them all. What is encoded in base64, in hexadecimal or as part of a URL is read too.
 * @param value plain data, its secrets already replaced by `{ secret: true }`
 * @param secrets whole secrets, for their checksums
 */
export function leaks(value: unknown, secrets: readonly string[] = []): string[] {
  const wanted = [...marks, ...secrets.flatMap(checksumsOf)];
  return textsIn(value)
    .filter(({ text }) => readings(text).some((reading) => wanted.some((mark) => reading.includes(mark))))
    .map(({ path }) => path);
}

function textsIn(value: unknown, path = ""): { path: string; text: string }[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [
    { path: `${path}.${key} (key)`, text: key },
    ...textsIn(part, `${path}.${key}`),
  ]);
}

/** A text, and what it says when it, or a part of it, is decoded; what comes out may be encoded once more. */
function readings(text: string, depth = 2): string[] {
  const decoded = [
    ...(text.includes("%") ? [text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => fromHex(hex))] : []),
    ...runs(text, /[0-9a-f]{16,}/gi).map(fromHex),
    // Where a run of these letters begins with a part of something else, the groups of four start later.
    ...runs(text, /[A-Za-z0-9+/_-]{16,}/g).flatMap((run) => [0, 1, 2, 3].map((from) => fromBase64(run.slice(from)))),
  ];
  return [text, ...(depth > 0 ? decoded.flatMap((each) => readings(each, depth - 1)) : [])];
}

const runs = (text: string, pattern: RegExp): string[] => text.match(pattern) ?? [];
const fromHex = (text: string): string => Buffer.from(text, "hex").toString("latin1");
const fromBase64 = (text: string): string => Buffer.from(text, "base64").toString("latin1");

/** Their first 16 digits, as in the checksum annotations. */
const checksumsOf = (secret: string): string[] =>
  [secret, Buffer.from(secret).toString("base64")].flatMap((text) =>
    ["sha256", "sha1", "md5"].map((algorithm) => createHash(algorithm).update(text).digest("hex").slice(0, 16)),
  );
