import assert from "node:assert/strict";
import { stringify } from "yaml";
import { oneDefaultDatasource as policy } from "../../policy/one-default-datasource";
import { findings, object, release, stackFindings, unknown, type TestResource } from "./support";

const source = (name: string, more: object = {}) => ({ name, type: "prometheus", url: "http://p:9090", ...more });
const fileOf = (...datasources: object[]) => stringify({ apiVersion: 1, datasources });
const chosen = { isDefault: true };

/** A ConfigMap in `monitoring` with provisioning files. */
const map = (name: string, data: Record<string, string>, labels: object = {}) => ({
  ...object("core/v1", "ConfigMap", { metadata: { name, namespace: "monitoring", labels }, data }),
  name,
});
const file = (name: string, ...sources: object[]) => map(name, { "datasources.yaml": fileOf(...sources) });
const labelled = (name: string, ...sources: object[]) =>
  map(name, { "datasources.yaml": fileOf(...sources) }, { grafana_datasource: "1" });
const grafana = (name: string, ...volumes: object[]) => ({
  ...object("apps/v1", "StatefulSet", {
    metadata: { name, namespace: "monitoring" },
    spec: { template: { spec: { containers: [], volumes } } },
  }),
  name,
});
const mount = (name: string) => ({ configMap: { name } });
const stack = (grafana: object, namespace = "monitoring") => {
  const made = release("kube-prometheus-stack", { grafana });
  return { ...made, props: { ...made.props, namespace } };
};

/** A HelmRelease of Flux with kube-prometheus-stack. */
const helmRelease = (values: object, more: object = {}) =>
  object("helm.toolkit.fluxcd.io/v2", "HelmRelease", {
    metadata: { name: "kps", namespace: "flux-system" },
    spec: { chart: { spec: { chart: "kube-prometheus-stack" } }, targetNamespace: "monitoring", values, ...more },
  });
const additional = { grafana: { additionalDataSources: [source("M", chosen)] } };
const place = (index: number) => `data["datasources.yaml"]: datasources[${index}]`;
const why = `wanted one default data source for each organisation. Grafana doesn't start with two: "Only one datasource per organization can be marked as default".`;
const second = (path: string, name: string, other: string, remedy = "isDefault: false") =>
  `${path} is the default data source (${name}), and so is ${other}; ${why} Write ${remedy} for this one or for the other.`;
const untold = (path: string, name: string, other: string) =>
  `${path} is possibly the default data source (${name}), and so is ${other}: one of them can't be read; ${why} Write isDefault: false for this one or for the other.`;
const inChart = "Release monitoring/kube-prometheus-stack: values.grafana";
const ownOf = (namespace: string) =>
  `Prometheus (Release ${namespace}/kube-prometheus-stack, values.grafana.sidecar.datasources)`;
const inA = `P (ConfigMap monitoring/a, ${place(0)})`;

interface Case {
  when: string;
  given: TestResource | TestResource[];
  finds?: string[];
}

const ofOne: Case[] = [
  { when: "one of three is the default", given: file("a", source("P", chosen), source("M"), source("L")) },
  {
    when: "two in one file are",
    given: file("a", source("P", chosen), source("M", chosen)),
    finds: [second(`ConfigMap monitoring/a: ${place(1)}`, "M", `P (${place(0)})`)],
  },
  {
    when: "two in two files of one ConfigMap are",
    given: map("a", { "a.yaml": fileOf(source("P", chosen)), "b.yaml": fileOf(source("M", chosen)) }),
    finds: [
      second('ConfigMap monitoring/a: data["b.yaml"]: datasources[0]', "M", 'P (data["a.yaml"]: datasources[0])'),
    ],
  },
  {
    when: "two are, of two organisations",
    given: file("a", source("P", chosen), source("M", { ...chosen, orgId: 2 })),
  },
  {
    when: "the second is so in Go's other spellings of true",
    given: map("a", { "datasources.yaml": "datasources: [{name: P, isDefault: 1}, {name: M, isDefault: 'T'}]" }),
    finds: [second(`ConfigMap monitoring/a: ${place(1)}`, "M", `P (${place(0)})`)],
  },
  {
    when: "whether the second is so comes from the environment",
    given: map("a", {
      "datasources.yaml": "datasources: [{name: P, isDefault: true}, {name: M, isDefault: $DEFAULT}]",
    }),
    finds: [untold(`ConfigMap monitoring/a: ${place(1)}`, "M", `P (${place(0)})`)],
  },
  {
    when: "whether the only one is so comes from the environment",
    given: map("a", { "datasources.yaml": "datasources: [{name: P, isDefault: $DEFAULT}]" }),
  },
  {
    when: "the file is a Secret",
    given: object("core/v1", "Secret", {
      metadata: { name: "a", namespace: "monitoring" },
      data: { "ds.yaml": Buffer.from(fileOf(source("P", chosen), source("M", chosen))).toString("base64") },
    }),
    finds: [second('Secret monitoring/a: data["ds.yaml"]: datasources[1]', "M", 'P (data["ds.yaml"]: datasources[0])')],
  },
  {
    when: "the file gives a key twice",
    given: map("a", { "datasources.yaml": "datasources: []\ndatasources: []\n" }),
    finds: [
      "ConfigMap monitoring/a: data[\"datasources.yaml\"] is a file of data sources that can't be read (line 2, column 1: a key given twice, which Grafana refuses); wanted one YAML document that Grafana accepts. Grafana doesn't start with it, and its default data sources can't be counted. Correct it.",
    ],
  },
  {
    when: "a preview doesn't know the file",
    given: map("a", { "datasources.yaml": unknown }),
    finds: ["advisory: string value at .data.datasources.yaml can't be known during preview"],
  },
  { when: "kube-prometheus-stack has its own only", given: stack({}) },
  {
    when: "kube-prometheus-stack has another beside its own",
    given: stack({ additionalDataSources: [source("M", chosen)] }),
    finds: [second(`${inChart}.additionalDataSources[0]`, "M", "Prometheus (values.grafana.sidecar.datasources)")],
  },
  {
    when: "kube-prometheus-stack has another beside its own, as a template",
    given: stack({ additionalDataSources: "- name: M\n  url: http://{{ .Release.Name }}\n  isDefault: true\n" }),
    finds: [second(`${inChart}.additionalDataSources[0]`, "M", "Prometheus (values.grafana.sidecar.datasources)")],
  },
  ...["isDefaultDatasource", "defaultDatasourceEnabled"].map((key) => ({
    when: `kube-prometheus-stack has another in place of its own (${key}: false)`,
    given: stack({ additionalDataSources: [source("M", chosen)], sidecar: { datasources: { [key]: false } } }),
  })),
  {
    when: "kube-prometheus-stack is a sub-chart",
    given: release("umbrella", {
      "kube-prometheus-stack": { grafana: { additionalDataSources: [source("M", chosen)] } },
    }),
    finds: [
      second(
        "Release monitoring/umbrella: values.kube-prometheus-stack.grafana.additionalDataSources[0]",
        "M",
        "Prometheus (values.kube-prometheus-stack.grafana.sidecar.datasources)",
      ),
    ],
  },
  {
    when: "Grafana is switched off in kube-prometheus-stack",
    given: stack({ enabled: false, additionalDataSources: [source("M", chosen)] }),
  },
  {
    when: "Grafana's own chart has two",
    given: release("grafana", {
      datasources: { "ds.yaml": { apiVersion: 1, datasources: [source("P", chosen), source("M", chosen)] } },
    }),
    finds: [
      second(
        'Release monitoring/grafana: values.datasources["ds.yaml"].datasources[1]',
        "M",
        'P (values.datasources["ds.yaml"].datasources[0])',
      ),
    ],
  },
  ...[
    JSON.stringify({ apiVersion: 1, datasources: [source("P", chosen), source("M", chosen)] }),
    JSON.stringify({ datasources: [source("P", chosen), source("M", chosen)] }, null, 2),
    stringify({ datasources: [source("P", chosen), source("M", chosen)] }, { collectionStyle: "flow" }),
  ].map((text, index) => ({
    when: `two in one file are, in JSON, indented or in flow style (${index + 1})`,
    given: map("a", { "datasources.yaml": text }),
    finds: [second(`ConfigMap monitoring/a: ${place(1)}`, "M", `P (${place(0)})`)],
  })),
  {
    when: "a HelmRelease has another beside the chart's own",
    given: helmRelease(additional),
    finds: [
      second(
        "HelmRelease flux-system/kps: spec.values.grafana.additionalDataSources[0]",
        "M",
        "Prometheus (spec.values.grafana.sidecar.datasources)",
      ),
    ],
  },
  {
    when: "an Application has another beside the chart's own, as text",
    given: object("argoproj.io/v1alpha1", "Application", {
      metadata: { name: "kps", namespace: "argocd" },
      spec: { source: { chart: "kube-prometheus-stack", helm: { values: stringify(additional) } } },
    }),
    finds: [
      second(
        "Application argocd/kps: spec.source.helm.values: grafana.additionalDataSources[0]",
        "M",
        "Prometheus (spec.source.helm.values: grafana.sidecar.datasources)",
      ),
    ],
  },
  {
    when: "a HelmRelease has another, and values that aren't seen may switch off the chart's own",
    given: helmRelease(additional, { valuesFrom: [{ kind: "ConfigMap", name: "more" }] }),
  },
  { when: "it is a dashboard", given: map("a", { "d.json": '{"datasource": {"uid": "prometheus"}, "panels": []}' }) },
];

const ofStack: Case[] = [
  {
    when: "each of two Grafanas has its own",
    given: [
      file("a", source("P", chosen)),
      file("b", source("M", chosen)),
      grafana("one", mount("a")),
      grafana("two", mount("b")),
    ],
  },
  {
    when: "one Grafana mounts two files with a default each",
    given: [file("a", source("P", chosen)), file("b", source("M", chosen)), grafana("one", mount("a"), mount("b"))],
    finds: [second(`ConfigMap monitoring/b: ${place(0)}`, "M", inA)],
  },
  {
    when: "one mounts a ConfigMap and a Secret with a default each, in one folder",
    given: [
      file("a", source("P", chosen)),
      object("core/v1", "Secret", {
        metadata: { name: "s", namespace: "monitoring" },
        stringData: { "ds.yaml": fileOf(source("M", chosen)) },
      }),
      grafana("one", { projected: { sources: [mount("a"), { secret: { name: "s" } }] } }),
    ],
    finds: [second('Secret monitoring/s: stringData["ds.yaml"]: datasources[0]', "M", inA)],
  },
  {
    when: "the Grafana kept in kube-prometheus-stack has its own, and so has the stack's",
    given: [file("a", source("M", chosen)), grafana("one", mount("a")), stack({})],
  },
  {
    when: "kube-prometheus-stack's sidecar finds another default",
    given: [stack({}), labelled("a", source("M", chosen))],
    finds: [second(`ConfigMap monitoring/a: ${place(0)}`, "M", ownOf("monitoring"))],
  },
  {
    when: "the sidecar of a HelmRelease's chart finds another default in the namespace that it installs into",
    given: [helmRelease({}), labelled("a", source("M", chosen))],
    finds: [
      second(
        `ConfigMap monitoring/a: ${place(0)}`,
        "M",
        "Prometheus (HelmRelease flux-system/kps, spec.values.grafana.sidecar.datasources)",
      ),
    ],
  },
  {
    when: "kube-prometheus-stack's sidecar has found another default before its own",
    given: [labelled("a", source("P", chosen)), stack({})],
    finds: [second(`${inChart}.sidecar.datasources`, "Prometheus", inA, "isDefaultDatasource: false")],
  },
  {
    when: "kube-prometheus-stack's own is told not to be",
    given: [stack({ sidecar: { datasources: { isDefaultDatasource: false } } }), labelled("a", source("M", chosen))],
  },
  {
    when: "its sidecar looks for another label",
    given: [stack({ sidecar: { datasources: { label: "ds" } } }), labelled("a", source("M", chosen))],
  },
  {
    when: "its sidecar looks in other namespaces",
    given: [
      stack({ sidecar: { datasources: { searchNamespace: ["other"] } } }, "grafana"),
      labelled("a", source("M", chosen)),
    ],
  },
  {
    when: "its sidecar looks everywhere",
    given: [
      stack({ sidecar: { datasources: { searchNamespace: "ALL" } } }, "grafana"),
      labelled("a", source("M", chosen)),
    ],
    finds: [second(`ConfigMap monitoring/a: ${place(0)}`, "M", ownOf("grafana"))],
  },
  {
    when: "a Grafana outside the stack finds two by their label",
    given: [labelled("a", source("P", chosen)), labelled("b", source("M", chosen))],
    finds: [second(`ConfigMap monitoring/b: ${place(0)}`, "M", inA)],
  },
  {
    when: "kube-prometheus-stack has no Grafana, and leaves its data source to another",
    given: [stack({ enabled: false, forceDeployDatasources: true }), labelled("a", source("M", chosen))],
    finds: [second(`ConfigMap monitoring/a: ${place(0)}`, "M", ownOf("monitoring"))],
  },
  {
    when: "nobody is seen to read two files of one namespace",
    given: [file("a", source("P", chosen)), file("b", source("M", chosen))],
    finds: [second(`ConfigMap monitoring/b: ${place(0)}`, "M", inA)],
  },
  {
    when: "two are in one resource, which is told by itself",
    given: [file("a", source("P", chosen), source("M", chosen)), grafana("one", mount("a"))],
  },
  {
    when: "a preview doesn't know whether kube-prometheus-stack's own is",
    given: [stack({ sidecar: { datasources: { isDefaultDatasource: unknown } } }), labelled("a", source("M", chosen))],
    finds: [
      "advisory: string value at .values.grafana.sidecar.datasources.isDefaultDatasource can't be known during preview",
    ],
  },
];

describe("one-default-datasource", () => {
  for (const { when, given, finds = [] } of ofOne) {
    it(`${finds.length > 0 ? "refuses it" : "accepts it"} when ${when}`, async () => {
      assert.deepEqual(await findings(policy, given as TestResource), finds);
    });
  }
  describe("over the whole stack", () => {
    for (const { when, given, finds = [] } of ofStack) {
      it(`${finds.length > 0 ? "refuses it" : "accepts it"} when ${when}`, async () => {
        assert.deepEqual(await stackFindings(policy, given as TestResource[]), finds);
      });
    }
  });
});
