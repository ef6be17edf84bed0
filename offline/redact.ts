import { Graph } from "./graph";
import { secretTexts } from "./values";

/** Shorter texts are too common to be told from ordinary words: a user name like `loki` is one. */
const shortest = 8;

/**
 * A net below policies and programs, which get secrets in clear and should print none: replaces every secret of the graph
 * that stands in a text by `[secret]`, as Pulumi's CLI does with those that it decrypts.
 */
export function redactor(graph: Graph): (text: string) => string {
  const resources = [...graph.values()].flatMap(({ inputs, outputs }) => [inputs, outputs]);
  const secrets = new Set(resources.flatMap(secretTexts).filter((text) => text.length >= shortest));
  // The longest first: a secret may contain another.
  const ordered = [...secrets].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((result, secret) => result.replaceAll(secret, "[secret]"), text);
}
