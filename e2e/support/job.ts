import { image } from "../../components/images";
import { restrictedContainer, restrictedPod } from "../../components/kubernetes/security";
import type { KubernetesObject } from "../../offline/objects";
import { testCluster } from "./cluster";
import { until } from "../../sandbox/until";

let count = 0;

/**
 * Runs a shell script with MinIO's client in the cluster, with a Secret's keys as its environment: what a pod with that key can do.
 * @param namespace where it runs
 * @param secret name of the Secret
 * @param script for `sh`; it must not print a key
 * @returns what it printed
 * @throws Error when it fails or isn't done within two minutes
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
          resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
          volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        },
      ],
      volumes: [{ name: "tmp", emptyDir: {} }],
    },
  };
  await kubectl.apply([pod]);
  const phase = await until(`pod ${name} is done`, 120, async () => {
    const said = await kubectl.run(["get", "pod", name, "-n", namespace, "-o", "jsonpath={.status.phase}"]);
    return said === "Succeeded" || said === "Failed" ? said : undefined;
  });
  const log = await kubectl.run(["logs", name, "-n", namespace]);
  await kubectl.run(["delete", "pod", name, "-n", namespace, "--wait=false"]);
  if (phase !== "Succeeded") throw new Error(`the script failed:\n${log}`);
  return log;
}

// The key goes in by standard input: arguments show in the process list.
const prelude = `printf '%s\\n%s\\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" | mc alias set store "$MINIO_URL" >/dev/null`;
