import { AwsClient } from "aws4fetch";
import { hostTool } from "../cluster/tools";
import { freePort } from "../cluster/server";
import type { S3Connection } from "../../components/object-storage/types";
import type { Running, Workspace } from "./workspace";

/** An object store that runs. */
export interface ObjectStore {
  program: Running;
  connection: S3Connection;
  /** The key, as Mimir's pod has it in its environment. */
  env: Record<"AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY", string>;
}

const region = "us-east-1";
const key = { id: "benchmark", secret: "a key for this run" };

/**
 * Starts MinIO on the loopback, with buckets.
 * @param buckets their names
 */
export async function startObjectStore(workspace: Workspace, buckets: readonly string[]): Promise<ObjectStore> {
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const program = await workspace.start({
    name: "minio",
    path: await hostTool("minio"),
    args: ["server", "store", `--address=${new URL(endpoint).host}`, "--certs-dir=certs"],
    env: {
      MINIO_ROOT_USER: key.id,
      MINIO_ROOT_PASSWORD: key.secret,
      MINIO_REGION: region,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
    },
    ready: `${endpoint}/minio/health/ready`,
  });
  const client = new AwsClient({ accessKeyId: key.id, secretAccessKey: key.secret, region, service: "s3" });
  for (const bucket of buckets) {
    const response = await client.fetch(`${endpoint}/${bucket}`, { method: "PUT" });
    if (!response.ok) throw new Error(`MinIO did not create the bucket ${bucket}: ${await response.text()}`);
  }
  return {
    program,
    connection: { endpoint, region, forcePathStyle: true },
    env: { AWS_ACCESS_KEY_ID: key.id, AWS_SECRET_ACCESS_KEY: key.secret },
  };
}
