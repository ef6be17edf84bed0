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

  const unread: [what: string, object: MonitoringObject, says: RegExp][] = [
    [
      "a header for the proxy",
      object("ServiceMonitor", { endpoints: [{ proxyUrl: "http://a", proxyConnectHeader: { a: [key("known")] } }] }),
      /^endpoints\[0\]\.proxyConnectHeader is left out: vmagent knows proxyUrl only/,
    ],
    [
      "what goes past the proxy, of a prober",
      object("Probe", { prober: { url: "a", proxyUrl: "http://a", noProxy: "b" } }),
      /^prober\.noProxy is left out/,
    ],
    [
      "the pod's own proxy, of a discovery",
      object("ScrapeConfig", { httpSDConfigs: [{ url: "a" }, { url: "b", proxyFromEnvironment: true }] }),
      /^httpSDConfigs\[1\]\.proxyFromEnvironment is left out/,
    ],
    [
      "Consul's path",
      object("ScrapeConfig", { consulSDConfigs: [{ server: "a", pathPrefix: "consul" }] }),
      /^consulSDConfigs\[0\]\.pathPrefix is left out: .*finds nothing/,
    ],
    [
      "a filter of servers",
      object("ScrapeConfig", { hetznerSDConfigs: [{ role: "hcloud", labelSelector: "a=b" }] }),
      /^hetznerSDConfigs\[0\]\.labelSelector is left out: .* are scraped/,
    ],
    [
      "a kind of a discovery",
      object("ScrapeConfig", { dnsSDConfigs: [{ names: ["a"], type: "NS" }] }),
      /^dnsSDConfigs\[0\]\.type "NS" is a kind of discovery that vmagent doesn't have/,
    ],
    [
      "files with targets",
      object("ScrapeConfig", { fileSDConfigs: [{ files: ["/etc/targets.yaml"] }] }),
      /^fileSDConfigs\[0\]\.files are on the disk of Prometheus's pod/,
    ],
    [
      "a step without labels, which Prometheus takes",
      object("PodMonitor", { podMetricsEndpoints: [{ metricRelabelings: [{ action: "Drop", regex: "go_.*" }] }] }),
      /^podMetricsEndpoints\[0\]\.metricRelabelings\[0\] has the action drop and no sourceLabels/,
    ],
    [
      "such a step of a Probe's targets",
      object("Probe", { targets: { staticConfig: { static: ["a"], relabelingConfigs: [{ action: "keep" }] } } }),
      /^targets\.staticConfig\.relabelingConfigs\[0\] has the action keep/,
    ],
  ];
  for (const [what, monitor, says] of unread)
    it(`is told, once: ${what}`, () => {
      const said = cannotScrape(monitor, readable);
      assert.equal(said.length, 1, said.join("\n"));
      assert.match(said[0], says);
    });

  it("is not any other step of relabelling, no other kind of a discovery, and no proxy alone", () => {
    const relabelings = [
      { action: "keep", sourceLabels: ["a"] },
      { targetLabel: "b", replacement: "" },
      { action: "labeldrop", regex: "c" },
    ];
    const endpoint = { port: "a", proxyUrl: "http://a", enableHttp2: false, relabelings };
    assert.deepEqual(cannotScrape(object("ServiceMonitor", { endpoints: [endpoint] }), readable), []);
    const spec = { dnsSDConfigs: [{ names: ["a"], type: "A", port: 1 }], noProxy: "" };
    assert.deepEqual(cannotScrape(object("ScrapeConfig", spec), readable), []);
  });

  it("is scraped differently: another hash, other characters in names", () => {
    const relabelings = [{ action: "HashMod", sourceLabels: ["a"], targetLabel: "b", modulus: 4 }];
    assert.match(
      scrapesDifferently(object("ServiceMonitor", { endpoints: [{ port: "a", relabelings }] }))[0],
      /^endpoints\[0\]\.relabelings\[0\] gives other numbers/,
    );
    assert.match(scrapesDifferently(object("ScrapeConfig", { nameEscapingScheme: "AllowUTF8" }))[0], /^nameEscapingS/);
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
