import { createHash } from "node:crypto";

/**
 * A short checksum of a configuration, for a pod annotation: pods restart when what they read at start changes.
 * Not for secrets, whose checksum must not be guessable from the annotation: they have `SecretRef.version`.
 * @param text the configuration
 */
export function checksum(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
