import { image } from "../../components/images";
import type { KubernetesObject } from "../../commands/shared/objects";
import { until } from "../../lab/until";
import { testCluster } from "./cluster";

/**
 * Kills a process of a pod with SIGKILL, as a node that runs out of memory does. It is found by the pod's uid in its control group, so no other
 * pod's can be hit. The namespace must allow privileged pods.
 * @param namespace where the pod is
 * @param pod its name
 * @param program name of the process, as `ps` shows it
 */
export async function killProcess(namespace: string, pod: string, program: string): Promise<void> {
  const { kubectl } = await testCluster();
  const uid = await kubectl.run(["get", "pod", pod, "-n", namespace, "-o", "jsonpath={.metadata.uid}"]);
  const name = `kill-${pod}`;
  const killer: KubernetesObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: {
      restartPolicy: "Never",
      hostPID: true,
      automountServiceAccountToken: false,
      containers: [
        {
          name: "kill",
          image: image("minio-mc"),
          imagePullPolicy: "IfNotPresent",
          command: ["sh", "-euc", script],
          // systemd's control groups have underscores where the uid has dashes.
          env: [
            { name: "POD", value: `pod(${uid}|${uid.replaceAll("-", "_")})` },
            { name: "PROGRAM", value: program },
          ],
          securityContext: { runAsUser: 0, privileged: true },
          resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
        },
      ],
    },
  };
  await kubectl.apply([killer]);
  const phase = await until(`pod ${name} is done`, 240, async () => {
    const said = await kubectl.run(["get", "pod", name, "-n", namespace, "-o", "jsonpath={.status.phase}"]);
    return said === "Succeeded" || said === "Failed" ? said : undefined;
  });
  const log = await kubectl.run(["logs", name, "-n", namespace]);
  await kubectl.run(["delete", "pod", name, "-n", namespace, "--wait=false"]);
  if (phase !== "Succeeded") throw new Error(`nothing was killed:\n${log}`);
}

/**
 * Deletes a pod of a StatefulSet, and waits until its successor is ready. What only waits for the condition may find no pod in between, and
 * what asks the StatefulSet may hear of the pod that was.
 * @param namespace where the pod is
 * @param pod its name
 */
export async function replacePod(namespace: string, pod: string): Promise<void> {
  const { kubectl } = await testCluster();
  await kubectl.run(["delete", "pod", pod, "-n", namespace, "--wait"]);
  for (const what of ["create", "condition=Ready"])
    await kubectl.run(["wait", `pod/${pod}`, "-n", namespace, `--for=${what}`, "--timeout=300s"]);
}

const script = `killed=0
for process in /proc/[0-9]*; do
  grep -qE "$POD" "$process/cgroup" 2>/dev/null || continue
  [ "$(cat "$process/comm" 2>/dev/null)" = "$PROGRAM" ] || continue
  kill -9 "\${process#/proc/}" && killed=$((killed + 1))
done
echo "killed $killed"
[ "$killed" -gt 0 ]`;
