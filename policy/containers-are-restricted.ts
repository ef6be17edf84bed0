import { z } from "zod";
import { chartOf } from "./lib/charts/release";
import { matches } from "./lib/glob";
import { podsOf } from "./lib/pods/find";
import { breaches, breachesOfValues, controls, type Breach, type Control } from "./lib/pods/restricted";
import { definePolicy, type Finding } from "./lib/policy";
import type { Resource } from "./lib/resource";
import { Unknown } from "./lib/unknown";

const exemption = z.strictObject({
  name: z
    .string()
    .min(1)
    .describe("name of the workload, of the release, or of its part in the values; * stands for any text"),
  namespace: z.string().min(1).default("*").describe("its namespace"),
  controls: z.array(z.enum(controls)).min(1).describe("what it may do against the standard"),
  reason: z.string().min(1).describe("why"),
});

// What reads a node can't do so from within the standard. Everything else of it holds for them, too.
const readersOfNodes: z.input<typeof exemption>[] = [
  {
    name: "*node-exporter",
    controls: ["hostNamespaces", "hostPorts", "restrictedVolumes"],
    reason: "It measures the node: its network and processes, and its file systems below /.",
  },
  {
    name: "alloy",
    controls: ["restrictedVolumes", "runAsNonRoot", "runAsUser"],
    reason: "It reads the logs of the pods and the journal on the node, which belong to root.",
  },
];

const effects: Readonly<Record<Control, string>> = {
  hostNamespaces: "The pod sees and reaches what is the node's own: its network, its processes.",
  hostPorts: "The port is taken on the node, past every NetworkPolicy.",
  hostProbesAndHostLifecycle: "The kubelet would call any address that is written there.",
  windowsHostProcess: "The container runs as a process of the node.",
  privileged: "The container is root on the node.",
  allowPrivilegeEscalation: "A process may get more rights than the one that started it.",
  capabilities: "Rights of root stay with the container that it doesn't need.",
  runAsNonRoot: "The image decides whether the container runs as root.",
  runAsUser: "The container runs as root, one fault of the kernel away from the node.",
  seccompProfile: "Every system call is allowed.",
  appArmorProfile: "The container runs without the runtime's profile.",
  seLinuxOptions: "The container leaves the label that keeps it apart.",
  procMount: "What the runtime hides of /proc is shown.",
  restrictedVolumes: "The container reaches past its own file system, to the node or a server without credentials.",
  sysctls: "The setting is not kept within the pod.",
};

/**
 * Refuses what the Pod Security Standard "restricted" refuses, before a namespace with that label does it in the middle of an update. An
 * exemption names the controls and says why; the two by default are programs that read nodes.
 */
export const containersAreRestricted = definePolicy({
  name: "containers-are-restricted",
  description: "Pods keep to the Pod Security Standard “restricted”, but for what is exempt by name and control.",
  url: "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
  severity: "high",
  parameters: {
    exempt: z
      .array(exemption)
      .prefault(readersOfNodes)
      .describe(
        `workloads that may do what they are for, each with its controls (${controls.join(", ")}) and a reason`,
      ),
  },
  *check(resource, { exempt }) {
    const allows = (control: Control, path: string) =>
      exempt.some((each) => each.controls.includes(control) && isMeant(each, resource, path));
    for (const pods of podsOf(resource)) {
      if (pods instanceof Unknown) yield pods;
      else yield* judge(breaches(pods), allows);
    }
    const chart = chartOf(resource);
    if (chart) yield* judge(breachesOfValues(chart.values, "values"), allows);
  },
});

function isMeant({ name, namespace }: z.infer<typeof exemption>, resource: Resource, path: string): boolean {
  const names = [resource.objectName ?? resource.name, ...(path.startsWith("values.") ? path.split(".") : [])];
  return names.some((each) => matches(name, each)) && matches(namespace, resource.namespace ?? "");
}

function* judge(found: Iterable<Breach>, allows: (control: Control, path: string) => boolean): Iterable<Finding> {
  for (const { control, path, value, wanted } of found) {
    if (allows(control, path)) continue;
    if (value instanceof Unknown) yield value;
    else {
      yield {
        path,
        found: value === undefined || value === null ? "missing" : JSON.stringify(value),
        wanted,
        fix: `${effects[control]} Change it; where the workload can't do without, exempt it from ${control} in this policy's parameters, with the reason.`,
      };
    }
  }
}
