import assert from "node:assert/strict";
import { image } from "../../components/images";
import { restrictedContainer, restrictedPod } from "../../components/kubernetes/security";
import type { KubernetesObject } from "../../commands/shared/objects";
import { testCluster } from "./cluster";
import { until } from "../../lab/until";

let count = 0;

/**
 * Runs a shell script with MinIO's client in the cluster, with a Secret's keys as its environment: what a pod with that key can do.
 * @param namespace where it runs
 * @param secret name of the Secret
 * @param script for `sh`; it must not print a key
 * @returns what it printed
 * @throws Error when it fails or isn't done within five minutes
 */
export async function storeScript(namespace: string, secret: string, script: string): Promise<string> {
  const { kubectl } = await testCluster();
  const name = `store-script-${process.pid}-${count++}`;
  const pod: KubernetesObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      securityContext: restrictedPod(1000),
      containers: [
        {
          name: "script",
          image: image("minio-mc"),
          imagePullPolicy: "IfNotPresent",
          command: ["sh", "-euc", `${prelude}\n${script}`],
          env: [
            { name: "MC_CONFIG_DIR", value: "/tmp/mc" },
            { name: "MINIO_URL", value: `http://minio.${namespace}.svc.cluster.local:9000` },
          ],
          envFrom: [{ secretRef: { name: secret } }],
          securityContext: restrictedContainer,
          resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "256Mi" } },
          volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        },
      ],
      volumes: [{ name: "tmp", emptyDir: {} }],
    },
  };
  await kubectl.apply([pod]);
  const phase = await until(`pod ${name} is done`, 300, async () => {
    const said = await kubectl.run(["get", "pod", name, "-n", namespace, "-o", "jsonpath={.status.phase}"]);
    return said === "Succeeded" || said === "Failed" ? said : undefined;
  });
  const log = await kubectl.run(["logs", name, "-n", namespace]);
  const end = ["-o", "jsonpath={.status.containerStatuses[0].state.terminated}"];
  const how = await kubectl.run(["get", "pod", name, "-n", namespace, ...end]);
  await kubectl.run(["delete", "pod", name, "-n", namespace, "--wait=false"]);
  if (phase !== "Succeeded") throw new Error(`the script failed: ${how}\n${log}`);
  return log;
}

// The key goes in by standard input: arguments show in the process list.
const prelude = `printf '%s\\n%s\\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" | mc alias set store "$MINIO_URL" >/dev/null`;

/**
 * That a key opens its own bucket, and may neither list, read, write nor delete in others, nor make one.
 * @param namespace where the store is
 * @param key the Secret with the key; a bucket of its own; by the Secrets of others, the buckets that are theirs
 * @throws AssertionError with what was allowed, or was refused for another reason
 */
export async function refusedBuckets(
  namespace: string,
  { secret, own, others }: { secret: string; own: string; others: Record<string, string[]> },
): Promise<void> {
  // With the owners' keys: there is something to read.
  for (const [owner, buckets] of Object.entries(others)) {
    await storeScript(namespace, owner, buckets.map((b) => `echo x | mc pipe -q store/${b}/theirs`).join("\n"));
  }
  const buckets = Object.values(others).flat();
  const said = await storeScript(
    namespace,
    secret,
    `refused() { # what, command
      what=$1; shift
      if answer=$("$@" 2>&1 </tmp/x); then echo "$what allowed"
      elif echo "$answer" | grep -qE "Access Denied|Insufficient permissions"; then echo "$what refused"
      else echo "$what: $answer"; fi
    }
    echo x > /tmp/x
    for bucket in ${buckets.join(" ")}; do
      refused "list $bucket" mc ls store/$bucket
      refused "write $bucket" mc pipe -q store/$bucket/x
      refused "read $bucket" mc cat store/$bucket/theirs
      refused "delete $bucket" mc rm store/$bucket/theirs
    done
    refused "make a bucket" mc mb store/another
    refused "list own bucket" mc ls store/${own}/`,
  );
  const expected = buckets.flatMap((b) => ["list", "write", "read", "delete"].map((what) => `${what} ${b} refused`));
  assert.deepEqual(said.trim().split("\n"), [...expected, "make a bucket refused", "list own bucket allowed"]);
}
