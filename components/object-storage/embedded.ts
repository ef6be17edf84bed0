import * as pulumi from "@pulumi/pulumi";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import { imageVersion } from "../kubernetes/labels";
import type { SecretRef } from "../secrets/types";
import { applications, applicationsWith, podWith, storageOf, type ApplicationName } from "./applications";
import { minioPod, port, serverUrl } from "./pod";
import { metricsPath, minioRules } from "./rules";
import { setupJob, type Credentials } from "./setup-job";
import type { BucketUse, LokiStorage, MimirStorage, ObjectStorage, ObjectStorageArgs } from "./types";

/**
 * MinIO inside the cluster, on one volume: for staging and for a sandbox, whose logs may be lost with a node's disk.
 *
 * A Job makes buckets, users and policies, because the MinIO provider can't reach a server that the same update creates.
 *
 * The image is the last one that was published, RELEASE.2025-09-07. It is open to CVE-2025-62506: a key restricted by a session policy could
 * make itself one that is not. No such key exists here, and the applications' users may not make keys at all: see README.md.
 *
 * @see https://github.com/advisories/GHSA-jjjj-jwhf-8rgr
 */
export class Embedded extends pulumi.ComponentResource implements ObjectStorage {
  readonly loki: LokiStorage;
  readonly mimir?: MimirStorage;
  readonly rules = minioRules;
  readonly targets = [];

  constructor(name: string, args: ObjectStorageArgs<"embedded">, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, buckets, images, secrets } = args;
    super("observability:object-storage:Embedded", name, { environment, settings, buckets, images }, opts);
    const identity = { name: "minio", component: "server", version: imageVersion(images.minio) };
    const app = new Application(this, { environment, name: "minio", identity });
    const endpoint = serverUrl(app);

    const administrator = secrets.mount("objectStoreAdmin", () => ({
      MINIO_ROOT_USER: "object-store-admin",
      MINIO_ROOT_PASSWORD: secrets.generate("object-store-admin"),
    }));
    const credentials = Object.fromEntries(
      applicationsWith(args.backend).map((application) => [application, applicationKey(application, args)]),
    ) as Credentials;
    const account = app.serviceAccount();
    const service = app.service({ ports: [namedPort(port.name, port.number)] });

    const template = minioPod(app, { settings, image: images.minio, administrator });
    const running = app.statefulSet({ volume: settings, template }, { dependsOn: [account] });
    const dependsOn = [running, service];
    setupJob(this, args, { endpoint, serviceAccount: app.name, administrator, credentials, dependsOn });
    // The server adds up over its drives and buckets for each answer.
    app.monitor({ port: port.name, path: metricsPath, interval: "1m" });

    const connection = { endpoint, region: settings.region, forcePathStyle: true };
    const common = { connection, bucket: (use: BucketUse) => buckets[use] };
    this.loki = storageOf("loki", { ...common, pod: podWith("loki", credentials.loki) });
    if (credentials.mimir) this.mimir = storageOf("mimir", { ...common, pod: podWith("mimir", credentials.mimir) });
    this.registerOutputs({});
  }
}

/** The Secret with an application's key, which the setup's Job gives to a user of that name. */
function applicationKey(name: ApplicationName, { secrets }: ObjectStorageArgs<"embedded">): SecretRef {
  const username = `${pulumi.getStack()}-${name}`;
  return secrets.mount(applications[name].secret, () => ({
    AWS_ACCESS_KEY_ID: username,
    AWS_SECRET_ACCESS_KEY: secrets.generate(`${name}-object-store`, { username, length: 40 }),
  }));
}
