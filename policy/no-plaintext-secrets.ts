import { z } from "zod";
import { credentialsOf } from "./lib/credentials/resource";
import { matches } from "./lib/glob";
import type { Advice } from "./lib/finding";
import { definePolicy } from "./lib/policy";
import type { Resource } from "./lib/resource";
import { Unknown } from "./lib/unknown";

/**
 * Refuses credentials in plain text: in a ConfigMap, an environment variable, an argument, a chart's values, or any object other than a Secret.
 * Its messages never contain the value. Placeholders, references, paths and names of Secrets are accepted.
 */
export const noPlaintextSecrets = definePolicy({
  name: "no-plaintext-secrets",
  description: "No credential is in plain text in a ConfigMap, an environment variable, an argument or chart values.",
  url: "https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
  severity: "critical",
  parameters: {
    allowedPaths: z
      .array(z.string())
      .default([])
      .describe("paths, as in the message, of values that look like credentials but aren't; * stands for any text"),
  },
  *check(resource, { allowedPaths }) {
    for (const { path, what } of credentialsOf(resource)) {
      if (allowedPaths.some((pattern) => matches(pattern, path))) continue;
      if (what instanceof Unknown) yield what;
      else yield { path, found: what, wanted: "a reference to a Secret", ...remedy(resource, path) };
    }
  },
});

const exempt =
  "Then replace the credential, because it has been exposed. If it isn't a credential, list its path in this policy's parameter allowedPaths.";

function remedy({ kind }: Resource, path: string): Advice {
  if (path.startsWith("values")) {
    return {
      why: "Helm stores the values in the cluster, and the rendered objects contain it too.",
      fix: `Put it into a Secret, and give the chart the Secret's name (existingSecret, valueFrom). ${exempt}`,
    };
  }
  if (kind.startsWith("ConfigMap")) {
    return {
      why: "Everyone who can read ConfigMaps can read it.",
      fix: `Put it into a Secret, and let the program read it from a file or a variable. ${exempt}`,
    };
  }
  return {
    why: "Everyone who can read the object can read it.",
    fix: `Put it into a Secret, and read it from there: valueFrom.secretKeyRef, or a file of a mounted Secret. ${exempt}`,
  };
}
