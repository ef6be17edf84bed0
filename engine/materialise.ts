import { createHash, randomBytes } from "node:crypto";
import { Answers, fieldsOf, readKubernetes, withKubernetesDefaults } from "./answers";
import { Generator, randomText } from "./generated";
import { Resource } from "./graph";
import { isProvider } from "./registrar";
import { Properties, reveal, secret, Value } from "./values";

/**
 * The answers of a run in which every output is known, as after an update: what a provider would compute is computed here
 * if the project uses it, and is otherwise absent.
 *
 * @param generator creates or finds generated values
 * @param itemLabels labels of the fields that a 1Password item is assumed to have, in addition to those of a login
 */
export const knownAnswers = (generator: Generator, itemLabels: string[]): Answers => ({
  create: (resource) => ({ id: idOf(resource), outputs: outputsOf(resource, generator) }),
  read: readKubernetes,
  invoke: (token, args) => {
    const item = String(args.uuid ?? args.title ?? args.name ?? token);
    const stand = (field: string): string => `placeholder-for-${field}-of-1password-item-${item}`;
    return fieldsOf(token, (field) =>
      field === "sections"
        ? secret([{ fields: itemLabels.map((label) => ({ label, value: stand(label) })) }])
        : listFields.includes(field)
          ? []
          : secret(stand(field)),
    );
  },
});

const listFields = ["files", "tags"];

function idOf(resource: Resource): string {
  if (isProvider(resource.type)) {
    return "rendered";
  }
  const { metadata } = withKubernetesDefaults(resource) as { metadata?: { name?: string; namespace?: string } };
  return [metadata?.namespace, metadata?.name ?? resource.name].filter(Boolean).join("/");
}

function outputsOf(resource: Resource, generator: Generator): Properties {
  const outputs = withKubernetesDefaults(resource);
  const { type, urn, inputs } = resource;
  // A change of `keepers` generates a new value: this is how a rotation works.
  const keepers = inputs.keepers === undefined ? "" : ` ${JSON.stringify(reveal(inputs.keepers))}`;
  const value = (make: () => string): string => generator.value(`${urn}${keepers}`, make);
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
    case "random:index/randomString:RandomString":
      return { ...outputs, result: value(() => randomText(inputs)) };
    case "random:index/randomUuid:RandomUuid":
      return { ...outputs, result: uuid(value(() => randomBytes(16).toString("hex"))) };
    case "random:index/randomId:RandomId": {
      const bytes = Number(inputs.byteLength);
      const hex = createHash("sha512")
        .update(value(() => randomBytes(bytes).toString("hex")))
        .digest("hex");
      const hexadecimal = hex.slice(0, 2 * bytes);
      return {
        ...outputs,
        hex: `${String(inputs.prefix ?? "")}${hexadecimal}`,
        dec: BigInt(`0x${hexadecimal}`).toString(),
      };
    }
    case "kubernetes:helm.sh/v3:Release":
      return { ...outputs, status: releaseStatus(outputs) };
    case "onepassword:index/item:Item":
      return { ...outputs, uuid: uuid(urn) };
    default:
      return outputs;
  }
}

const releaseStatus = ({ name, namespace, chart, version }: Properties): Value => ({
  name,
  namespace: namespace ?? "default",
  chart,
  version: version ?? null,
  status: "deployed",
});

/** A UUID derived from a text. */
function uuid(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
