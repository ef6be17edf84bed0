import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { receiverFiles } from "../../settings/receiver-files";
import type { Settings } from "../../settings/schema";
import type { Secrets } from "../secrets/secrets";
import type { SecretRef } from "../secrets/types";
import { secretsDirectory } from "./receivers";

/** What the receivers read, as a part of the pod that runs Alertmanager, whoever's pod that is. */
export interface ReceiverSecrets {
  /** The pod's annotation: it restarts when a secret changes. */
  annotations: Record<string, pulumi.Input<string>>;
  volume: types.input.core.v1.Volume;
  volumeMount: types.input.core.v1.VolumeMount;
}

/**
 * The Secret of the receivers, each key a file.
 * @param secrets where given secrets come from
 * @param settings which receivers there are
 * @returns undefined where none of them reads a secret
 */
export function receiverSecrets(
  secrets: Secrets,
  settings: Pick<Settings["alertmanager"], "pushover" | "heartbeat" | "receivers">,
): ReceiverSecrets | undefined {
  const files = receiverFiles(settings);
  if (files.length === 0) return undefined;
  const keys = files.map(({ key }) => key);
  const data = () => Object.fromEntries(files.map(({ key, secret, field }) => [key, secrets.given(secret, field)]));
  const secret = secrets.mount("alertmanager", data, keys);
  return {
    annotations: { "checksum/alertmanager": secret.version },
    volume: { name, secret: onlyFiles(secret, keys) },
    volumeMount: { name, mountPath: secretsDirectory, readOnly: true },
  };
}

const name = "secrets";

function onlyFiles(secret: SecretRef, files: readonly string[]) {
  const readable = 0o440; // by the pod's user, through fsGroup
  return {
    secretName: secret.name,
    defaultMode: readable,
    items: files.map((path) => ({ key: secret.keys[path], path })),
  };
}
