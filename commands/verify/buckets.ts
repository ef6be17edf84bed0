import { parse } from "yaml";
import { writers } from "../../settings/loki-writers";
import type { KubernetesObject } from "../shared/objects";

/** An application that keeps objects. */
export type Application = "loki" | "mimir";

/** A variable of a container. */
interface Variable {
  name: string;
  value?: string;
  valueFrom?: Partial<Record<"configMapKeyRef" | "secretKeyRef", { name: string; key: string }>>;
}

/** A bucket as a configuration names it; any text may have `${variables}` in it. */
interface Bucket {
  name: string;
  prefix?: string;
  /** URL of the server. */
  endpoint: string;
  region: string;
  forcePathStyle: boolean;
  accessKey?: string;
  secretKey?: string;
}

/** Where an application keeps its objects, as its pods' configuration says. */
export interface AppBuckets {
  namespace: string;
  buckets: Bucket[];
  /** What its pods have in their environment. */
  variables: Variable[];
}

/** The part of both configurations that is read here; a store's own part is laid over the common one. */
interface S3 {
  endpoint: string;
  region: string;
  insecure: boolean;
  bucketnames?: string;
  bucket_name?: string;
  s3forcepathstyle?: boolean;
  bucket_lookup_type?: string;
  access_key_id?: string;
  secret_access_key?: string;
}
interface Store {
  s3: S3;
  storage_prefix?: string;
}
type Config = { common: { storage: { s3: S3 } } } & Record<string, Store | undefined>;

const stores = ["blocks_storage", "ruler_storage", "alertmanager_storage"];

/**
 * Where Loki and Mimir keep their objects, from their configurations.
 * @param objects the stack's objects
 */
export function bucketsIn(objects: readonly KubernetesObject[]): Partial<Record<Application, AppBuckets>> {
  const found = (["loki", "mimir"] as const).flatMap((name) => {
    const of = (object: KubernetesObject, kind: string) => object.kind === kind && object.metadata.name === name;
    const text = objects.find((each) => of(each, "ConfigMap"))?.data as Record<string, string> | undefined;
    // Loki's other workloads have the same environment.
    const workload = objects.find((each) => of(each, "StatefulSet") || (name === "loki" && isLokisWriter(each)));
    if (!text || !workload) return [];
    const config = parse(text["config.yaml"]) as Config;
    const { s3 } = config.common.storage;
    const buckets = s3.bucketnames
      ? [bucketOf({ s3 })]
      : stores.map((store) => bucketOf({ ...config[store], s3: { ...s3, ...config[store]?.s3 } }));
    const { env } = (workload.spec as PodSpec).template.spec.containers[0];
    const app: AppBuckets = { namespace: workload.metadata.namespace ?? "default", buckets, variables: env };
    return [[name, app] as const];
  });
  return Object.fromEntries(found);
}

function bucketOf({ s3, storage_prefix: prefix }: Store): Bucket {
  const { endpoint, region, insecure, access_key_id: accessKey, secret_access_key: secretKey } = s3;
  return {
    name: s3.bucketnames ?? s3.bucket_name ?? "",
    ...(prefix && { prefix }),
    endpoint: `http${insecure ? "" : "s"}://${endpoint.replace(/^https?:\/\//, "")}`,
    region,
    forcePathStyle: s3.s3forcepathstyle ?? s3.bucket_lookup_type === "path",
    ...(accessKey && { accessKey, secretKey }),
  };
}

interface PodSpec {
  template: { spec: { containers: { env: Variable[] }[] } };
}

const isLokisWriter = ({ kind, metadata }: KubernetesObject) =>
  kind === "StatefulSet" && Object.values(writers).some(({ workload }) => workload === metadata.name);
