import { isMap } from "../offline/json";
import type { Values } from "./release";

/** Keys whose value is a secret by their name, and those of them that name a Secret or a key in one. */
const secretKey =
  /pass(word|wd|phrase)?$|secret|token|api_?key|access_?key|private_?key|credential|webhook|authorization|bearer|htpasswd/i;
const namesSecret =
  /existing|^(secretName|secrets|imagePullSecrets|envFromSecrets?)$|Ref$|SelectorNil|(password|user|secret|token)_?Key$|File$|_file$|automount/i;

/** Texts that are, or contain, a secret whatever their key. */
const secretTexts = [
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
  /:\/\/[^/\s:@]+:[^/\s@]+@/, // a password in a URL
  /hooks\.slack\.com\/|discord(app)?\.com\/api\/webhooks|api\.telegram\.org\/bot|[?&](token|key|secret|password|sig)=/i,
  /\b(pass(word|wd)?|secret(_?key)?|token|api_?key|credentials|authorization)["']?\s*[:=]\s*["']?[^\s"'$<{]/i, // a file in a value
  /\beyJ[\w-]{10,}\.[\w-]{10,}/, // a JSON web token
];

/** A long run without spaces, of letters and digits: a key, unless it is the digest of an image. */
const opaque = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/_=-]{32,}$/;
const digest = /^(sha|digest|tag|version)$/i;

/** Values without what looks like a secret, and the paths of what was left out. */
export interface Sifted {
  kept: Values;
  withheld: string[];
}

/**
 * Takes out of values whatever looks like a secret: by its key, by its text, and by the name that stands beside it (`env`). It rather takes
 * out too much: what is left is shown. An entry of a list goes whole, as half of one would be something else.
 * @param values values of a chart
 */
export function withoutSecrets(values: Values): Sifted {
  const withheld: string[] = [];
  return { kept: (sift(values, "", "", withheld) ?? {}) as Values, withheld };
}

/** What is left of a value; undefined: nothing. */
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
      // A map below a key that names a Secret is that name and a key in it; `value` is what its neighbour `name` says.
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

/** Of `{ name: GF_SMTP_PASSWORD, value: … }` the name says what the value is. */
const nameBeside = (value: unknown): string | undefined =>
  isMap<unknown>(value) && typeof value.name === "string" && "value" in value ? value.name : undefined;

function isSecret(key: string, value: unknown): boolean {
  if (value === null || value === "" || typeof value === "boolean") return false;
  const text = String(value);
  if (secretTexts.some((pattern) => pattern.test(text))) return true;
  if (namesSecret.test(key)) return false;
  return secretKey.test(key) || (opaque.test(text) && !digest.test(key));
}
