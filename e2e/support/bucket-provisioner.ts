import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parse } from "yaml";
import type { KubernetesObject } from "../../commands/shared/objects";
import { leastPrivilege } from "../../components/object-storage/policy";
import { bucketClaimCrds } from "../../lab/cluster/crds";
import { testCluster } from "./cluster";
import { until } from "../../lab/until";
import { applyHere, makeNamespace, renderPart } from "./deploy";
import { storeScript } from "./job";
import { prompt } from "./prompt";

interface Claim extends KubernetesObject {
  spec: { bucketName: string; storageClassName: string };
  status?: { phase?: string };
}

/** What the tests' provisioner is. */
export interface ProvisionerArgs {
  /** Namespace of its MinIO, which is made anew. */
  namespace: string;
  /** Name of its storage class. */
  storageClass: string;
}

const group = "objectbucket.io";
const claims = `objectbucketclaims.${group}`;

/** Installs the API of claims, which are Rook's definitions, in the tests' cluster. */
export async function installBucketClaims(): Promise<void> {
  const { kubectl } = await testCluster();
  const definitions = (await bucketClaimCrds()).map((file) => parse(readFileSync(file, "utf8")) as KubernetesObject);
  // Tests in another process may make them in the same moment, of whom the API server refuses one.
  await until("the definitions of bucket claims are applied", 180, async () => {
    await kubectl.apply(definitions);
    return true;
  });
  await Promise.all(definitions.map((definition) => kubectl.ready(definition, 180)));
  // What is established is told to clients a moment later.
  await until("the API server tells of bucket claims", 180, () => kubectl.run(["get", claims, "-A", "-o=name"]));
}

/**
 * Binds claims to a real MinIO as Rook's provisioner does: a bucket, a user with a key for it alone, the claim's ConfigMap and Secret, and
 * last its phase. A claim for a bucket that is somebody else's stays Pending, with an event.
 */
export class BucketProvisioner {
  /** Names of the claims that it bound, in that order: none twice. */
  readonly bound: string[] = [];
  private readonly refused = new Set<string>();
  private readonly ended = new AbortController();
  private work = Promise.resolve();

  private constructor(private readonly args: ProvisionerArgs) {}

  /** Installs the API (Rook's definitions), a MinIO and the storage class, and begins to bind. */
  static async start(args: ProvisionerArgs): Promise<BucketProvisioner> {
    const { namespace, storageClass } = args;
    const part = { namespace, stack: "staging", config: ["objectStore.storage=1Gi"], edit: prompt };
    const minio = await renderPart({ ...part, components: ["object-storage", "secrets"] });
    // Without the Job: its buckets and users would be a stack's own.
    const server = minio.filter(({ object }) => object?.kind !== "Job");
    const { kubectl } = await testCluster();
    await installBucketClaims();

    await makeNamespace(namespace);
    await applyHere(namespace, server);
    const admin = server.find(({ object }) => object?.metadata.name === "object-store-admin")?.object;
    const data = admin?.data as Record<string, string>;
    await kubectl.apply([
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "provisioner", namespace },
        data: { AWS_ACCESS_KEY_ID: data.MINIO_ROOT_USER, AWS_SECRET_ACCESS_KEY: data.MINIO_ROOT_PASSWORD },
      },
      {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: { name: storageClass },
        provisioner: `${namespace}.example.org/bucket`,
      },
    ]);
    const provisioner = new BucketProvisioner(args);
    provisioner.work = provisioner.run();
    // A failure is seen where it is awaited.
    provisioner.work.catch(() => undefined);
    return provisioner;
  }

  /** Waits for what needs its buckets; if it fails meanwhile, with its own error: nothing would be bound any more. */
  during<T>(waiting: Promise<T>): Promise<T> {
    return Promise.race([waiting, this.work.then(() => waiting)]);
  }

  /** Ends it; its storage class goes, its MinIO stays for {@link leaveNamespace}. */
  async stop(): Promise<void> {
    this.ended.abort();
    // Its failure was told by what waited for it.
    await this.work.catch(() => undefined);
    const { kubectl } = await testCluster();
    await kubectl.run(["delete", "storageclass", this.args.storageClass, "--ignore-not-found"]);
  }

  private async run(): Promise<void> {
    while (!this.ended.signal.aborted) {
      await this.bindAll();
      await pause(1000, undefined, { signal: this.ended.signal }).catch(() => undefined);
    }
  }

  /** Binds every claim of its class that is not bound. */
  private async bindAll(): Promise<void> {
    const { kubectl } = await testCluster();
    const all = await kubectl.json<{ items: Claim[] }>(["get", claims, "--all-namespaces"]);
    for (const claim of all.items) {
      const isOwn = claim.spec.storageClassName === this.args.storageClass && claim.status?.phase !== "Bound";
      if (isOwn && !this.refused.has(nameOf(claim))) await this.bind(claim);
    }
  }

  private async bind(claim: Claim): Promise<void> {
    const { kubectl } = await testCluster();
    const { name, namespace } = claim.metadata;
    const { bucketName: bucket } = claim.spec;
    const user = `obc-${namespace}-${name}`;
    const key = randomBytes(20).toString("hex");
    const said = await storeScript(
      this.args.namespace,
      "provisioner",
      `if ! mc mb store/${bucket} >/dev/null 2>&1; then echo taken; exit 0; fi
      echo '${JSON.stringify(leastPrivilege([bucket]))}' > /tmp/policy.json
      mc admin policy create store ${user} /tmp/policy.json
      printf '%s\\n%s\\n' ${user} ${key} | mc admin user add store
      mc admin policy attach store ${user} --user ${user}`,
    );
    if (said.trim() === "taken") return this.refuse(claim);
    const metadata = { name, namespace };
    await kubectl.apply([
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata,
        data: {
          BUCKET_HOST: `minio.${this.args.namespace}.svc.cluster.local`,
          BUCKET_NAME: bucket,
          BUCKET_PORT: "9000",
          // As Rook has it.
          BUCKET_REGION: "",
          BUCKET_SUBREGION: "",
        },
      },
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata,
        stringData: { AWS_ACCESS_KEY_ID: user, AWS_SECRET_ACCESS_KEY: key },
      },
    ]);
    const target = ["patch", claims, name, "-n", namespace ?? "", "--type=merge"];
    await kubectl.run([...target, "-p", JSON.stringify({ spec: { objectBucketName: `obc-${namespace}-${name}` } })]);
    await kubectl.run([...target, "--subresource=status", "-p", JSON.stringify({ status: { phase: "Bound" } })]);
    this.bound.push(name);
  }

  private async refuse(claim: Claim): Promise<void> {
    const { kubectl } = await testCluster();
    const { name, namespace } = claim.metadata;
    this.refused.add(nameOf(claim));
    await kubectl.run(
      ["create", "-f", "-"],
      JSON.stringify({
        apiVersion: "v1",
        kind: "Event",
        metadata: { generateName: `${name}-`, namespace },
        involvedObject: { apiVersion: `${group}/v1alpha1`, kind: "ObjectBucketClaim", name, namespace },
        type: "Warning",
        reason: "BucketNotProvisioned",
        message: `bucket ${claim.spec.bucketName} belongs to another user`,
        lastTimestamp: new Date().toISOString(),
        source: { component: "bucket-provisioner" },
      }),
    );
  }
}

const nameOf = ({ metadata }: KubernetesObject) => `${metadata.namespace}/${metadata.name}`;
