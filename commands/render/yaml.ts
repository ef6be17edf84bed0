import { Document, isScalar, Scalar, visit } from "yaml";
import { isMap } from "../../engine/json";

/**
 * Writes YAML that parsers of YAML 1.1 and 1.2 read alike (Kubernetes' own takes `1e3` for a number and `yes` for true;
 * others don't): a string is plain only if no version could read it as anything else. Keys are sorted, except for
 * `apiVersion`, `kind` and `metadata`, which come first, so equal values give equal text.
 *
 * @param comment lines above the document, without `#`
 */
export function toYaml(value: unknown, comment: string[] = []): string {
  const document = new Document(sortKeys(value));
  visit(document, { Scalar: (_, node) => void (node.type = styleOf(node) ?? node.type) });
  const text = document
    .toString({ lineWidth: 0, blockQuote: "literal" })
    // Line breaks in YAML 1.1, characters in 1.2: only inside double quotes, see `styleOf`.
    .replace(/[\u0085\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [...comment.map((line) => `# ${line}\n`), text].join("");
}

const words = /^(y|n|yes|no|on|off|true|false|null)$/i;

function styleOf(node: Scalar): Scalar.Type | undefined {
  if (!isScalar(node) || typeof node.value !== "string") {
    return undefined;
  }
  const text = node.value;
  if (/[\r\u0085\u2028\u2029]/.test(text)) {
    return "QUOTE_DOUBLE";
  }
  if (text.includes("\n")) {
    return "BLOCK_LITERAL";
  }
  return /^[A-Za-z/]/.test(text) && !words.test(text) ? undefined : "QUOTE_DOUBLE";
}

const leading = ["apiVersion", "kind", "metadata"];

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sortKeys);
  }
  if (!isMap<unknown>(value)) {
    return value;
  }
  const rest = Object.keys(value).filter((key) => !leading.includes(key));
  const keys = [...leading.filter((key) => key in value), ...rest.sort()];
  return Object.fromEntries(keys.map((key) => [key, sortKeys(value[key])]));
}
