import type { Rule } from "./rule";

/** Rules of NetworkPolicies. */
export const networkPolicyRules: readonly Rule[] = [
  {
    must: "the controller of an Ingress or HTTPRoute may connect to its backend",
    check: ({ networkPolicies, alertmanager, loki }) => {
      const { enabled, allow, nodes, implementation } = networkPolicies;
      // Grafana is open to everybody.
      const exposed = [
        {
          service: "alertmanager",
          by: { "alertmanager.ingress": alertmanager.ingress, "alertmanager.httpRoute": alertmanager.httpRoute },
        },
        {
          service: "loki-gateway",
          by: { "loki.ingress": loki.ingress, "loki.route": loki.route },
        },
      ] as const;
      return exposed.flatMap(({ service, by }) => {
        const keys = Object.entries(by).flatMap(([key, value]) => (value ? [key] : []));
        const from = allow[service];
        const viaNodes = implementation === "cilium" || nodes.length > 0;
        if (!enabled || keys.length === 0 || (from && (from.length > 0 || viaNodes))) return [];
        return [
          {
            key: `networkPolicies.allow.${service}`,
            what: `${from ? "is an empty list" : "is missing"}: ${keys.join(" and ")} would lead to a Service that its controller can't reach`,
            allowed:
              "the namespace of the controller's pods; `[]` if it uses the nodes' network (their addresses in networkPolicies.nodes), or is Cilium's own (implementation: cilium)",
            example: ["ingress-nginx"],
          },
        ];
      });
    },
  },
];
