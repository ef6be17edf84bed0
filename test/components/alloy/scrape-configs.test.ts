import assert from "node:assert/strict";
import { alloyMetricsConfig, metricsPipeline } from "../../../components/alloy/metrics-config";
import { mountsOf, scrapeConfigRules } from "../../../components/alloy/scrape-configs";
import { cannotScrape } from "../../../components/alloy/unsupported";
import { settingsSchema } from "../../../settings/schema";
import { notForAlloy } from "../../../settings/sections/scrape-config";
import { undocumented } from "./pipeline";
import { relabel } from "./relabel";
import { everyField } from "./scrape-configs";

const { metrics } = settingsSchema.parse({ metrics: { scrapeConfigs: [everyField] } });
const args = { settings: metrics, pushUrl: "http://mimir/api/v1/push", targets: [], scrapeInterval: "30s" };
const labelsOf = (target: Record<string, string>, spec = everyField.spec) =>
  relabel(target, scrapeConfigRules({ name: "home/nas", spec }));

describe("ScrapeConfigs of others in Alloy's language", () => {
  it("name only what Alloy 1.18 documents as generally available, and every field of the spec is there", () => {
    assert.deepEqual(undocumented(metricsPipeline(args)), []);
    const text = alloyMetricsConfig(args);
    for (const value of [
      ...['__address__ = "10.0.40.6:9100"', 'site = "home"', '"/etc/prometheus/configmaps/nas/targets.yaml"'],
      ...["http://inventory.home:8080/targets", '"_metrics._tcp.home"', 'refresh_interval = "86400s"'],
      ...[
        '"endpointslice"',
        "status.phase=Running",
        "consul.home:8500",
        "array.concat([{",
        'params                     = {module = ["a$b", "c"]}',
      ],
      ...[
        'credentials_file = "/etc/alloy-secrets/nas/token"',
        'key_file             = "/etc/alloy-secrets/nas-tls/tls.key"',
      ],
      ...[
        'action        = "hashmod"',
        "modulus       = 2",
        'scrape_interval            = "120s"',
        'job_name                   = "scrapeConfig/monitoring/nas-1.home"',
      ],
    ])
      assert.ok(text.includes(value), `${value} is not in\n${text}`);
  });

  it("give a target the labels that Prometheus would: its own first", () => {
    assert.deepEqual(labelsOf({ __address__: "a:1" }), {
      ...{ __address__: "a:1", job: "nas", __metrics_path__: "/probe", __scheme__: "https" },
      ...{ __param_module: "a$b", __tmp_prometheus_job_name: "scrapeConfig/home/nas", from: "scrapeConfig/home/nas" },
    });
    const own = { __address__: "a:1", job: "mine", __metrics_path__: "/m", __scheme__: "http" };
    const { job, __metrics_path__, __scheme__ } = labelsOf(own, { ...everyField.spec, jobName: undefined }) ?? {};
    assert.deepEqual(
      { job, __metrics_path__, __scheme__ },
      { job: "mine", __metrics_path__: "/m", __scheme__: "http" },
    );
    assert.equal(labelsOf({ __address__: "a:1" }, {})?.job, "scrapeConfig/home/nas");
  });

  it("have their Secrets and lists of targets as files, each folder once", () => {
    const folder = (name: string) => `/secrets/${name}`;
    assert.deepEqual(mountsOf([everyField, everyField], folder), [
      { kind: "secret", name: "nas", path: "/secrets/nas" },
      { kind: "secret", name: "nas-tls", path: "/secrets/nas-tls" },
      { kind: "configMap", name: "nas", path: "/etc/prometheus/configmaps/nas" },
    ]);
  });

  it("are refused with every field that has no counterpart, by its path", () => {
    assert.deepEqual(notForAlloy(everyField.spec), []);
    assert.deepEqual(
      notForAlloy({
        scrapeClass: "tls",
        ec2SDConfigs: [],
        fileSDConfigs: [{ files: ["/tmp/x.yaml"] }],
        consulSDConfigs: [{ server: "a", tokenRef: { name: "x", key: "y" } }],
      }),
      [
        "fileSDConfigs[0].files[0] is in no ConfigMap or Secret below /etc/prometheus/configmaps or /etc/prometheus/secrets",
        "consulSDConfigs[0].tokenRef is not rendered for Alloy",
        "scrapeClass is not rendered for Alloy",
        "ec2SDConfigs is not rendered for Alloy",
      ],
    );
    const parsed = settingsSchema.safeParse({
      metrics: { scrapeConfigs: [everyField, { ...everyField, name: "monitoring/nas-1-home" }] },
    });
    assert.match(parsed.error?.message ?? "", /has a name twice/);
  });

  it("are scraped only as the settings have them", () => {
    const [namespace, name] = everyField.name.split("/");
    const object = (spec: object) => ({ kind: "ScrapeConfig", metadata: { namespace, name }, spec });
    const readable = { secrets: [], configMaps: [], scrapeConfigs: [everyField] };
    assert.deepEqual(cannotScrape(object(everyField.spec), readable), []);
    assert.match(cannotScrape(object({ ...everyField.spec, jobName: "other" }), readable)[0], /^its spec is not that/);
    assert.match(cannotScrape(object(everyField.spec))[0], /^it is not scraped until/);
  });
});
