import { createHash } from "node:crypto";
import { Resource } from "./graph";
import { isMap } from "./json";
import { Properties, secret, unknownValue, Value } from "./values";

/** What providers would answer. */
export interface Answers {
  /** The id (empty while unknown) and outputs of a resource that the program declares. */
  create(resource: Resource): { id: string; outputs: Properties };
  /** The outputs of an existing object that the program reads. */
  read(resource: Resource): Properties;
  /** The result of a data source; undefined if all of it is unknown. */
  invoke(token: string, args: Properties): Properties | undefined;
}

/**
 * The answers of a preview, where nothing exists yet: outputs are the inputs, everything that a provider would compute is
 * unknown (the language runtime takes a missing output for unknown), and a data source's result is an unknown secret.
 */
export const previewAnswers: Answers = {
  create: (resource) => ({
    id: resource.options.import ?? (resource.type.startsWith("pulumi:providers:") ? unknownValue : ""),
    outputs: withKubernetesDefaults(resource),
  }),
  read: readKubernetes,
  invoke: (token) => fieldsOf(token, () => secret(unknownValue)),
};

/**
 * The fields of the data sources that this project reads, from their result types in `@1password/pulumi-onepassword`. An
 * answer must name its fields: the protocol can say that a whole result is unknown, but not that it is secret.
 */
const dataSources: Record<string, string[]> = {
  "onepassword:index/getItem:getItem": [
    ...["category", "credential", "database", "files", "hostname", "id", "noteValue", "password", "port", "privateKey"],
    ...["publicKey", "sections", "tags", "title", "type", "url", "username", "uuid", "vault"],
  ],
  "onepassword:index/getVault:getVault": ["description", "id", "name", "uuid"],
};

/** A value for each field of a known data source; undefined for any other. */
export const fieldsOf = (token: string, value: (field: string) => Value): Properties | undefined =>
  token in dataSources ? Object.fromEntries(dataSources[token].map((field) => [field, value(field)])) : undefined;

/** What is known about an existing Kubernetes object without reading it: its id is `namespace/name` or `name`. */
export function readKubernetes(resource: Resource): Properties {
  const [, group, kind] = resource.type.split(":");
  if (!resource.type.startsWith("kubernetes:") || kind === "Release") {
    return resource.inputs;
  }
  const [name, namespace] = resource.id.split("/").reverse();
  return {
    apiVersion: group.replace(/^core\//, ""),
    kind,
    ...resource.inputs,
    metadata: namespace === undefined ? { name } : { name, namespace },
  };
}

/**
 * The Kubernetes provider gives an object without a name one (`<name>-<8 hex digits>`), even in the preview; an object that is
 * taken over has the name of its id.
 */
export function withKubernetesDefaults(resource: Resource): Properties {
  const outputs = { ...resource.inputs };
  if (!resource.type.startsWith("kubernetes:")) {
    return outputs;
  }
  const suffix = createHash("sha256").update(resource.urn).digest("hex").slice(0, 8);
  const name = resource.options.import?.split("/").at(-1) ?? `${resource.name}-${suffix}`;
  if (resource.type === "kubernetes:helm.sh/v3:Release") {
    return { name, ...outputs };
  }
  const metadata = outputs.metadata ?? {};
  return isMap<Value>(metadata) ? { ...outputs, metadata: { name, ...metadata } } : outputs;
}
