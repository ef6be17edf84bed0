import { Graph } from "./graph";
import { secretTexts } from "./values";

/** Shorter texts can't be distinguished from ordinary words: for example a user name such as `loki`. */
const shortest = 8;

/**
 * A safety net for policies and programs, which get secrets in clear and should not print them: replaces every secret of the graph
 * in a text with `[secret]`, as Pulumi's CLI does with those that it decrypts.
 */
export function redactor(graph: Graph): (text: string) => string {
  const resources = [...graph.values()].flatMap(({ inputs, outputs }) => [inputs, outputs]);
  const secrets = new Set(resources.flatMap(secretTexts).filter((text) => text.length >= shortest));
  // The longest first: a secret may contain another.
  const ordered = [...secrets].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((result, secret) => result.replaceAll(secret, "[secret]"), text);
}
