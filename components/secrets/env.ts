import type { types } from "@pulumi/kubernetes";
import type { SecretRef } from "./types";

/**
 * An environment variable with a key of a Secret.
 * @param secret the Secret
 * @param key the program's name of the key
 * @param name name of the variable; default: the key
 */
export function secretEnv(secret: SecretRef, key: string, name: string = key): types.input.core.v1.EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret.name, key: secret.keys[key] } } };
}
