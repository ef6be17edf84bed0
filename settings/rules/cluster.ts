import { nodeReaders } from "../pod-security";
import type { Rule } from "./rule";

const builtInNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** Rules of the cluster and its namespace. */
export const clusterRules: readonly Rule[] = [
  {
    must: "a namespace that every cluster has is not created",
    check: ({ namespace }) =>
      namespace.create && builtInNamespaces.includes(namespace.name)
        ? [
            {
              key: "namespace.create",
              what: `true can't create "${namespace.name}", which every cluster has`,
              allowed: "false, or another name",
              example: false,
            },
          ]
        : [],
  },
  {
    must: "the namespace doesn't refuse the stack's own pods",
    check: (settings) => {
      const { enforce } = settings.namespace.podSecurity;
      const readers = nodeReaders(settings);
      return enforce !== undefined && enforce !== "privileged" && readers.length > 0
        ? [
            {
              key: "namespace.podSecurity.enforce",
              what: `"${enforce}" refuses pods that read their node: ${readers.join(", ")}`,
              allowed: "privileged, or nothing; or switch off what reads nodes",
              example: "privileged",
            },
          ]
        : [];
    },
  },
  {
    must: "labels are for a namespace that is created",
    check: ({ namespace: { create, podSecurity } }) =>
      create
        ? []
        : (["enforce", "warn"] as const)
            .filter((mode) => podSecurity[mode])
            .map((mode) => ({
              key: `namespace.podSecurity.${mode}`,
              what: "has no effect: namespace.create is false, and this program doesn't label an existing namespace",
              allowed: "nothing, or namespace.create: true",
            })),
  },
  {
    must: "each kind of node has a unique name",
    check: ({ cluster }) =>
      cluster.nodes.flatMap(({ name }, i) =>
        cluster.nodes.findIndex((other) => other.name === name) === i
          ? []
          : [
              {
                key: `cluster.nodes[${i}].name`,
                what: `"${name}" appears twice`,
                allowed: "one entry for each kind of node, with their number as `count`",
              },
            ],
      ),
  },
  {
    must: "Kubernetes accepts the tolerations",
    check: ({ cluster }) =>
      cluster.tolerations.flatMap((toleration, i) => {
        const key = `cluster.tolerations[${i}]`;
        const wrong = [];
        if (!toleration.key && toleration.operator !== "Exists")
          wrong.push({
            key: `${key}.operator`,
            what: `${JSON.stringify(toleration.operator ?? "Equal")} needs a key`,
            allowed: "Exists if there is no key",
            example: "Exists",
          });
        if (toleration.operator === "Exists" && toleration.value)
          wrong.push({
            key: `${key}.value`,
            what: `"${toleration.value}" contradicts operator Exists, which matches any value`,
            allowed: "nothing, or operator Equal",
          });
        if (toleration.tolerationSeconds !== undefined && toleration.effect !== "NoExecute")
          wrong.push({
            key: `${key}.effect`,
            what: `${JSON.stringify(toleration.effect ?? "every effect")} can't be tolerated for a limited time (tolerationSeconds)`,
            allowed: "NoExecute",
            example: "NoExecute",
          });
        return wrong;
      }),
  },
];
