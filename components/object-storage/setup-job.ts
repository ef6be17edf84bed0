import type { types } from "@pulumi/kubernetes";
import { Job } from "@pulumi/kubernetes/batch/v1";
import type * as pulumi from "@pulumi/pulumi";
import { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { imageVersion } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedContainer, restrictedPod } from "../kubernetes/security";
import { secretEnv } from "../secrets/env";
import type { SecretRef } from "../secrets/types";
import type { ApplicationName } from "./applications";
import { scratch, uid } from "./pod";
import { exitUnlockable, keyVariables, setupFiles } from "./setup";
import type { ObjectStorageArgs } from "./types";

/** The key of each application that the stack has. */
export type Credentials = { loki: SecretRef } & Partial<Record<ApplicationName, SecretRef>>;

/** What the setup needs to know of the server. */
export interface SetupArgs {
  /** URL of the server. */
  endpoint: string;
  /** Name of the server's account, which has no rights. */
  serviceAccount: string;
  administrator: SecretRef;
  credentials: Credentials;
  /** What must be there before it. */
  dependsOn: pulumi.Resource[];
}

const folder = "/setup";

/**
 * Registers the Job that makes buckets, users and policies.
 * @param parent its component
 * @param storage arguments of the component
 * @param args the server
 */
export function setupJob(parent: pulumi.Resource, storage: ObjectStorageArgs<"embedded">, args: SetupArgs): void {
  const { environment, buckets, images, secrets } = storage;
  const identity = { name: "minio", component: "setup", version: imageVersion(images.minio) };
  const app = new Application(parent, { environment, name: "minio-setup", identity });

  const keys = keysOf(args.credentials);
  const files = setupFiles(
    buckets,
    keys.map(([name]) => name),
    storage.settings,
  );
  const configMap = app.configMap(files);
  const spec = setupPod(app, storage, args);
  // A Job can't change, and one that is done does nothing more: whatever would change it, a rotation too, makes another.
  const run = checksum(JSON.stringify([files, images["minio-mc"], secrets.rotation, spec])).slice(0, 8);
  const versions = keys.map(([name, { version }]) => [`checksum/${name}-object-store`, version]);
  app.connections.run(app.name, { metadata: { labels: app.labels }, spec });
  new Job(
    app.name,
    {
      metadata: app.metadata(`${app.name}-${run}`),
      spec: {
        backoffLimit: 6,
        ...(storage.settings.objectLock && { podFailurePolicy: { rules: [givesUp] } }),
        activeDeadlineSeconds: 540, // below the ten minutes that Pulumi waits for a Job, so that its own message is seen
        template: { metadata: { labels: app.labels, annotations: Object.fromEntries(versions) }, spec },
      },
    },
    { ...app.child, dependsOn: [configMap, ...args.dependsOn] },
  );
}

/** A bucket that can't be locked fails the Job at once, and its pod stays, so that its log says why. */
const givesUp = {
  action: "FailJob",
  onExitCodes: { containerName: "setup", operator: "In", values: [exitUnlockable] },
};

const keysOf = (credentials: Credentials) => Object.entries(credentials) as [ApplicationName, SecretRef][];

// Written out, because the order of its keys is in the Job's name: another order would run the Job again in every stack.
function setupPod(
  app: Application,
  { settings, images }: ObjectStorageArgs<"embedded">,
  { endpoint, serviceAccount, administrator, credentials }: SetupArgs,
): types.input.core.v1.PodSpec {
  const image = images["minio-mc"];
  return {
    ...placement(app.environment, [image]),
    serviceAccountName: serviceAccount,
    automountServiceAccountToken: false,
    securityContext: restrictedPod(uid),
    restartPolicy: settings.objectLock ? "Never" : "OnFailure", // a failure policy is only for pods that aren't restarted
    containers: [
      {
        name: "setup",
        image,
        imagePullPolicy: "IfNotPresent",
        command: ["sh", `${folder}/setup.sh`],
        env: [
          { name: "MINIO_URL", value: endpoint },
          { name: "MINIO_REGION", value: settings.region },
          { name: "MC_CONFIG_DIR", value: "/tmp/mc" },
          secretEnv(administrator, "MINIO_ROOT_USER"),
          secretEnv(administrator, "MINIO_ROOT_PASSWORD"),
          ...keysOf(credentials).flatMap(([name, key]) => [
            secretEnv(key, "AWS_ACCESS_KEY_ID", keyVariables(name).accessKey),
            secretEnv(key, "AWS_SECRET_ACCESS_KEY", keyVariables(name).secretKey),
          ]),
        ],
        resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
        securityContext: restrictedContainer,
        volumeMounts: [{ name: "setup", mountPath: folder, readOnly: true }, scratch.mount],
      },
    ],
    volumes: [{ name: "setup", configMap: { name: app.name } }, scratch.volume],
  };
}
