import { chartOf } from "../charts/release";
import type { Resource } from "../resource";
import { isBlock, type Block } from "../unknown";
import { credentialsIn, type Credential } from "./find";

// What is made to hold credentials, or holds them sealed, or only names them.
const holders =
  /^kubernetes:(core\/v1:Secret|bitnami\.com\/|external-secrets\.io\/|onepassword\.com\/|secrets\.hashicorp\.com\/)/;

/** Credentials in clear in a Kubernetes resource that isn't made to hold them; of a chart in its values. */
export function credentialsOf(resource: Resource): Credential[] {
  const { type } = resource;
  if (!type.startsWith("kubernetes:") || holders.test(type)) return [];
  const chart = chartOf(resource);
  const fields = Object.entries(chart ? { values: chart.values } : readable(resource));
  return fields.flatMap(([field, value]) => credentialsIn(value, field, field));
}

function readable({ props }: Resource): Block {
  const { binaryData } = props;
  if (!isBlock(binaryData)) return props;
  const decode = (value: unknown) =>
    typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : value;
  const decoded = Object.entries(binaryData).map(([key, value]) => [key, decode(value)]);
  return { ...props, binaryData: Object.fromEntries(decoded) };
}
