import * as pulumi from "@pulumi/pulumi";
import type { SecretValues } from "../../config/schema";
import type { GivenSecret } from "../../config/sections/secrets";
import type { FieldOf, Login, SecretStore } from "./types";

/** Secrets of a stack without 1Password: given ones from its encrypted config, generated ones in its encrypted state. */
export class StackConfig implements SecretStore {
  readonly #values: SecretValues;

  /** @param values given secrets, in clear: they leave this object only as secret outputs */
  constructor(values: SecretValues) {
    this.#values = values;
  }

  given<Secret extends GivenSecret>(secret: Secret, field: FieldOf<Secret>): pulumi.Output<string> {
    const value = this.#values[secret]?.[field];
    if (value === undefined) {
      const key = `observability:secretValues.${secret}.${field}`;
      throw new pulumi.RunError(
        `${key} is not set, and the stack needs it. Set it: pulumi config set --secret --path ${key}`,
      );
    }
    return pulumi.secret(value);
  }

  keep(_name: string, login: Login): pulumi.Output<string> {
    return pulumi.secret(login.password);
  }
}
