import assert from "node:assert/strict";
import list from "../../images.json";
import { quantityValue } from "../../settings/units";
import type { Preview } from "../../commands/shared/preview";
import { object, ofKind, previewOf, graphs } from "./support/previews";
import { selects, workloads, type Workload } from "./support/workloads";

/** Agents that need more of their node than the Pod Security Standard `restricted` gives, and why. */
const privileged: Record<string, { why: string; root?: boolean; hostPaths: string[]; host?: string[] }> = {
  "DaemonSet alloy": {
    why: "containers' logs and the journal belong to root, and its positions have to outlive the pod",
    root: true,
    hostPaths: ["/var/lib/observability/monitoring/alloy", "/var/log", "/var/log/pods"],
  },
  "DaemonSet node-exporter": {
    why: "counts what the node's interfaces, processes and filesystems do",
    hostPaths: ["/", "/proc", "/sys"],
    host: ["hostNetwork", "hostPID"],
  },
};

/** Workloads that ask the API server, and what for. All others have no token. */
const asksApiServer: Record<string, string> = {
  "DaemonSet alloy": "finds the pods of its node",
  "Deployment alloy-events": "reads events",
  "Deployment alloy-rules": "reads the rules",
  "StatefulSet alloy-metrics": "finds what is to be scraped",
  "Deployment kube-state-metrics": "reads the state of objects",
};

/** Containers without a liveness probe, and why. */
const notRestarted: Record<string, string> = {
  "DaemonSet loki-canary": "stays up to count that Loki doesn't answer",
};

const everyPod: (keyof Workload["pod"])[] = ["hostIPC", "hostNetwork", "hostPID"];

graphs.forEach(({ of, stack, config }) => {
  describe(`The pods of ${of}`, () => {
    let preview: Preview;
    let all: Workload[];
    before(async () => {
      preview = await previewOf(stack, ...config);
      all = workloads(preview);
      assert(all.length > 8);
    });
    const containers = () =>
      all.flatMap(({ called, initContainers, containers }) =>
        [...initContainers, ...containers].map((container) => ({ ...container, of: `${called} ${container.name}` })),
      );
    const longRunning = () => all.filter(({ kind }) => kind !== "Job");

    it("ask for CPU and memory, and have a limit of memory that is at least that", () => {
      for (const { of, resources } of containers()) {
        const { requests = {}, limits = {} } = resources;
        assert(quantityValue(requests.cpu) > 0, of);
        assert(quantityValue(requests.memory) > 0, of);
        assert(quantityValue(limits.memory) >= quantityValue(requests.memory), of);
      }
    });

    it("are probed as long as they run, at ports that they have", () => {
      for (const { called, containers } of longRunning()) {
        for (const { ports, readinessProbe, livenessProbe, startupProbe } of containers) {
          assert(readinessProbe, `${called} is never found ready`);
          assert.equal(livenessProbe === undefined, called in notRestarted, called);
          for (const probe of [readinessProbe, livenessProbe, startupProbe].filter(Boolean)) {
            const { port } = probe.httpGet;
            assert(
              (ports ?? []).some(({ name, containerPort }) => [name, containerPort].includes(port as never)),
              `${called} ${port}`,
            );
          }
        }
      }
    });

    it("run as somebody other than root, but for the agents that are named here", () => {
      for (const { called, pod, initContainers, containers } of all) {
        const { runAsNonRoot, runAsUser } = pod.securityContext;
        if (privileged[called]?.root) assert.deepEqual([runAsNonRoot, runAsUser], [undefined, 0], called);
        else assert(runAsNonRoot && runAsUser > 0, called);
        for (const { name, securityContext } of [...initContainers, ...containers]) {
          assert.deepEqual([securityContext.runAsUser, securityContext.runAsNonRoot], [undefined, undefined], name);
        }
      }
    });

    it("have no capability, no way to more privileges, a root that is read-only, and the runtime's seccomp profile", () => {
      for (const { called, pod } of all)
        assert.equal(pod.securityContext.seccompProfile.type, "RuntimeDefault", called);
      for (const { of, securityContext } of containers()) {
        assert.deepEqual(
          securityContext,
          { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
          of,
        );
      }
    });

    it("see nothing of their node, but for the agents that are named here", () => {
      for (const { called, pod } of all) {
        const { hostPaths = [], host = [] } = privileged[called] ?? {};
        const mounted = (pod.volumes ?? []).flatMap(({ hostPath }) => hostPath?.path ?? []);
        assert.deepEqual(mounted.sort(), hostPaths, called);
        assert.deepEqual(
          everyPod.filter((key) => pod[key]),
          host,
          called,
        );
      }
    });

    it("are admitted by their namespace, which enforces the strictest level that they fit, and warns of all below the strictest", () => {
      const { labels } = object(preview, "Namespace", "monitoring").inputs.metadata;
      const readsNode = all.some(
        ({ pod, initContainers, containers }) =>
          everyPod.some((key) => pod[key]) ||
          (pod.volumes ?? []).some(({ hostPath }) => hostPath) ||
          [...initContainers, ...containers].some(({ ports }) => (ports ?? []).some(({ hostPort }) => hostPort)),
      );
      assert.deepEqual(
        ["enforce", "warn", "audit"].map((mode) => labels[`pod-security.kubernetes.io/${mode}`]),
        [readsNode ? "privileged" : "restricted", "restricted", "restricted"],
      );
    });

    it("write to nothing of their node but the collector's own folder", () => {
      const writable = all.flatMap(({ called, pod, containers }) =>
        (pod.volumes ?? [])
          .filter(({ hostPath, name }) => hostPath && !readOnly(containers, name))
          .map(({ hostPath }) => `${called} ${hostPath.path}`),
      );
      assert.deepEqual(writable, ["DaemonSet alloy /var/lib/observability/monitoring/alloy"]);
    });

    it("have a token of the API server only where they ask it, and each an account of its program's own", () => {
      for (const { called, pod } of all) {
        assert.equal(pod.automountServiceAccountToken, called in asksApiServer, called);
        const account = object(preview, "ServiceAccount", pod.serviceAccountName);
        assert.equal(account.inputs.automountServiceAccountToken, false, called);
      }
    });

    it("pull an image only where it isn't there yet", () => {
      for (const { of, imagePullPolicy } of containers()) assert.equal(imagePullPolicy, "IfNotPresent", of);
    });

    it("run on Linux nodes of an architecture that all their images have, and agents on all of those", () => {
      for (const { called, kind, pod, initContainers, containers } of all) {
        const terms = pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
        assert.equal(terms.length, 1, called);
        const wanted = Object.fromEntries(terms[0].matchExpressions.map(({ key, values }) => [key, values]));
        const images = [...initContainers, ...containers].map(({ image }) => image);
        assert.deepEqual(
          wanted,
          { "kubernetes.io/os": ["linux"], "kubernetes.io/arch": architectures(images) },
          called,
        );
        const everywhere = (pod.tolerations ?? []).some(({ key, operator }) => !key && operator === "Exists");
        assert.equal(everywhere, kind === "DaemonSet", called);
      }
    });

    it("are labelled, as all objects are, with what they belong to", () => {
      const objects = preview.resources.filter(({ inputs }) => inputs.metadata !== undefined);
      assert(objects.length > 50);
      const labelled = [
        ...objects.map(({ urn, inputs }) => ({ of: urn, labels: inputs.metadata.labels ?? {} })),
        ...all.map(({ called, podLabels }) => ({ of: `a pod of ${called}`, labels: podLabels })),
      ];
      for (const { of, labels } of labelled) {
        assert(labels["app.kubernetes.io/name"], of);
        assert.equal(labels["app.kubernetes.io/part-of"], "observability", of);
        assert.equal(labels["app.kubernetes.io/managed-by"], "pulumi", of);
      }
      for (const { called, podLabels } of all) assert(podLabels["app.kubernetes.io/version"], called);
    });

    it("prefer nodes of their own and leave one at a time, where there are several of them", () => {
      for (const { called, name, replicas = 1, kind, podLabels, pod } of all) {
        const spread = pod.affinity.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
        const budgets = ofKind(preview, "PodDisruptionBudget").filter(({ inputs }) =>
          selects(inputs.spec.selector.matchLabels, podLabels),
        );
        if (kind === "DaemonSet" || replicas < 2) {
          assert.deepEqual([spread.length, budgets.length], [0, 0], called);
          continue;
        }
        assert.deepEqual(
          budgets.map(({ inputs: { metadata, spec } }) => [
            metadata.name,
            spec.maxUnavailable,
            spec.unhealthyPodEvictionPolicy,
          ]),
          [[name, 1, "AlwaysAllow"]],
        );
        const [{ podAffinityTerm }] = spread;
        assert.equal(podAffinityTerm.topologyKey, "kubernetes.io/hostname", called);
        assert(selects(podAffinityTerm.labelSelector.matchLabels, podLabels), called);
      }
    });

    it("leave their volumes behind when they go", () => {
      const stateful = all.filter(({ kind }) => kind === "StatefulSet");
      assert(stateful.length > 2);
      for (const { called, resource } of stateful) {
        const { spec } = resource.inputs;
        const policy = spec.persistentVolumeClaimRetentionPolicy;
        assert.deepEqual(policy, { whenDeleted: "Retain", whenScaled: "Retain" }, called);
        assert(spec.volumeClaimTemplates.length > 0, called);
        for (const claim of spec.volumeClaimTemplates) {
          assert(quantityValue(claim.spec.resources.requests.storage) > 0, called);
        }
      }
    });

    it("are replaced by a fix even while they can't become ready", () => {
      for (const { called, kind, resource } of all) {
        if (kind === "StatefulSet") assert.equal(resource.inputs.spec.podManagementPolicy, "Parallel", called);
      }
    });
  });
});

const architectures = (images: string[]): string[] =>
  ["amd64", "arm64"].filter((architecture) =>
    images.every((image) =>
      list.images.some((each) => image.startsWith(each.reference) && each.platforms.includes(`linux/${architecture}`)),
    ),
  );

const readOnly = (containers: Workload["containers"], volume: string): boolean =>
  containers.every(({ volumeMounts }) =>
    (volumeMounts ?? []).filter(({ name }) => name === volume).every((mount) => mount.readOnly),
  );
