import assert from "node:assert/strict";
import type { ResourceValidationArgs } from "@pulumi/policy";
import { remoteWritesOf } from "../../../policy/lib/metrics/remote-write";
import { resourceOf } from "../../../policy/lib/resource";
import { growth, mostGrowth } from "../growth";
import { configMap, object, release, type TestResource } from "../support";

const found = ({ type, name, props }: TestResource) =>
  remoteWritesOf(resourceOf({ type, name, props, urn: "urn:pulumi:s::p::t::n" } as ResourceValidationArgs));
const url = "http://mimir.monitoring.svc:9009/api/v1/push";
const at = (path: string) => [{ path, url: { value: url } }];
const written = [{ name: "mimir", url }];

describe("addresses that metrics are written to", () => {
  it("are those of the Prometheus operator's and VictoriaMetrics' resources", () => {
    for (const kind of ["Prometheus", "PrometheusAgent"]) {
      const given = object("monitoring.coreos.com/v1", kind, { spec: { remoteWrite: written } });
      assert.deepEqual(found(given), at("spec.remoteWrite[0].url"));
    }
    const agent = object("operator.victoriametrics.com/v1beta1", "VMAgent", { spec: { remoteWrite: written } });
    assert.deepEqual(found(agent), at("spec.remoteWrite[0].url"));
  });

  it("are those of chart values", () => {
    assert.deepEqual(
      found(release("kube-prometheus-stack", { prometheus: { prometheusSpec: { remoteWrite: written } } })),
      at("values.prometheus.prometheusSpec.remoteWrite[0].url"),
    );
    assert.deepEqual(
      found(release("victoria-metrics-agent", { remoteWrite: written })),
      at("values.remoteWrite[0].url"),
    );
  });

  it("are those of arguments, with the container's variables", () => {
    const pod = (args: string[], env: object[] = []) =>
      object("apps/v1", "Deployment", { spec: { template: { spec: { containers: [{ args, env }] } } } });
    const place = "spec.template.spec.containers[0].args";
    assert.deepEqual(found(pod([`-remoteWrite.url=${url}`])), at(place));
    assert.deepEqual(found(pod(["-remoteWrite.url=$(URL)"], [{ name: "URL", value: url }])), at(place));
    assert.deepEqual(found(pod(["-remoteWrite.url=$(URL)"])), [
      { path: place, url: { unreadable: "taken from the environment variable URL" } },
    ]);
  });

  it("are those in the text of Prometheus and of Alloy", () => {
    const prometheus = `global: {}\nremote_write:\n  - name: mimir\n    url: ${url}\nscrape_configs:\n  - url: http://other\n`;
    assert.deepEqual(found(configMap(prometheus, "prometheus.yml")), at('data["prometheus.yml"]'));
    const alloy = `prometheus.remote_write "mimir" {\n  endpoint {\n    url = "${url}"\n  }\n}\nloki.write "x" { endpoint { url = "http://loki" } }\n`;
    assert.deepEqual(found(configMap(alloy, "config.alloy")), at('data["config.alloy"]'));
  });

  it("are those of a last line without an end, and none of a comment", () => {
    assert.deepEqual(found(configMap(`remote_write:\n- url: ${url}`, "prometheus.yml")), at('data["prometheus.yml"]'));
    const alloy = `prometheus.remote_write "mimir" { // "a"\n  endpoint {\n    // url = "http://old"\n    url = "${url}" // now\n  }\n}\n`;
    assert.deepEqual(found(configMap(alloy, "config.alloy")), at('data["config.alloy"]'));
  });

  const long: Record<string, (size: number) => string> = {
    "blocks that don't end": (size) => 'prometheus.remote_write "a" {\n'.repeat(size / 30),
    slashes: (size) => `remote_write ${"/".repeat(size)}"`,
    "spaces at the end": (size) => `remote_write:\n${" ".repeat(size)}`,
  };
  for (const [what, text] of Object.entries(long))
    it(`are looked for among ${what} in a time that grows with the text`, async () => {
      const read = (size: number) => Promise.resolve(void found(configMap(text(size), "config")));
      assert.ok((await growth(read, 600_000)) < mostGrowth);
    });

  it("are none where nothing is written", () => {
    assert.deepEqual(found(release("kube-prometheus-stack", {})), []);
    assert.deepEqual(found(configMap("scrape_configs: []\n")), []);
    assert.deepEqual(found(object("monitoring.coreos.com/v1", "Prometheus", { spec: {} })), []);
  });

  it("are missing where an entry has none", () => {
    assert.deepEqual(found(object("monitoring.coreos.com/v1", "Prometheus", { spec: { remoteWrite: [{}] } })), [
      { path: "spec.remoteWrite[0].url", url: { missing: "missing" } },
    ]);
  });
});
