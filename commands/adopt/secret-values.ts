import { isMap } from "../../engine/json";
import type { Values } from "./release";

/** Keys whose name says that the value is a secret, and the exceptions: what names a Secret or a key in one, and where an OpenID Connect provider gives tokens. */
const secretKey =
  /pass(word|wd|phrase)?$|secret|token|api_?key|access_?key|private_?key|credential|webhook|authorization|bearer|htpasswd/i;
const namesSecret =
  /existing|^(secretName|secrets|imagePullSecrets|envFromSecrets?)$|Ref$|SelectorNil|(password|user|secret|token)_?Key$|File$|_file$|token_?url$|automount/i;

/** Texts that are or contain a secret, with any key. */
const secretTexts = [
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
  /:\/\/[^/\s:@]+:[^/\s@]+@/, // a password in a URL
  /hooks\.slack\.com\/|discord(app)?\.com\/api\/webhooks|api\.telegram\.org\/bot|[?&](token|key|secret|password|sig)=/i,
  /\b(pass(word|wd)?|secret(_?key)?|token|api_?key|credentials|authorization)["']?\s*[:=]\s*["']?[^\s"'$<{]/i, // a file in a value
  /\beyJ[\w-]{10,}\.[\w-]{10,}/, // a JSON web token
];

/** A long string of letters and digits: a key, unless it is the digest of an image. */
const opaque = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/_=-]{32,}$/;
const digest = /^(sha|digest|tag|version)$/i;

/** Values without secrets, and the paths that were left out. */
export interface Sifted {
  kept: Values;
  withheld: string[];
}

/**
 * Removes from values whatever looks like a secret: by its key, by its text, and by the name beside it (`env`). It removes
 * too much rather than too little, because the rest is shown. A list entry is removed as a whole, because half of one would mean something else.
 * @param values values of a chart
 */
export function withoutSecrets(values: Values): Sifted {
  const withheld: string[] = [];
  return { kept: (sift(values, "", "", withheld) ?? {}) as Values, withheld };
}

/** What is left of a value; undefined if nothing is. */
function sift(value: unknown, path: string, key: string, withheld: string[]): unknown {
  if (Array.isArray(value)) {
    const left = value.filter((each, i) => {
      const before = withheld.length;
      sift(each, `${path}[${i}]`, nameBeside(each) ?? key, withheld);
      return withheld.length === before;
    });
    return left.length > 0 || value.length === 0 ? left : undefined;
  }
  if (isMap<unknown>(value)) {
    const left = Object.entries(value).flatMap(([k, part]) => {
      // A map below a key that names a Secret contains that name and a key; the meaning of `value` is given by `name` beside it.
      const judged = k === "value" || namesSecret.test(key) ? key : k;
      const rest = sift(part, path ? `${path}.${k}` : k, judged, withheld);
      return rest === undefined ? [] : [[k, rest]];
    });
    return left.length > 0 || Object.keys(value).length === 0 ? Object.fromEntries(left) : undefined;
  }
  if (!isSecret(key, value)) return value;
  withheld.push(path);
  return undefined;
}

/** In `{ name: GF_SMTP_PASSWORD, value: … }`, the name says what the value is. */
const nameBeside = (value: unknown): string | undefined =>
  isMap<unknown>(value) && typeof value.name === "string" && "value" in value ? value.name : undefined;

function isSecret(key: string, value: unknown): boolean {
  if (value === null || value === "" || typeof value === "boolean") return false;
  const text = String(value);
  if (secretTexts.some((pattern) => pattern.test(text))) return true;
  if (namesSecret.test(key)) return false;
  return secretKey.test(key) || (opaque.test(text) && !digest.test(key));
}
