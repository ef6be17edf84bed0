import { z } from "zod";
import { matches } from "../glob";
import type { Resource } from "../resource";
import { controls, type Control } from "./controls";

const exemption = z.strictObject({
  name: z
    .string()
    .min(1)
    .describe("name of the workload, of the release, or of its part in the values; * stands for any text"),
  namespace: z.string().min(1).default("*").describe("its namespace"),
  controls: z.array(z.enum(controls)).min(1).describe("the controls that it is exempt from"),
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
  {
    name: "vector",
    controls: ["restrictedVolumes", "runAsNonRoot", "runAsUser"],
    reason: "It reads the logs of the pods and the journal on the node, which belong to root.",
  },
];

/** A parameter of a policy: what is exempt from controls of the Pod Security Standard. */
export const exemptions = z.array(exemption).prefault(readersOfNodes);

/**
 * Whether a control is waived.
 *
 * @param path where it is broken: in chart values each key on the way is a name, as is that of the resource
 */
export function isExempt(
  given: z.infer<typeof exemptions>,
  control: Control,
  path: string,
  { objectName, name, namespace = "" }: Resource,
): boolean {
  const names = [objectName ?? name, ...(path.startsWith("values.") ? path.split(".") : [])];
  return given.some(
    (each) =>
      each.controls.includes(control) &&
      names.some((one) => matches(each.name, one)) &&
      matches(each.namespace, namespace),
  );
}
