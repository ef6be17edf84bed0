import { createRequire } from "node:module";
import { specialAssetSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import { once } from "./once";
import type { Message } from "./read-struct";
import { isBlock } from "./unknown";

type Deserialize = (properties: Message, proxySecrets: boolean) => object;

/**
 * Has the policy runtime read a resource's properties out of the engine's message once, not once for every policy, which was most of the
 * time that the pack took. All policies are then shown the same object, and so share what they find in it (`resource.ts`). And has it read an
 * asset of an empty text, such as an empty file of values, on which it ends the whole run.
 *
 * `@pulumi/policy` has no setting for either: `server.js` calls `deserializeProperties` of `deserialize.js` by its module. A version that does it
 * otherwise is left alone, and slower.
 */
export function readPropertiesOnce(): void {
  const runtime = theRuntimes();
  const original = runtime?.deserializeProperties;
  if (!runtime || typeof original !== "function") return;
  const read = once((properties: Message) => readable(original, properties, false));
  // A policy that changes properties gets its own.
  runtime.deserializeProperties = (properties, proxySecrets) =>
    proxySecrets ? readable(original, properties, proxySecrets) : read(properties);
}

function readable(deserialize: Deserialize, properties: Message, proxySecrets: boolean): object {
  if (properties.isPlain && !proxySecrets) return properties.toJavaScript();
  try {
    return deserialize(properties, proxySecrets);
  } catch {
    return deserialize({ toJavaScript: () => filled(properties.toJavaScript()) }, proxySecrets);
  }
}

// The engine leaves an empty text out, and the runtime takes an asset without any for a mistake: a line without anything says the same.
function filled<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(filled) as Value;
  if (!isBlock(value)) return value;
  const isEmpty = value[specialSigKey] === specialAssetSig && !value.text && !value.path && !value.uri;
  const entries = Object.entries(value).map(([key, each]) => [key, filled(each)] as const);
  return { ...Object.fromEntries(entries), ...(isEmpty && { text: "\n" }) } as Value;
}

// The module object itself: an import would be a copy.
function theRuntimes(): { deserializeProperties?: Deserialize } | undefined {
  try {
    return createRequire(__filename)("@pulumi/policy/deserialize") as { deserializeProperties?: Deserialize };
  } catch {
    return undefined;
  }
}
