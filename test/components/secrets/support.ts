import assert from "node:assert/strict";
import { join } from "node:path";
import { offlinePreview, type Preview, type PreviewResource } from "../../../commands/shared/preview";
import { runInline } from "../../program/support/inline";

/** Values of the given secrets in tests; each must be found nowhere in clear. */
const given = {
  minioAdmin: { username: "hush-minio-admin", password: "hush-minio-password" },
  lokiObjectStore: { accessKey: "hush-loki-access", secretKey: "hush-loki-secret" },
  pushover: { token: "hush-pushover-token", userKey: "hush-pushover-user" },
  heartbeat: { url: "https://hush.example.org/heartbeat" },
};

/** Settings of a stack that gives its secrets by its own config, and tells by Pushover and heartbeat. */
export const byConfig = [
  "secrets.provider=config",
  ...Object.entries(given).flatMap(([secret, fields]) =>
    Object.entries(fields).map(([field, value]) => `secretValues.${secret}.${field}=${value}`),
  ),
  "alertmanager.pushover=true",
  "alertmanager.heartbeat=true",
];

/** Settings of a stack whose secrets are in 1Password, and which tells by Pushover and heartbeat. */
export const byOnePassword = [
  "secrets.provider=onepassword",
  "secrets.onepassword.vault=aaaaaaaaaaaaaaaaaaaaaaaaaa",
  ...Object.keys(given).map((secret, i) => `secrets.onepassword.items.${secret}=${String(i).repeat(26)}`),
  "alertmanager.pushover=true",
  "alertmanager.heartbeat=true",
];

/** Settings of an object store inside the cluster. */
export const onEmbedded = [
  "objectStore.kind=embedded",
  "objectStore.region=eu-home-1",
  "objectStore.storageClass=local-path",
];

/** Settings of a MinIO outside the stack that has one of the buckets already. */
export const onMinio = [
  "objectStore.kind=minio",
  "objectStore.importBuckets[0]=mimir-blocks",
  "buckets.loki=loki-production",
  "objectStore.endpoint=http://10.0.40.10:9000",
  "objectStore.providerAddress=10.0.40.10:9000",
];

/** Settings of buckets that exist. */
export const onExisting = ["objectStore.kind=existing", "objectStore.endpoint=https://s3.example.org"];

const previews = new Map<string, Promise<Preview>>();

/** Previews the components that touch secrets; the same settings once. */
export function preview(...config: string[]): Promise<Preview> {
  const key = config.join("\n");
  const made =
    previews.get(key) ??
    offlinePreview({ stack: "dev", program: join(__dirname, "fixtures", "program"), config, start: runInline });
  previews.set(key, made);
  return made;
}

/** Resources of a type. */
export const ofType = ({ resources }: Preview, type: string): PreviewResource[] =>
  resources.filter((resource) => resource.type === type);

/** The resource of a type and a name; fails when there is none. */
export function named(of: Preview, type: string, name: string): PreviewResource {
  const found = ofType(of, type).find((resource) => resource.name === name);
  assert(found, `no ${type} named ${name}; there are ${ofType(of, type).map((resource) => resource.name)}`);
  return found;
}

/** The Kubernetes types that these tests ask for. */
export const kinds = {
  secret: "kubernetes:core/v1:Secret",
  configMap: "kubernetes:core/v1:ConfigMap",
  statefulSet: "kubernetes:apps/v1:StatefulSet",
  service: "kubernetes:core/v1:Service",
  job: "kubernetes:batch/v1:Job",
};

/** What stands in a preview for a secret value. */
export const hidden = { secret: true };
