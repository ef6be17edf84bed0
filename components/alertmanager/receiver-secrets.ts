import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema";
import type { Secrets } from "../secrets/secrets";
import type { SecretRef } from "../secrets/types";
import { secretFiles, secretsDirectory, type SecretFile } from "./config";

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
  settings: Pick<Settings["alertmanager"], "pushover" | "heartbeat">,
): ReceiverSecrets | undefined {
  const files = secretFiles(settings);
  if (files.length === 0) return undefined;
  const given: Record<SecretFile, () => pulumi.Output<string>> = {
    "pushover-token": () => secrets.given("pushover", "token"),
    "pushover-user-key": () => secrets.given("pushover", "userKey"),
    "heartbeat-url": () => secrets.given("heartbeat", "url"),
  };
  const secret = secrets.mount("alertmanager", () => Object.fromEntries(files.map((file) => [file, given[file]()])));
  return {
    annotations: { "checksum/alertmanager": secret.version },
    volume: { name, secret: onlyFiles(secret, files) },
    volumeMount: { name, mountPath: secretsDirectory, readOnly: true },
  };
}

const name = "secrets";

function onlyFiles(secret: SecretRef, files: SecretFile[]) {
  const readable = 0o440; // by the pod's user, through fsGroup
  return {
    secretName: secret.name,
    defaultMode: readable,
    items: files.map((path) => ({ key: secret.keys[path], path })),
  };
}
