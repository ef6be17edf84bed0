import { onceByText } from "../once";

// By the last words of a key: what follows them (`passwordFile`, `tokenUrl`, `secretName`, `passwordKey`) says that it is something else.
const certain =
  /(?:^| )(?:password|(?:ht)?passwd|pwd|pass|pass ?phrase|token|credentials?|api ?key|access ?key(?: id)?|secret access ?key|private ?key|account ?key|(?:client|shared|app|webhook|jwt|cookie) secret|(?:signing|encryption) (?:key|secret)|connection ?string)$/;
// A chart names by these the Secret, or a key in it, as often as it gives the value.
const likely = /(?:^| )(?:secret|secret ?key|user ?key|(?:routing|service|integration|license) ?key)$/;

/** One of these is in every key of {@link credentialBy}, in whatever letters. */
export const wordOfKeys = /pass|pwd|token|credential|key|secret|connection/i;

// What holds several of them, in a list or by somebody's name.
const several = /(?:^| )(?:password|token|api ?key|access ?key|private ?key)s$/;
// In such a mapping: what is about them, and not one of them.
const about = /(?:^| )(?:secrets?|names?|keys?|refs?|files?|paths?|enabled|types?|namespace)$/;
const secretName = /(?:^| )(?:existing ?secret(?: .*)?|secret ?name)$/;
const wordOfOwners = /secret|user|key/i;
const userName = /(?:^| )(?:root ?user|access ?key(?: id)?)$/;

/** Whether the value of such a key is a credential: surely, only if it looks generated, or not at all. */
export const credentialBy = onceByText((key): "certain" | "likely" | undefined => {
  if (!wordOfKeys.test(key)) return undefined;
  const words = wordsOf(key);
  if (secretName.test(words)) return undefined;
  return certain.test(words) ? "certain" : likely.test(words) ? "likely" : undefined;
});

/** Whether what is in a list or mapping of such a key are credentials: `passwords`, `apiKeys`. */
export const holdsCredentials = onceByText((key) => wordOfKeys.test(key) && several.test(wordsOf(key)));

/** Whether a key in a mapping of credentials says something of them, such as `existingSecret`. */
export function isAboutCredentials(key: string): boolean {
  return about.test(wordsOf(key));
}

/**
 * Whether a block has a name that goes with a credential in it: that of a Secret, or a user's. Then `secretKey` there is the credential, or
 * names the key of the Secret that has it.
 */
export function namesOwner(block: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(block).some((key) => isOfOwner(key) && typeof block[key] === "string" && block[key] !== "");
}

const isOfOwner = onceByText((key) => {
  const words = wordOfOwners.test(key) ? wordsOf(key) : "";
  return secretName.test(words) || userName.test(words);
});

/** Whether a value says what it is the key of, such as `admin-password` and `AWS_SECRET_ACCESS_KEY`: a key in a Secret, or a Secret. */
export function isNameOfKey(value: string): boolean {
  const words = /^[\w.-]+$/.test(value) ? wordsOf(value).split(" ") : [];
  return words.some((word) =>
    /^(?:pass|password|passwd|secret|secrets|key|token|user|username|access|auth|creds?|credentials?)$/.test(word),
  );
}

function wordsOf(key: string): string {
  return key
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .join(" ")
    .trim();
}

// A variable, a template, an expression, a regular expression, what people write in place of a value.
const placeholder =
  /^\$[A-Za-z_]\w*$|^\$\d$|^\$__|\$\{|\$\(|\{\{|^\[\[|^`|^\{\w+\}$|^%(?:\(|\w+%$|s$)|^<[^>]*>?$|^[*x.…]+$|^[*!]\w|\.\*|\.\+|\[\^|\(\?|\\[Ssdw]|^[a-z_][\w.]*\([^)]*\)?/;
// A value of a SealedSecret, which only its cluster can read, begins with the length of its RSA-encrypted key.
const reference =
  /^(?:op|vault|bao|ref\+\w+|secretref|sops|env|file|aws\w*|gcp\w*|azure\w*):|^@(?:env:|\/)|^ENC\[|^Ag[A-D][A-Z\d+/]{680,}={0,2}$|^https?:\/\/[^@]*$|^\.{0,2}\/[\w.@-]+(?:\/[\w.@-]*)*$/i;
// Of Alloy another component's export, and of a program's own text a variable of its environment.
const expression =
  /^(?:local|remote|module|argument|sys|env|os|process|discovery|nonsensitive|otelcol)(?:\.\w+)+(?:\[.*)?$/;
const word =
  /^(?:true|false|null|nil|none|yes|no|on|off|enabled|disabled|required|optional|auto|automatic|redacted|string|[01])$/i;

/**
 * Whether a value is the credential itself, and not a placeholder, a reference or a path.
 *
 * @param value what stands there
 * @param by how sure the key is
 */
export function isLiteral(value: string, by: "certain" | "likely"): boolean {
  const text = value.trim();
  if (text === "" || [placeholder, reference, expression, word].some((each) => each.test(text))) return false;
  return by === "certain" || looksGenerated(text);
}

// Letters of both cases with digits, or many hexadecimal digits: no name of a Secret has these.
function looksGenerated(text: string): boolean {
  if (text.length < 12 || /\s/.test(text)) return false;
  return (/[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text)) || /^[\da-f]{20,}$/i.test(text);
}
