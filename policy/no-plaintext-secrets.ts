import { z } from "zod";
import { chartOf } from "./lib/charts/release";
import { credentialsIn } from "./lib/credentials/find";
import { matches } from "./lib/glob";
import { definePolicy } from "./lib/policy";
import type { Resource } from "./lib/resource";
import { isBlock, Unknown, type Block } from "./lib/unknown";

// What is made to hold credentials, or holds them sealed, or only names them.
const holders =
  /^kubernetes:(core\/v1:Secret|bitnami\.com\/|external-secrets\.io\/|onepassword\.com\/|secrets\.hashicorp\.com\/)/;

/**
 * Refuses credentials in clear: in a ConfigMap, an environment variable, an argument, a chart's values, or any other object but a Secret.
 * Its messages never contain the value. Placeholders, references, paths and names of Secrets pass.
 */
export const noPlaintextSecrets = definePolicy({
  name: "no-plaintext-secrets",
  description: "No credential stands in clear in a ConfigMap, an environment variable, an argument or chart values.",
  url: "https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
  severity: "critical",
  parameters: {
    allowedPaths: z
      .array(z.string())
      .default([])
      .describe("paths, as the message names them, of what looks like a credential and is none; * stands for any text"),
  },
  *check(resource, { allowedPaths }) {
    const { type } = resource;
    if (!type.startsWith("kubernetes:") || holders.test(type)) return;
    const chart = chartOf(resource);
    for (const [field, value] of Object.entries(chart ? { values: chart.values } : readable(resource))) {
      for (const { path, what } of credentialsIn(value, field, field)) {
        if (allowedPaths.some((pattern) => matches(pattern, path))) continue;
        if (what instanceof Unknown) yield what;
        else yield { path, found: what, wanted: "a reference to a Secret", fix: `${remedy(resource, path)} ${exempt}` };
      }
    }
  },
});

const exempt =
  "Then change it: it has been seen. If it is none, name its path in this policy's parameter allowedPaths.";

function readable({ props }: Resource): Block {
  const { binaryData } = props;
  if (!isBlock(binaryData)) return props;
  const decode = (value: unknown) =>
    typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : value;
  const decoded = Object.entries(binaryData).map(([key, value]) => [key, decode(value)]);
  return { ...props, binaryData: Object.fromEntries(decoded) };
}

function remedy({ kind }: Resource, path: string): string {
  if (path.startsWith("values")) {
    return "Helm keeps the values in the cluster, and the rendered objects have it too. Put it into a Secret, and give the chart its name (existingSecret, valueFrom).";
  }
  if (kind.startsWith("ConfigMap")) {
    return "Whoever may read ConfigMaps reads it. Put it into a Secret, and have the program read it from a file or a variable.";
  }
  return "Whoever may read the object reads it. Put it into a Secret, and take it from there: valueFrom.secretKeyRef, or a file of a mounted Secret.";
}
