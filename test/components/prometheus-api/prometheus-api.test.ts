import assert from "node:assert/strict";
import { images } from "../../../components/images";
import { PrometheusApi } from "../../../components/prometheus-api/prometheus-api";
import { formerNames } from "../../../settings/former-names";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled, type Recorded } from "../../support/mocks";

const prometheus = { program: "prometheus", url: "http://kps-prometheus.monitoring.svc.cluster.local:9090" } as const;
const mimir = { program: "mimir", url: "http://mimir.monitoring.svc.cluster.local:9009/prometheus" } as const;

interface Made {
  url: string;
  of(kind: string): Recorded["resources"][number]["inputs"][];
}

async function made({
  backend = prometheus as typeof prometheus | typeof mimir,
  names = [] as string[],
  replicas = 1,
} = {}): Promise<Made> {
  const recorded = mockPulumi();
  const api = new PrometheusApi(
    "metrics",
    {
      environment: { namespace: "monitoring", dnsDomain: "cluster.local", nodeSelector: {}, tolerations: [] },
      settings: settingsSchema.parse({ prometheusApi: { replicas } }).prometheusApi,
      images: images({}, "nginx"),
      backend,
      formerNames: names,
    },
    {},
  );
  await settled();
  return {
    url: api.url,
    of: (kind) => recorded.resources.filter(({ type }) => type.endsWith(`:${kind}`)).map(({ inputs }) => inputs),
  };
}

describe("The one address with Prometheus' API", () => {
  it("is a Service at Prometheus' port, whose pods are nginx's", async () => {
    const { url, of } = await made();
    assert.equal(url, "http://metrics.monitoring.svc.cluster.local:9090");
    const [{ metadata, spec }] = of("Service");
    assert.equal(metadata.name, "metrics");
    assert.deepEqual(spec.ports, [{ name: "http", port: 9090, targetPort: "http" }]);
    const { labels } = of("Deployment")[0].spec.template.metadata;
    for (const [key, value] of Object.entries(spec.selector as object)) assert.equal(labels[key], value);
  });

  it("restarts its pods when another program answers", async () => {
    const checksum = async (backend: typeof prometheus | typeof mimir) =>
      (await made({ backend })).of("Deployment")[0].spec.template.metadata.annotations["checksum/config"] as string;
    assert.notEqual(await checksum(prometheus), await checksum(mimir));
  });

  it("is drained one pod at a time where it has several", async () => {
    assert.equal((await made()).of("PodDisruptionBudget").length, 0);
    assert.equal((await made({ replicas: 2 })).of("PodDisruptionBudget").length, 1);
  });

  it("has the same pods by a former name of its namespace, and is led to from another one", async () => {
    const { of } = await made({ names: ["monitoring/prometheus-operated", "prometheus/kps-prometheus"] });
    const [own, same, other] = ["metrics", "prometheus-operated", "kps-prometheus"].map((name) =>
      of("Service").find(({ metadata }) => metadata.name === name)!,
    );
    assert.equal(same.metadata.namespace, "monitoring");
    assert.deepEqual(same.spec.selector, own.spec.selector);
    assert.deepEqual(same.spec.ports, own.spec.ports);
    assert.equal(other.metadata.namespace, "prometheus");
    assert.equal(other.spec.selector, undefined);
    assert.equal(other.spec.externalName, "metrics.monitoring.svc.cluster.local");
  });

  it("has former names only once the release is known to be gone", () => {
    const names = ["monitoring/prometheus-operated"];
    const of = (raw: object) => formerNames(settingsSchema.parse({ prometheusApi: { formerNames: names }, ...raw }));
    assert.deepEqual(of({ stage: "mimir-default" }), []);
    assert.deepEqual(of({ stage: "kps-removed" }), []);
    assert.deepEqual(of({ stage: "kps-removed", migration: { from: "mimir-default" } }), []);
    assert.deepEqual(of({ stage: "kps-removed", migration: { from: "kps-removed" } }), names);
    assert.deepEqual(of({ stage: "kps-removed", kps: { enabled: false } }), names);
  });
});
