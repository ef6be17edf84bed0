import type * as pulumi from "@pulumi/pulumi";

/** A Kubernetes Secret as pods use it: made by this program, or one that exists. */
export interface SecretRef {
  /** Its name; a plain string, so that nothing that names it is unknown in a preview. */
  name: string;
  /** The program's key → the key in the Secret. They differ only in a Secret that exists. */
  keys: Record<string, string>;
  /** Changes when the content does, and tells nothing of it: the pod annotation that restarts pods. Empty for a Secret that exists. */
  version: pulumi.Input<string>;
}
