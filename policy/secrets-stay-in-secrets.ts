import { inner } from "./lib/paths";
import { definePolicy, type StackFinding } from "./lib/policy";
import type { Resource } from "./lib/resource";
import { formsOf, type Form } from "./lib/secrets/forms";
import { searchFor, type Search } from "./lib/secrets/search";
import { isSecret, secretsOf, type HeldSecret } from "./lib/secrets/values";
import { isBlock, Unknown, type Block } from "./lib/unknown";

/** Where a secret is from, and the form in which it is sought. */
type Sought = Pick<HeldSecret, "resource" | "path"> & Pick<Form, "as">;

// What a server writes into an object, and what nobody reads as text.
const byServer = /^(status|metadata\.(managedFields|uid|resourceVersion|creationTimestamp))$/;
// Where a value that a preview doesn't know may be a generated password. A checksum in an annotation is unknown as well, and no secret.
const mayBecomeSecret = /^(data|binaryData|values|valueYamlFiles)\b|\b(env|args|command)\b/;

/**
 * Refuses a secret of the stack anywhere but in a Secret: in a ConfigMap, an argument, a variable, an annotation, chart values. Who may read
 * pods or ConfigMaps reads it there, and so does who sees a preview, the state or Helm's release.
 *
 * Secrets are compared by their SHA-256 hash, as they are, in base64 and URL-encoded, and are never printed. What could as well be a word
 * is not compared.
 */
export const secretsStayInSecrets = definePolicy({
  name: "secrets-stay-in-secrets",
  description: "What a Secret, a password or an item of the stack holds appears nowhere else in the stack.",
  url: "https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
  severity: "critical",
  *checkStack(resources) {
    const search = searchFor(sought(resources));
    for (const resource of resources) {
      if (!resource.type.startsWith("kubernetes:") || isSecret(resource)) continue;
      yield* inBlock(resource, resource.props, "", search);
    }
  },
});

// Of several places that hold one secret, a Secret is what a pod can refer to.
function sought(resources: readonly Resource[]): Map<string, Sought> {
  const held = resources.flatMap(secretsOf);
  const inOrder = [
    ...held.filter(({ resource }) => !isSecret(resource)),
    ...held.filter((each) => isSecret(each.resource)),
  ];
  return new Map(
    inOrder.flatMap(({ resource, path, value }) =>
      formsOf(value).map(({ text, as }) => [text, { resource, path, as }] as const),
    ),
  );
}

function* inBlock(resource: Resource, value: unknown, path: string, search: Search<Sought>): Iterable<StackFinding> {
  if (byServer.test(path)) return;
  if (value instanceof Unknown) {
    if (mayBecomeSecret.test(path)) yield value;
  } else if (typeof value === "string") {
    for (const found of search(value)) yield leaked(resource, path, found);
  } else if (Array.isArray(value) || isBlock(value)) {
    for (const [key, each] of Object.entries(value as Block)) {
      yield* inBlock(resource, each, inner(path, Array.isArray(value) ? Number(key) : key), search);
    }
  }
}

function leaked(resource: Resource, path: string, { resource: holder, path: place, as }: Sought): StackFinding {
  const reference = isSecret(holder) ? `a reference to ${holder.label}` : "a reference to a Secret that has it";
  return {
    resource,
    path,
    found: `a text with the secret of ${holder.label} (${place}) in it${as && `,${as}`}`,
    wanted: reference,
    fix: "Whoever may read this resource, the state or a preview has the secret. Give it by secretKeyRef, by a mounted Secret, or by the Secret's name in chart values; then make a new one, as this one is known.",
  };
}
