import * as pulumi from "@pulumi/pulumi";
import type { SecretValues } from "../../settings/schema";
import { entryOf } from "../../settings/sections/secrets";
import type { SecretStore } from "./types";

/**
 * Secrets of a stack without 1Password: given ones from its encrypted config, generated ones in its encrypted state.
 * @param values given secrets, in clear: they are in no object, which a log could show, and leave this function only as secret outputs
 */
export function stackConfig(values: SecretValues): SecretStore {
  return {
    given(secret, field) {
      const value = entryOf<Record<string, string>>(values, secret)?.[field];
      if (value === undefined) {
        const key = `observability:secretValues.${secret}.${field}`;
        throw new pulumi.RunError(
          `${key} is not set, and the stack needs it. Set it: npx pulumi config set --secret --path ${key} --stack ${pulumi.getStack()}`,
        );
      }
      return pulumi.secret(value);
    },
    keep(_name, login) {
      return pulumi.secret(login.password);
    },
  };
}
