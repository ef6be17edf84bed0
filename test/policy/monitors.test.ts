import assert from "node:assert/strict";
import { monitorsFindAService } from "../../policy/monitors-find-a-service";
import { monitorsHaveDefinitions } from "../../policy/monitors-have-definitions";
import type { Policy } from "../../policy/lib/policy";
import { object, release, stackFindings, unknown, type TestResource } from "./support";

const named = (name: string, namespace = "monitoring") => ({ name, namespace });
const service = (labels: object, ports: object[] = [{ name: "http", port: 80 }]) =>
  object("core/v1", "Service", { metadata: { ...named("loki"), labels }, spec: { ports } });
const monitor = (spec: object, namespace?: string) =>
  object("monitoring.coreos.com/v1", "ServiceMonitor", {
    metadata: named("loki", namespace),
    spec: { endpoints: [{ port: "http" }], ...spec },
  });
const byLabels = (matchLabels: object, more: object = {}) => monitor({ selector: { matchLabels }, ...more });
const byExpression = (key: string, operator: string, values?: string[]) =>
  monitor({ selector: { matchExpressions: [{ key, operator, values }] } });
const loki = service({ app: "loki" });

const selectsNone = (namespaces = "monitoring") =>
  `ServiceMonitor monitoring/loki: spec.selector is a selector that matches no Service of the stack in ${namespaces}; wanted the labels of a Service. Nothing is scraped, and no alert reports it. Compare it with metadata.labels of the Service. The labels of its pods don't count.`;

interface Case {
  when: string;
  stack: TestResource[];
  finds?: string[];
}

function cases(policy: Policy, list: Case[]): void {
  for (const { when, stack, finds = [] } of list) {
    it(`${finds.length > 0 ? "tells" : "says nothing"} when ${when}`, async () => {
      assert.deepEqual(await stackFindings(policy, stack), finds);
    });
  }
}

describe("monitors-find-a-service", () => {
  cases(monitorsFindAService, [
    { when: "a monitor selects a Service and its port", stack: [loki, byLabels({ app: "loki" })] },
    { when: "it selects none", stack: [loki, byLabels({ app: "lokki" })], finds: [selectsNone()] },
    {
      when: "it selects by the labels of the pods",
      stack: [service({}), byLabels({ app: "loki" })],
      finds: [selectsNone()],
    },
    { when: "it selects everything", stack: [loki, monitor({ selector: {} })] },
    { when: "it selects by an expression", stack: [loki, byExpression("app", "In", ["loki", "mimir"])] },
    { when: "the label is there", stack: [loki, byExpression("app", "Exists")] },
    { when: "another label is not there", stack: [loki, byExpression("headless", "DoesNotExist")] },
    { when: "its expression fits none", stack: [loki, byExpression("app", "NotIn", ["loki"])], finds: [selectsNone()] },
    {
      when: "it asks for a port by another name",
      stack: [loki, byLabels({ app: "loki" }, { endpoints: [{ port: "http" }, { port: "metrics" }] })],
      finds: [
        'ServiceMonitor monitoring/loki: spec.endpoints[1].port is "metrics"; wanted the name of a port of Service monitoring/loki: http. Nothing is scraped there, and no alert reports it. Write the port\'s name, not its number.',
      ],
    },
    {
      when: "it asks for a port of the pods",
      stack: [loki, byLabels({ app: "loki" }, { endpoints: [{ targetPort: 1 }] })],
    },
    {
      when: "it looks in another namespace of the stack",
      stack: [
        loki,
        monitor({ selector: { matchLabels: { app: "loki" } }, namespaceSelector: { matchNames: ["monitoring"] } }, "x"),
      ],
    },
    {
      when: "it looks only where the stack has no Service",
      stack: [loki, byLabels({ app: "dns" }, { namespaceSelector: { matchNames: ["kube-system"] } })],
    },
    { when: "it looks everywhere", stack: [loki, byLabels({ app: "dns" }, { namespaceSelector: { any: true } })] },
    {
      when: "it selects a Service of a chart",
      stack: [loki, release("kube-prometheus-stack", {}), byLabels({ app: "kube-prometheus-stack-prometheus" })],
    },
    {
      when: "a preview doesn't know its selector",
      stack: [loki, monitor({ selector: unknown })],
      finds: ["advisory: string value at .spec.selector can't be known during preview"],
    },
  ]);
});

describe("monitors-have-definitions", () => {
  const missing = (need: string) =>
    `The stack: what defines monitoring.coreos.com is missing, and needed by ${need}; wanted a release of prometheus-operator-crds. The update fails if the cluster doesn't have the definitions. Install the chart prometheus-operator-crds with protect: true, before them. If something else installs the definitions, exclude this stack.`;
  const one = byLabels({});
  const crd = (group: string) => object("apiextensions.k8s.io/v1", "CustomResourceDefinition", { spec: { group } });
  const stack = (values: object) => release("kube-prometheus-stack", values);
  cases(monitorsHaveDefinitions, [
    { when: "a release brings them", stack: [one, release("prometheus-operator-crds", {})] },
    { when: "nothing brings them", stack: [one], finds: [missing("ServiceMonitor monitoring/loki")] },
    { when: "two need them", stack: [one, one], finds: [missing("ServiceMonitor monitoring/loki and 1 more")] },
    { when: "none need them", stack: [loki] },
    { when: "kube-prometheus-stack brings them", stack: [one, stack({})] },
    {
      when: "kube-prometheus-stack is told not to",
      stack: [one, stack({ crds: { enabled: false } })],
      finds: [missing("ServiceMonitor monitoring/loki")],
    },
    { when: "a sub-chart brings them", stack: [one, release("umbrella", { "prometheus-operator-crds": {} })] },
    {
      when: "the sub-chart is switched off",
      stack: [one, release("umbrella", { "prometheus-operator-crds": { enabled: false } })],
      finds: [missing("ServiceMonitor monitoring/loki")],
    },
    { when: "they are in the stack themselves", stack: [one, crd("monitoring.coreos.com")] },
    {
      when: "others are",
      stack: [one, crd("cert-manager.io")],
      finds: [missing("ServiceMonitor monitoring/loki")],
    },
  ]);
});
