// By the last words of a key: what follows them (`passwordFile`, `tokenUrl`, `secretName`, `passwordKey`) says that it is something else.
const certain =
  /(?:^| )(?:password|passwd|pwd|pass|pass ?phrase|token|credentials?|api ?key|access ?key(?: id)?|secret access ?key|private ?key|account ?key|(?:client|shared|app|webhook|jwt|cookie) secret|(?:signing|encryption) (?:key|secret)|connection ?string)$/;
// A chart names by these the Secret, or a key in it, as often as it gives the value.
const likely = /(?:^| )(?:secret|secret ?key|user ?key|(?:routing|service|integration|license) ?key)$/;

/** Whether the value of such a key is a credential: surely, only if it looks generated, or not at all. */
export function credentialBy(key: string): "certain" | "likely" | undefined {
  const words = key
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .join(" ")
    .trim();
  return certain.test(words) ? "certain" : likely.test(words) ? "likely" : undefined;
}

// A variable, a template, an expression, a regular expression, what people write in place of a value.
const placeholder =
  /^\$[A-Za-z_]\w*$|^\$__|\$\{|\$\(|\{\{|^%\(|^<[^>]*>?$|^[*x.…]+$|^[*!]\w|\.\*|\.\+|\[\^|\(\?|\\[Ssdw]|^[a-z_][\w.]*\([^)]*\)?/;
const reference =
  /^(?:op|vault|bao|ref\+\w+|secretref|sops|env|file|aws\w*|gcp\w*|azure\w*):|^ENC\[|^https?:\/\/[^@]*$|^\.{0,2}\/[\w.@-]+(?:\/[\w.@-]*)*$/i;
// Of Alloy: another component's export.
const expression = /^(?:local|remote|module|argument|sys|env|discovery|nonsensitive|otelcol)(?:\.\w+)+(?:\[.*)?$/;
const word = /^(?:true|false|null|nil|none|yes|no|on|off|enabled|disabled|required|optional|redacted|string)$/i;

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
