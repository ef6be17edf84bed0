import { controls, effects } from "./lib/pods/controls";
import { exemptions, isExempt } from "./lib/pods/exemptions";
import { breachesOf } from "./lib/pods/restricted";
import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";

/**
 * Refuses what the Pod Security Standard "restricted" refuses, before a namespace with that label does so in the middle of an update. An
 * exemption names the controls and the reason. The two default exemptions are for programs that read nodes.
 */
export const containersAreRestricted = definePolicy({
  name: "containers-are-restricted",
  description:
    "Pods follow the Pod Security Standard “restricted”, except for workloads that are exempt from single controls.",
  url: "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
  severity: "high",
  parameters: {
    exempt: exemptions.describe(
      `workloads that are exempt from controls, each with its controls (${controls.join(", ")}) and a reason`,
    ),
  },
  *check(resource, { exempt }) {
    for (const breach of breachesOf(resource)) {
      if (breach instanceof Unknown) yield breach;
      else if (isExempt(exempt, breach.control, breach.path, resource)) continue;
      else if (breach.value instanceof Unknown) yield breach.value;
      else {
        const { control, path, value, wanted } = breach;
        yield {
          path,
          found: value === undefined || value === null ? "missing" : JSON.stringify(value),
          wanted,
          why: effects[control],
          fix: `Change it. If the workload needs it, exempt it from ${control} in this policy's parameters, with a reason.`,
        };
      }
    }
  },
});
