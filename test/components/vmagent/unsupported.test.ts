import assert from "node:assert/strict";
import { cannotScrape, scrapesDifferently } from "../../../components/vmagent/unsupported";
import type { MonitoringObject } from "../../../components/alloy/unsupported";

const readable = { namespace: "monitoring", secrets: ["shop/known"], configMaps: ["shop/roots"], scrapeConfigs: [] };
const object = (kind: string, spec: object, namespace = "shop"): MonitoringObject => ({
  ...{ kind, metadata: { name: "app", namespace } },
  spec,
});
const key = (name: string) => ({ name, key: "k" });
const everything = {
  basicAuth: { username: key("known"), password: key("unknown") },
  tlsConfig: { ca: { configMap: key("roots") }, cert: { secret: key("unknown") }, keySecret: key("known") },
  oauth2: { clientId: { configMap: key("ids") }, clientSecret: key("known"), tokenUrl: "https://a" },
};
const refused = [
  "basicAuth.password is in the Secret shop/unknown",
  "tlsConfig.cert is in the Secret shop/unknown",
  "oauth2.clientId is in the ConfigMap shop/ids",
];

describe("What vmagent can't scrape", () => {
  const cases: [kind: string, spec: object, at: string][] = [
    ["ServiceMonitor", { endpoints: [{ port: "a" }, everything] }, "endpoints[1]."],
    ["PodMonitor", { podMetricsEndpoints: [everything] }, "podMetricsEndpoints[0]."],
    ["Probe", { prober: { url: "a" }, ...everything }, ""],
    ["ScrapeConfig", { staticConfigs: [{ targets: ["a:1"] }], ...everything }, ""],
  ];
  for (const [kind, spec, at] of cases)
    it(`names each Secret and ConfigMap of a ${kind} that the operator may not read`, () => {
      const said = cannotScrape(object(kind, spec), readable);
      assert.deepEqual(
        said.map((each) => each.split(",")[0]),
        refused.map((each) => at + each),
      );
      assert.deepEqual(cannotScrape(object(kind, spec, "monitoring"), readable), []);
    });

  it("finds the Secrets of a discovery, too", () => {
    const spec = { consulSDConfigs: [{ server: "a", tokenRef: key("unknown") }] };
    assert.match(
      cannotScrape(object("ScrapeConfig", spec), readable)[0],
      /^consulSDConfigs\[0\]\.tokenRef is in the Secret/,
    );
  });

  it("is a class that the stack's operator doesn't know, a file, and a discovery that vmagent doesn't have", () => {
    const [scrapeClass, file, discovery, ...more] = [
      ...cannotScrape(object("PodMonitor", { scrapeClass: "mesh" }), readable),
      ...cannotScrape(object("ServiceMonitor", { endpoints: [{ tlsConfig: { caFile: "/etc/ca" } }] }), readable),
      ...cannotScrape(object("ScrapeConfig", { scalewaySDConfigs: [{ role: "instance" }] }), readable),
      ...cannotScrape(object("ScrapeConfig", { scrapeClass: "service-account", ec2SDConfigs: [{}] }), readable),
      ...cannotScrape(object("PrometheusRule", { scrapeClass: "mesh" }), readable),
    ];
    assert.match(scrapeClass, /^scrapeClass "mesh" is not known/);
    assert.match(file, /^endpoints\[0\]\.tlsConfig\.caFile names \/etc\/ca/);
    assert.match(discovery, /^scalewaySDConfigs is a discovery/);
    assert.deepEqual(more, []);
  });

  it("is what only a Prometheus adds", () => {
    const spec = { podTargetLabels: ["team"], externalLabels: { cluster: "pi", site: "a" }, scrapeTimeout: "20s" };
    const said = cannotScrape(object("Prometheus", spec), readable);
    assert.deepEqual(
      said.map((each) => each.split(/[: ]/)[0]),
      ["podTargetLabels", "externalLabels.site", "scrapeTimeout"],
    );
    assert.ok(
      said.every((each) => !/Mimir|Alloy/.test(each)),
      said.join("\n"),
    );
  });

  it("is left out of a monitor that it scrapes: limits, times, histograms", () => {
    const spec = { targetLimit: 3, endpoints: [{ port: "a", trackTimestampsStaleness: true }] };
    assert.deepEqual(
      scrapesDifferently(object("ServiceMonitor", spec)).map((each) => each.split(" ")[0]),
      ["targetLimit", "endpoints[0].trackTimestampsStaleness"],
    );
    assert.deepEqual(scrapesDifferently(object("ScrapeConfig", { bodySizeLimit: "1MB" })).length, 1);
    assert.deepEqual(scrapesDifferently(object("ServiceMonitor", { endpoints: [{ port: "a" }] })), []);
  });
});
