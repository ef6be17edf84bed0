import assert from "node:assert/strict";
import {
  cannotScrape,
  endsWithItsRules,
  endsWithPrometheus,
  scrapesDifferently,
  type MonitoringObject,
} from "../../../components/alloy/unsupported";

const object = (kind: string, spec: object, labels: Record<string, string> = {}): MonitoringObject => ({
  kind,
  metadata: { name: "app", namespace: "shop", labels },
  spec,
});

const serviceMonitor = (endpoint: object, spec: object = {}) =>
  object("ServiceMonitor", {
    selector: { matchLabels: { app: "a" } },
    endpoints: [{ port: "http" }, endpoint],
    ...spec,
  });
const podMonitor = (endpoint: object) => object("PodMonitor", { selector: {}, podMetricsEndpoints: [endpoint] });
const probe = (spec: object) =>
  object("Probe", {
    prober: { url: "blackbox:9115", path: "/probe" },
    module: "http_2xx",
    targets: { staticConfig: { static: ["https://example.org"] } },
    ...spec,
  });

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

describe("What Alloy can't scrape", () => {
  const fine: Record<string, MonitoringObject> = {
    "a ServiceMonitor with intervals, limits, relabelling and node metadata": serviceMonitor(
      {
        interval: "1m",
        scrapeTimeout: "20s",
        honorLabels: true,
        honorTimestamps: false,
        params: { format: ["prometheus"] },
        proxyUrl: "http://proxy:3128",
        relabelings: [{ targetLabel: "team", replacement: "a" }],
        metricRelabelings: [{ action: "drop", sourceLabels: ["__name__"], regex: "go_.+" }],
      },
      { sampleLimit: 1000, targetLabels: ["a"], podTargetLabels: ["b"], attachMetadata: { node: true } },
    ),
    "a ServiceMonitor with the ServiceAccount's own token and certificate authority": serviceMonitor({
      scheme: "https",
      bearerTokenFile: `${serviceAccount}/token`,
      tlsConfig: { caFile: `${serviceAccount}/ca.crt`, serverName: "a", insecureSkipVerify: true },
    }),
    "a step that clears a label and names no other": serviceMonitor({
      relabelings: [{ targetLabel: "pod", replacement: "" }],
    }),
    "a step that clears a label where another has a value without a group": serviceMonitor({
      relabelings: [{ sourceLabels: ["a"], regex: "x", targetLabel: "pod", replacement: "" }],
    }),
    "a separator of one label": serviceMonitor({
      relabelings: [{ sourceLabels: ["a"], separator: "", targetLabel: "pod" }],
    }),
    "an interval as long as Alloy's timeout, or one with a timeout of its own": object("ServiceMonitor", {
      endpoints: [{ interval: "10s" }, { interval: "5s", scrapeTimeout: "4s" }],
    }),
    "a PodMonitor": podMonitor({ portNumber: 8080, filterRunning: false }),
    "a Probe of static targets": probe({}),
    "a Probe of Ingresses": probe({ targets: { ingress: { selector: {} } } }),
    "the stack's own ScrapeConfig, whose targets are in its own configuration": object(
      "ScrapeConfig",
      { kubernetesSDConfigs: [{ role: "Node" }] },
      { "app.kubernetes.io/part-of": "observability", "app.kubernetes.io/managed-by": "pulumi" },
    ),
    "a PrometheusRule": object("PrometheusRule", { groups: [] }),
    "a Prometheus that adds nothing": object("Prometheus", {
      additionalScrapeConfigs: undefined,
      podTargetLabels: [],
      overrideHonorLabels: false,
      scrapeNativeHistograms: false,
      scrapeClasses: [{ name: "service-account" }],
      scrapeTimeout: "10s",
      externalLabels: { cluster: "home" },
    }),
    "an object without a spec": { kind: "ServiceMonitor", metadata: { name: "a" } },
  };
  for (const [what, of] of Object.entries(fine)) {
    it(`is nothing of ${what}`, () => assert.deepEqual(cannotScrape(of), []));
  }

  const secret = { name: "keys", key: "k" };
  const found: Record<string, [MonitoringObject, ...RegExp[]]> = {
    "an interval below Alloy's timeout": [
      serviceMonitor({ interval: "5s" }),
      /^endpoints\[1\]\.interval is 5s, below the timeout of 10s/,
    ],
    "an interval of a Probe below Alloy's timeout": [probe({ interval: "9s" }), /^interval is 9s/],
    "a token in a file of Prometheus's": [
      serviceMonitor({ bearerTokenFile: "/etc/prometheus/secrets/a/token" }),
      /^endpoints\[1\]\.bearerTokenFile names \/etc\/prometheus\/secrets\/a\/token, a file that Alloy's pod does not have/,
    ],
    "a file beside the ServiceAccount's folder": [
      serviceMonitor({ bearerTokenFile: `${serviceAccount}-other/token` }),
      /^endpoints\[1\]\.bearerTokenFile names/,
    ],
    "TLS from files": [
      serviceMonitor({ tlsConfig: { caFile: "/a/ca", certFile: "/a/crt", keyFile: "/a/key" } }),
      /tlsConfig\.caFile names \/a\/ca/,
      /tlsConfig\.certFile names \/a\/crt/,
      /tlsConfig\.keyFile names \/a\/key/,
    ],
    "a scrape class of a ServiceMonitor": [
      serviceMonitor({}, { scrapeClass: "mtls" }),
      /^scrapeClass "mtls" is not known/,
    ],
    "a scrape class of a PodMonitor": [
      object("PodMonitor", { scrapeClass: "mtls", podMetricsEndpoints: [] }),
      /^scrapeClass "mtls"/,
    ],
    "a scrape class of a Probe": [probe({ scrapeClass: "mtls" }), /^scrapeClass "mtls"/],
    "a user and a password in Secrets that it may not read": [
      serviceMonitor({ basicAuth: { username: secret, password: { name: "other", key: "k" } } }),
      /^endpoints\[1\]\.basicAuth\.username is in the Secret shop\/keys, which Alloy may not read\. Add it to metrics\.secrets\.$/,
      /basicAuth\.password is in the Secret shop\/other/,
    ],
    "a user without a password": [
      podMonitor({ basicAuth: { username: secret } }),
      /basicAuth\.username is in the Secret shop\/keys/,
      /^podMetricsEndpoints\[0\]\.basicAuth has no password/,
    ],
    "a token in a Secret": [podMonitor({ bearerTokenSecret: secret }), /bearerTokenSecret is in the Secret shop\/keys/],
    "an authorization": [
      podMonitor({ authorization: { credentials: secret } }),
      /authorization\.credentials is in the Secret shop\/keys/,
    ],
    "OAuth 2 with what Alloy leaves out": [
      podMonitor({
        oauth2: { clientId: { configMap: secret }, clientSecret: secret, tlsConfig: {}, proxyUrl: "http://a" },
      }),
      /oauth2\.clientSecret is in the Secret shop\/keys/,
      /oauth2\.clientId is in the ConfigMap shop\/keys, which Alloy may not read\. Add it to metrics\.configMaps\./,
      /oauth2\.tlsConfig is left out/,
      /oauth2\.proxyUrl is left out/,
    ],
    "TLS from objects": [
      podMonitor({ tlsConfig: { ca: { configMap: secret }, cert: { secret }, keySecret: secret } }),
      /tlsConfig\.ca is in the ConfigMap shop\/keys/,
      /tlsConfig\.cert is in the Secret shop\/keys/,
      /tlsConfig\.keySecret is in the Secret shop\/keys/,
    ],
    "a proxy of the environment": [
      serviceMonitor({ proxyFromEnvironment: true }),
      /^endpoints\[1\]\.proxyFromEnvironment is left out/,
    ],
    "a step that clears a label in favour of nothing": [
      serviceMonitor({ relabelings: [{ sourceLabels: ["a"], targetLabel: "pod", replacement: "" }] }),
      /^endpoints\[1\]\.relabelings\[0\]\.replacement is empty, which Alloy reads as "\$1"/,
    ],
    "labels put together without a separator": [
      serviceMonitor({ metricRelabelings: [{ sourceLabels: ["a", "b"], separator: "", targetLabel: "c" }] }),
      /^endpoints\[1\]\.metricRelabelings\[0\]\.separator is empty, which Alloy reads as ";"/,
    ],
    "parameters of a Probe": [probe({ params: [{ name: "hostname", values: ["a"] }] }), /^params are not sent/],
    "a Secret of a Probe": [probe({ bearerTokenSecret: secret }), /^bearerTokenSecret is in the Secret shop\/keys/],
    "a proxy of a Probe": [
      probe({ prober: { url: "a", noProxy: "b" } }),
      /^prober\.noProxy is left out: Alloy knows proxyUrl only/,
    ],
    "a step of a Probe's targets": [
      probe({
        targets: {
          staticConfig: { relabelingConfigs: [{ sourceLabels: ["a"], targetLabel: "b", replacement: "" }] },
        },
      }),
      /^targets\.staticConfig\.relabelingConfigs\[0\]\.replacement is empty/,
    ],
    "a ScrapeConfig of somebody": [
      object("ScrapeConfig", { staticConfigs: [{ targets: ["a:1"] }] }),
      /^it is not scraped until it is in metrics.scrapeConfigs/,
    ],
    "a ScrapeConfig of somebody with what Alloy hasn't": [
      object("ScrapeConfig", { ec2SDConfigs: [{}], staticConfigs: [{ targets: ["a:1"], more: 1 }], basicAuth: {} }),
      /^staticConfigs\[0\]\.more is not rendered for Alloy.+ServiceMonitor/,
      /^ec2SDConfigs is not rendered/,
      /^basicAuth is not rendered/,
    ],
    "what a Prometheus adds to every target": [
      object("Prometheus", {
        additionalScrapeConfigs: { name: "a", key: "b" },
        podTargetLabels: ["team"],
        enforcedNamespaceLabel: "ns",
        overrideHonorLabels: true,
        scrapeNativeHistograms: true,
        scrapeClasses: [{ name: "mtls", default: true }],
      }),
      /^additionalScrapeConfigs: these targets are not scraped/,
      /^podTargetLabels: series lose these labels/,
      /^enforcedNamespaceLabel:/,
      /^overrideHonorLabels:/,
      /^scrapeNativeHistograms: of native histograms only classic buckets are taken/,
      /^scrapeClasses: "mtls" is the default of every monitor/,
    ],
    "a Prometheus's labels of every series, and its patience": [
      object("Prometheus", { externalLabels: { cluster: "home", site: "attic", team: "a" }, scrapeTimeout: "25s" }),
      /^externalLabels\.site: in Mimir every series has it through remote_write/,
      /^externalLabels\.team:/,
      /^scrapeTimeout is 25s, and Alloy waits 10s at most/,
    ],
  };
  for (const [what, [of, ...reasons]] of Object.entries(found)) {
    it(`is ${what}`, () => {
      const told = cannotScrape(of);
      assert.equal(told.length, reasons.length, told.join("\n"));
      for (const [index, reason] of reasons.entries()) assert.match(told[index], reason);
    });
  }

  it("is not what a Secret or ConfigMap holds that it may read, in that namespace alone", () => {
    const of = podMonitor({ tlsConfig: { ca: { configMap: secret }, keySecret: secret } });
    assert.deepEqual(cannotScrape(of, { secrets: ["shop/keys"], configMaps: ["shop/keys"], scrapeConfigs: [] }), []);
    assert.equal(cannotScrape(of, { secrets: ["other/keys"], configMaps: [], scrapeConfigs: [] }).length, 2);
  });
});

describe("What ends with a Prometheus", () => {
  const keys = { name: "keys", key: "k" };
  const alertmanagers = [{ name: "alertmanager", namespace: "monitoring", port: 9093 }];

  it("is every target of remote_write but the stack's own, by name or host and never with a password", () => {
    const remoteWrite = [
      { name: "mimir", url: "http://mimir/api/v1/push" },
      { name: "office", url: "https://office/push" },
      { url: "https://me:secret@cloud.example.org/token/push" },
      { url: "{{ .Values.elsewhere }}" },
    ];
    const told = endsWithPrometheus(object("Prometheus", { remoteWrite }));
    assert.deepEqual(
      told.map((sentence) => sentence.split(" ends with Prometheus: ")[0]),
      ['remoteWrite[1] ("office")', 'remoteWrite[2] ("cloud.example.org")', "remoteWrite[3]"],
    );
    assert.deepEqual(endsWithPrometheus(object("Prometheus", { remoteWrite: remoteWrite.slice(0, 1) })), []);
    assert.deepEqual(endsWithPrometheus(object("ServiceMonitor", { remoteWrite })), []);
  });

  it("is, with Prometheus, what it does beside scraping: Thanos' sidecar, remote read, samples that are sent to it", () => {
    const spec = {
      thanos: {},
      remoteRead: [{ url: "http://old" }],
      enableRemoteWriteReceiver: true,
      enableOTLPReceiver: false,
    };
    const told = endsWithPrometheus(object("Prometheus", spec), "victoria-metrics");
    assert.deepEqual(
      told.map((sentence) => sentence.split(": ")[0]),
      ["thanos", "remoteRead", "enableRemoteWriteReceiver"],
    );
    assert.match(told.join(), /VictoriaMetrics reads from nowhere else/);
  });

  it("is, once it evaluates no rule, what it did to alerts and whom else it told", () => {
    const spec = {
      externalLabels: { cluster: "home", site: "attic" },
      additionalAlertRelabelConfigs: keys,
      additionalAlertManagerConfigs: keys,
      alerting: { alertmanagers },
    };
    const [label, relabelling, further, ...more] = endsWithItsRules(object("Prometheus", spec));
    assert.match(
      label,
      /^externalLabels\.site: from stage mimir-default on an alert only has it if its expression keeps/,
    );
    assert.match(relabelling, /^additionalAlertRelabelConfigs: from stage mimir-default on/);
    assert.match(further, /^additionalAlertManagerConfigs: from stage mimir-default on these get no alert/);
    assert.deepEqual(more, []);
    assert.deepEqual(endsWithItsRules(object("ServiceMonitor", spec)), []);
  });

  it("is not the address of the one Alertmanager, which this program writes there itself", () => {
    const only = { additionalAlertManagerConfigs: keys, externalLabels: { cluster: "home" } };
    assert.deepEqual(endsWithItsRules(object("Prometheus", only)), []);
    assert.deepEqual(endsWithItsRules(object("Prometheus", { ...only, alerting: { alertmanagers: [] } })), []);
  });
});

describe("What Alloy scrapes otherwise", () => {
  it("is named by field and effect, of the object and of each endpoint", () => {
    const of = serviceMonitor(
      { trackTimestampsStaleness: true },
      { bodySizeLimit: "1MB", scrapeNativeHistograms: true },
    );
    assert.deepEqual(scrapesDifferently(of), [
      "bodySizeLimit is left out: an answer of any size is taken",
      "scrapeNativeHistograms is left out: of a native histogram only classic buckets are taken, where it has any",
      "endpoints[1].trackTimestampsStaleness is left out: a series that vanishes from an endpoint with timestamps ends 5 minutes late",
    ]);
  });

  it("is nothing of a plain monitor, nor of what it does not scrape at all", () => {
    assert.deepEqual(scrapesDifferently(serviceMonitor({})), []);
    assert.deepEqual(scrapesDifferently(object("ScrapeConfig", { nativeHistogramBucketLimit: 1 })), []);
  });
});
