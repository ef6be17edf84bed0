import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { delimiter, dirname } from "node:path";
import { kubeconfigPath } from "../lab/cluster/paths";
import { hostTool } from "../lab/cluster/tools";
import { image } from "../components/images";
import { restrictedContainer, restrictedPod } from "../components/kubernetes/security";
import { retainVolumes } from "../components/kubernetes/storage";
import type { KubernetesObject } from "../commands/shared/objects";
import type { Kubectl } from "../lab/sandbox/kubectl";
import { until } from "../lab/until";
import { fences, pages, section } from "../test/docs/markdown";
import { testCluster } from "./support/cluster";
import { leaveNamespace, makeNamespace } from "./support/deploy";

const namespace = "e2e-growing";
const owner = 10001;

/** A class that says that it expands; nothing here does it, so the test stands in for the storage driver. */
const expanding = (provisioner: string): KubernetesObject => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: namespace },
  provisioner,
  volumeBindingMode: "WaitForFirstConsumer",
  allowVolumeExpansion: true,
});

/** What Pulumi would make of a setting: a workload as the program's are, as far as volumes go. */
const workload = (name: string, storage: string, storageClassName: string): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name, namespace },
  spec: {
    serviceName: name,
    replicas: 1,
    podManagementPolicy: "Parallel",
    selector: { matchLabels: { app: name } },
    persistentVolumeClaimRetentionPolicy: retainVolumes,
    volumeClaimTemplates: [
      {
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage } } },
      },
    ],
    template: {
      metadata: { labels: { app: name } },
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 1,
        securityContext: restrictedPod(owner),
        containers: [
          {
            name: "app",
            image: image("minio-mc"),
            imagePullPolicy: "IfNotPresent",
            command: ["sh", "-euc", "mkdir -p /data/wal; echo $HOSTNAME >> /data/wal/starts; exec sleep 3600"],
            securityContext: restrictedContainer,
            resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
            volumeMounts: [{ name: "data", mountPath: "/data" }],
          },
        ],
      },
    },
  },
});

interface Volume {
  metadata: { name: string };
  spec: { claimRef?: { namespace: string } };
}

/** Commands of a section of the page, without those of Pulumi, which this cluster has not. */
function commandsOf(heading: string): string[] {
  const page = pages.find(({ path }) => path === "docs/growing-a-volume.md") ?? assert.fail("the page is gone");
  const text = section(page, heading) ?? assert.fail(`there is no section ${heading}`);
  return fences({ ...page, text })
    .filter(({ language }) => language === "sh")
    .map(({ code }) => code)
    .filter((code) => !/^(npx|npm) /.test(code));
}

/** Runs commands as a person would, in one shell. Throws with what they said when one fails. */
async function shell(commands: string[], env: Record<string, string>): Promise<string> {
  const path = `${dirname(await hostTool("kubectl"))}${delimiter}${process.env.PATH}`;
  const KUBECONFIG = process.env.KUBECONFIG ?? kubeconfigPath();
  const child = spawn("bash", ["-euo", "pipefail"], { env: { ...process.env, ...env, PATH: path, KUBECONFIG } });
  const said: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => said.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk.toString()));
  child.stdin.end(commands.join("\n"));
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`exit ${String(code)}: ${said.join("")}`);
  return said.join("");
}

describe("docs/growing-a-volume.md, by its own commands, on a real cluster", function () {
  this.timeout(10 * 60_000);
  let kubectl: Kubectl;

  const get = (what: string, path: string) =>
    kubectl.run(["get", ...what.split(" "), "-n", namespace, "-o", `jsonpath=${path}`]);
  /** How often a pod's container has started on its volume. It counts as ready before it has written that down: this start is waited for. */
  const starts = async (pod: string, expected: number) =>
    until(`${pod} has started ${expected} times`, 120, async () => {
      const said = await kubectl.run(["exec", pod, "-n", namespace, "--", "cat", "/data/wal/starts"]);
      const count = said.trim().split("\n").length;
      return count >= expected ? count : undefined;
    });
  const make = async (object: KubernetesObject) => {
    await kubectl.apply([object]);
    await kubectl.ready(object, 240);
  };
  const names = (set: string) => ({ NS: namespace, SET: set, CLAIM: `data-${set}-0`, SIZE: "20Mi" });

  before(async () => {
    ({ kubectl } = await testCluster());
    await makeNamespace(namespace);
    await kubectl.apply([expanding(await get("storageclass local-path", "{.provisioner}"))]);
    await Promise.all([make(workload("expands", "10Mi", namespace)), make(workload("can-not", "10Mi", "local-path"))]);
  });

  after(async () => {
    // The page keeps both volumes on purpose; here they may go.
    const { items } = await kubectl.json<{ items: Volume[] }>(["get", "pv"]);
    const policy = JSON.stringify({ spec: { persistentVolumeReclaimPolicy: "Delete" } });
    for (const { metadata } of items.filter(({ spec }) => spec.claimRef?.namespace === namespace)) {
      await kubectl.run(["patch", "pv", metadata.name, "-p", policy]);
    }
    await leaveNamespace(namespace);
    await kubectl.run(["delete", "storageclass", namespace, "--ignore-not-found"]);
  });

  it("grows a claim whose class expands, while its pod runs", async () => {
    const volume = await get("pvc data-expands-0", "{.spec.volumeName}");
    const driver = until("the claim asks for more", 120, async () =>
      (await get("pvc data-expands-0", "{.spec.resources.requests.storage}")) === "20Mi" ? true : undefined,
    ).then(async () => {
      await kubectl.run(["patch", "pv", volume, "-p", JSON.stringify({ spec: { capacity: { storage: "20Mi" } } })]);
      const status = JSON.stringify({ status: { capacity: { storage: "20Mi" } } });
      await kubectl.run(["patch", "pvc", "data-expands-0", "-n", namespace, "--subresource=status", "-p", status]);
    });
    await Promise.all([shell(commandsOf("Grow the claims"), names("expands")), driver]);
    assert.equal(await get("pvc data-expands-0", "{.status.capacity.storage}"), "20Mi");
    assert.equal(await starts("expands-0", 1), 1);
  });

  it("makes a StatefulSet with a larger template that takes over the running pod, data and claim", async () => {
    const uid = await get("pod expands-0", "{.metadata.uid}");
    await assert.rejects(
      kubectl.apply([workload("expands", "20Mi", namespace)]),
      /Forbidden: updates to statefulset spec/,
      "a template can change by now: the page is out of date",
    );
    const [before, check] = commandsOf("Recreate the StatefulSet");
    assert.match(await shell([before], names("expands")), /^Retain\n/);
    assert.equal(await get("pod expands-0", "{.metadata.ownerReferences}"), "");

    await make(workload("expands", "20Mi", namespace));
    assert.match(await shell([check], names("expands")), /^20Mi\n/);
    await until("the pod belongs to the new StatefulSet", 120, async () =>
      (await get("pod expands-0", "{.metadata.ownerReferences[0].kind}")) === "StatefulSet" ? true : undefined,
    );
    assert.deepEqual([await get("pod expands-0", "{.metadata.uid}"), await starts("expands-0", 1)], [uid, 1]);
  });

  it("is told what the page says by a class that can't expand", async () => {
    const refused = shell(commandsOf("Grow the claims"), names("can-not"));
    await assert.rejects(refused, (error: Error) => {
      const page = pages.find(({ path }) => path === "docs/growing-a-volume.md");
      const message = /only dynamically provisioned pvc can be resized[^\n`]*/.exec(error.message)?.[0];
      assert.ok(message && page?.text.includes(message.trim()), error.message);
      return true;
    });
    assert.equal(await get("pvc data-can-not-0", "{.spec.resources.requests.storage}"), "10Mi");
  });

  it("copies to a larger volume under the same name, and comes back to the old one", async () => {
    const set = "can-not";
    const old = await get(`pvc data-${set}-0`, "{.spec.volumeName}");
    const [variables, copy, release, choose, bind] = commandsOf("Copy to a new volume");
    // The cluster of the page has a gateway of Loki, whose image has a shell.
    const env = { ...names(set), IMAGE: image("minio-mc"), CLASS: "local-path", OWNER: String(owner) };
    assert.equal(variables.split("\n").length, 3, "the page wants a variable that is not given here");
    const volumes = (said: string) => /was (\S+) and will be (\S+)/.exec(said)?.slice(1) ?? [];
    const [was, now] = volumes(await shell([copy, release, choose, bind], env));
    assert.deepEqual([was, await get(`pvc data-${set}-0`, "{.spec.volumeName}")], [old, now]);

    await make(workload(set, "20Mi", "local-path"));
    assert.equal(await get(`pvc data-${set}-0`, "{.status.capacity.storage}"), "20Mi");
    assert.equal(await starts(`${set}-0`, 2), 2);

    await kubectl.run(["delete", "statefulset", set, "-n", namespace, "--cascade=foreground"]);
    await kubectl.run(["delete", "pvc", `data-${set}-0`, "-n", namespace]);
    await shell([bind], { ...env, VOLUME: old });
    await make(workload(set, "10Mi", "local-path"));
    assert.equal(await get(`pvc data-${set}-0`, "{.spec.volumeName}"), old);
    // It knows its first start and this one; the one between was on the other volume.
    assert.equal(await starts(`${set}-0`, 2), 2);
  });
});
