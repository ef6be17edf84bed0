import * as pulumi from "@pulumi/pulumi";
import {
  applications,
  applicationsWith,
  podWith,
  storageOf,
  type ApplicationName,
  type StorageOf,
} from "./applications";
import type { LokiStorage, MimirStorage, ObjectStorage, ObjectStorageArgs } from "./types";

/**
 * Buckets that exist, on any S3: a NAS, Garage, SeaweedFS, RustFS, AWS. Nothing is made there; each application's key is a given secret.
 */
export class Existing extends pulumi.ComponentResource implements ObjectStorage {
  readonly loki: LokiStorage;
  // Any S3: no metrics are known of it.
  readonly rules = [];
  readonly targets = [];
  private mimirStorage?: MimirStorage;

  constructor(
    name: string,
    private readonly args: ObjectStorageArgs<"existing">,
    opts: pulumi.ComponentResourceOptions,
  ) {
    const { environment, settings, buckets } = args;
    super("observability:object-storage:Existing", name, { environment, settings, buckets }, opts);
    this.loki = existingStorage("loki", args);
    this.registerOutputs({});
  }

  /** Made when it is asked for: a stack without Mimir needs no key for it. */
  get mimir(): MimirStorage | undefined {
    if (!applicationsWith(this.args.backend).includes("mimir")) return undefined;
    this.mimirStorage ??= existingStorage("mimir", this.args);
    return this.mimirStorage;
  }
}

function existingStorage<Name extends ApplicationName>(
  name: Name,
  { settings, buckets, secrets }: ObjectStorageArgs<"existing">,
): StorageOf<Name> {
  const { endpoint, region, forcePathStyle } = settings;
  const { secret } = applications[name];
  const credentials = secrets.mount(secret, () => ({
    AWS_ACCESS_KEY_ID: secrets.given(secret, "accessKey"),
    AWS_SECRET_ACCESS_KEY: secrets.given(secret, "secretKey"),
  }));
  return storageOf(name, {
    connection: { endpoint, region, forcePathStyle },
    bucket: (use) => buckets[use],
    pod: podWith(name, credentials),
  });
}
