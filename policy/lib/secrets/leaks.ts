import { credentialsOf } from "../credentials/resource";
import { inner } from "../paths";
import type { Resource } from "../resource";
import { isBlock, Unknown, type Block } from "../unknown";
import { formsOf, type Form } from "./forms";
import { searchFor, type Search } from "./search";
import { isSecret, secretsOf, type HeldSecret } from "./values";

/** Where a secret is from, and the form in which it is sought. */
type Sought = Pick<HeldSecret, "resource" | "path"> & Pick<Form, "as">;

/** A secret of the stack in a resource that isn't made for secrets. */
export interface Leak {
  resource: Resource;
  path: string;
  /** Where the secret is from, and the form in which it was found. */
  secret: Sought;
}

// What a server writes into an object, and what isn't read as text.
const byServer = /^(status|metadata\.(managedFields|uid|resourceVersion|creationTimestamp))$/;
// Where a value that a preview doesn't know may be a generated password. A checksum in an annotation is unknown as well, and no secret.
const mayBecomeSecret = /^(data|binaryData|values|valueYamlFiles)\b|\b(env|args|command)\b/;

/**
 * The secrets of a stack that stand anywhere but in a Secret; an {@link Unknown} for a value that may become one.
 *
 * @param withCredentials also in the places where `credentialsOf` finds one
 */
export function leaksOf(resources: readonly Resource[], withCredentials: boolean): Iterable<Leak | Unknown> {
  const search = searchFor(sought(resources));
  const found: (Leak | Unknown)[] = [];
  for (const resource of resources) {
    if (!resource.type.startsWith("kubernetes:") || isSecret(resource)) continue;
    let places: ReadonlySet<string> | undefined;
    const others = () => (places ??= new Set(withCredentials ? [] : credentialsOf(resource).map(({ path }) => path)));
    lookInBlock({ resource, search, others, found }, resource.props, "");
  }
  return found;
}

// Of several places that hold one secret, a Secret is what a pod can refer to.
function sought(resources: readonly Resource[]): Map<string, Sought> {
  const held = resources.flatMap(secretsOf);
  const inOrder = [
    ...held.filter(({ resource }) => !isSecret(resource)),
    ...held.filter(({ resource }) => isSecret(resource)),
  ];
  const found = new Map<string, Sought>();
  for (const { resource, path, value } of inOrder) {
    for (const { text, as } of formsOf(value)) found.set(text, { resource, path, as });
  }
  return found;
}

/** What is looked for in a resource. */
interface Looking {
  resource: Resource;
  search: Search<Sought>;
  /** The places that are not looked at, as `credentialsOf` names them. */
  others(): ReadonlySet<string>;
  /** What is found is added to it. */
  found: (Leak | Unknown)[];
}

function lookInBlock(looking: Looking, value: unknown, path: string): void {
  if (byServer.test(path)) return;
  if (value instanceof Unknown) {
    if (mayBecomeSecret.test(path)) looking.found.push(value);
  } else if (typeof value === "string") {
    lookInText(looking, value, path);
  } else if (Array.isArray(value) || isBlock(value)) {
    for (const [key, each] of Object.entries(value as Block)) {
      lookInBlock(looking, each, inner(path, Array.isArray(value) ? Number(key) : key));
    }
  }
}

function lookInText({ resource, search, others, found }: Looking, text: string, path: string): void {
  if (search(text).size === 0 || others().has(path)) return;
  const left = text.split("\n").filter((_, index) => !others().has(`${path}, line ${index + 1},`));
  for (const secret of search(left.join("\n"))) found.push({ resource, path, secret });
}
