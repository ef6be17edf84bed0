import { z } from "zod";
import { definePolicy } from "./lib/policy";
import { leaksOf } from "./lib/secrets/leaks";
import { isSecret } from "./lib/secrets/values";
import { Unknown } from "./lib/unknown";

/**
 * Refuses a secret of the stack anywhere but in a Secret: in a ConfigMap, an argument, a variable, an annotation or chart values. Everyone who
 * can read pods or ConfigMaps, a preview, the state or Helm's release could read it there.
 *
 * Secrets are compared by their SHA-256 hash, as they are, in base64 and URL-encoded, and are never printed. A secret that could be an
 * ordinary word is not compared. `no-plaintext-secrets` reports what a key marks as a credential, before anything is created.
 */
export const secretsStayInSecrets = definePolicy({
  name: "secrets-stay-in-secrets",
  description: "The content of the stack's Secrets, passwords and 1Password items appears nowhere else in the stack.",
  url: "https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
  severity: "critical",
  parameters: {
    alone: z
      .boolean()
      .default(false)
      .describe("also report what no-plaintext-secrets finds; true if that policy is off or only advisory"),
  },
  *checkStack(resources, { alone }) {
    for (const leak of leaksOf(resources, alone)) {
      if (leak instanceof Unknown) {
        yield leak;
        continue;
      }
      const { resource, path, secret } = leak;
      const { resource: holder, path: place, as } = secret;
      yield {
        resource,
        path,
        found: `a text that contains the secret of ${holder.label} (${place})${as && `,${as}`}`,
        wanted: isSecret(holder) ? `a reference to ${holder.label}` : "a reference to a Secret that contains it",
        why: "Everyone who can read this resource, the state or a preview knows the secret.",
        fix: "Pass it by secretKeyRef, by a mounted Secret, or by the Secret's name in chart values. Then replace it, because it has been exposed.",
      };
    }
  },
});
