import type * as pulumi from "@pulumi/pulumi";
import type { ReceiverField } from "../../settings/sections/receivers";
import type { givenSecrets, GivenSecret, NamedSecret } from "../../settings/sections/secrets";

/** A Kubernetes Secret as pods use it: made by this program, or one that exists. */
export interface SecretRef {
  /** Its name; a plain string, so that nothing that names it is unknown in a preview. */
  name: string;
  /** The program's key → the key in the Secret. They differ only in a Secret that exists. */
  keys: Record<string, string>;
  /** Changes when the content does, and reveals nothing of it: the pod annotation that restarts pods. Empty for a Secret that exists. */
  version: pulumi.Input<string>;
}

/** A field of a given secret. */
export type FieldOf<Secret extends GivenSecret> = Secret extends NamedSecret
  ? (typeof givenSecrets)[Secret]["fields"][number]
  : ReceiverField;

/** A user name and a password, as a password manager keeps them. */
export interface Login {
  /** User name or access key; not secret. */
  username: string;
  /** Password or secret key. */
  password: pulumi.Output<string>;
}

/** Where secrets come from and are kept. One implementation a provider: the setting `secrets.provider` chooses. */
export interface SecretStore {
  /**
   * Reads a field that a person gave.
   * @returns a secret output
   * @throws pulumi.RunError when it was not given; the message says how to
   */
  given<Secret extends GivenSecret>(secret: Secret, field: FieldOf<Secret>): pulumi.Output<string>;

  /**
   * Keeps what the program generated.
   * @param name of the resource that keeps it
   * @param login what was generated
   * @returns the password as the store has it, a secret output: what is used is what a person finds there
   */
  keep(name: string, login: Login): pulumi.Output<string>;
}
