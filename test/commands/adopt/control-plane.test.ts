import assert from "node:assert/strict";
import { stringify } from "yaml";
import { checkSettings } from "../../../settings/check";
import { stopAll } from "../preflight/stand-ins";
import type { Adoption } from "../../../commands/adopt/adopt";
import { crd, helmRelease, ofRelease, service, storageClass, type ApiObject } from "./cluster";
import { look, said, today, type Looked } from "./look";

const jobs = ["kube-scheduler", "kube-controller-manager", "kube-proxy", "kube-etcd"];

/** Rule groups of chart 88.5.3, each in an object of its own. */
const groups = [
  ...["etcd", "kube-scheduler.rules", "kubernetes-system-scheduler"],
  ...["kubernetes-system-controller-manager", "kubernetes-system-kube-proxy", "general.rules"],
];

/** What the chart makes, as far as it is about the control plane, in a release `kps` whose values have `fullnameOverride: kps`. */
const manifest = (monitored: readonly string[] = jobs) =>
  [
    ...monitored.flatMap((job) => [
      { kind: "Service", metadata: { name: `kps-${job}`, namespace: "kube-system" } },
      { kind: "ServiceMonitor", metadata: { name: `kps-${job}`, namespace: "monitoring" } },
    ]),
    ...groups.map((name) => ({
      kind: "PrometheusRule",
      metadata: { name: `kps-${name}`, namespace: "monitoring" },
      spec: { groups: [{ name, rules: [] }] },
    })),
    // A dashboard, which speaks of them too.
    {
      kind: "ConfigMap",
      metadata: { name: "kps-kube-scheduler", namespace: "monitoring" },
      data: { a: "kind: Service" },
    },
  ]
    .map(
      (object) =>
        `---\n# Source: kube-prometheus-stack/templates/a.yaml\n${stringify({ apiVersion: "v1", ...object })}`,
    )
    .join("");

/** The chart's own values. */
const part = (port: number | null) => ({
  enabled: true,
  endpoints: [],
  jobNameOverride: "",
  service: { enabled: true, port, targetPort: port },
  serviceMonitor: {
    ...{ enabled: true, interval: "", https: null, insecureSkipVerify: null, serverName: null, selector: {} },
    ...{ metricRelabelings: [], relabelings: [], targetLabels: [], proxyUrl: "", resource: { enabled: false } },
  },
});
const etcd = part(2381);
const chart = {
  name: "kube-prometheus-stack",
  version: "88.5.3",
  values: {
    alertmanager: { enabled: false },
    kubeScheduler: part(null),
    kubeControllerManager: part(null),
    kubeProxy: part(10249),
    kubeEtcd: { ...etcd, serviceMonitor: { ...etcd.serviceMonitor, scheme: "http", insecureSkipVerify: false } },
  },
};

/** What its Prometheus answers: 1 or 0 for each target, and how many buckets it has of the API server. */
const answered = (up: Record<string, number[]>, buckets?: number) => ({
  "/api/v1/namespaces/monitoring/services/kps-prometheus:9090/proxy/api/v1/query": {
    status: "success",
    data: {
      result: [
        ...Object.entries(up).flatMap(([job, values]) =>
          values.map((value, i) => ({ metric: { job, instance: `10.0.0.${i}` }, value: [0, String(value)] })),
        ),
        ...(buckets ? [{ metric: {}, value: [0, String(buckets)] }] : []),
      ],
    },
  },
});

interface There {
  config?: object;
  monitored?: string[];
  /** What Prometheus answers; none: it doesn't. */
  up?: Record<string, number[]>;
  settings?: string[];
  /** What else there is. */
  more?: ApiObject[];
}

const lookAt = ({ config = {}, monitored, up, settings, more = [] }: There): Promise<Looked> =>
  look(
    [
      storageClass("x", true),
      helmRelease("kps", chart, { config: { fullnameOverride: "kps", ...config }, manifest: manifest(monitored) }),
      service("kps-prometheus", {}, 9090),
      ...more,
    ],
    { answers: up && answered(up), config: settings },
  );

/** The questions about a part. */
const asked = (found: Looked, job: string) => found.questions.filter(({ what }) => what.includes(` ${job}`));

const all = (up: number[]) => Object.fromEntries(jobs.map((job) => [job, up]));

describe("npm run adopt, of the control plane in a release of kube-prometheus-stack", () => {
  afterEach(stopAll);

  it("turns on what the release scraped and what answered, by its pods", async () => {
    const found = await lookAt({ up: all([1, 0, 1]) });
    assert.deepEqual(found.settings.monitors, {
      scheduler: { selector: { component: "kube-scheduler" } },
      controllerManager: { selector: { component: "kube-controller-manager" } },
      proxy: { selector: { "k8s-app": "kube-proxy" } },
      etcd: { selector: { component: "etcd" } },
    });
    assert.deepEqual(checkSettings(found.settings, { now: today }).problems, []);
    const words = found.text.replace(/\n *# */g, " ");
    assert.match(
      words,
      /the first update deletes ServiceMonitor monitoring\/kps-kube-scheduler, Service kube-system\/kps-kube-scheduler, rule group kube-scheduler\.rules, rule group kubernetes-system-scheduler; 2 of its 3 targets answer/,
    );
    assert.match(
      words,
      /ServiceMonitor monitoring\/kps-kube-etcd, Service kube-system\/kps-kube-etcd, rule group etcd;/,
    );
    for (const job of jobs) assert.deepEqual(asked(found, job), []);
    assert.ok(!found.unseen.some(({ what }) => what.startsWith("targets")));
  });

  it("takes addresses, ports, labels and certificates as the release has them", async () => {
    const etcdFiles = {
      scheme: "https",
      serverName: "localhost",
      ...{ caFile: "/etc/prometheus/secrets/etcd-client/ca", certFile: "/etc/prometheus/secrets/etcd-client/cert" },
      keyFile: "/etc/prometheus/secrets/etcd-client/key",
    };
    const config = {
      kubeScheduler: {
        endpoints: ["10.0.0.1", "10.0.0.2"],
        service: { port: 20259, targetPort: 1 },
        serviceMonitor: { insecureSkipVerify: false, serverName: "scheduler" },
      },
      kubeProxy: { service: { selector: { app: "proxy" }, targetPort: 20249 } },
      kubeEtcd: { endpoints: ["10.0.0.1"], service: { port: 2379 }, serviceMonitor: etcdFiles },
    };
    const found = await lookAt({ config, up: all([1]) });
    assert.deepEqual(found.settings.monitors, {
      scheduler: {
        endpoints: ["10.0.0.1", "10.0.0.2"],
        port: 20259,
        insecureSkipVerify: false,
        serverName: "scheduler",
      },
      controllerManager: { selector: { component: "kube-controller-manager" } },
      proxy: { selector: { app: "proxy" }, port: 20249 },
      etcd: {
        endpoints: ["10.0.0.1"],
        port: 2379,
        https: true,
        serverName: "localhost",
        clientSecret: { name: "etcd-client", ca: "ca", certificate: "cert", key: "key" },
      },
    });
    assert.deepEqual(checkSettings(found.settings, { now: today }).problems, []);
  });

  it("asks where nothing answered, with the settings for when it does, and names what goes", async () => {
    const found = await lookAt({ up: { "kube-scheduler": [0, 0], "kube-controller-manager": [1] } });
    assert.deepEqual(Object.keys(found.settings.monitors), ["controllerManager"]);
    const [scheduler] = asked(found, "kube-scheduler");
    assert.match(
      scheduler.what,
      /^the release scrapes kube-scheduler: the first update deletes ServiceMonitor monitoring\/kps-kube-scheduler, Service kube-system\/kps-kube-scheduler, rule group .*; none of its 2 targets answers$/,
    );
    assert.deepEqual(scheduler.settings, { monitors: { scheduler: { selector: { component: "kube-scheduler" } } } });
    // As with Cilium in its place.
    const [proxy] = asked(found, "kube-proxy");
    assert.match(`${proxy.what} → ${proxy.how}`, /it has no targets → do nothing if the cluster has no such pods/);
    assert.equal(proxy.settings, undefined);
  });

  it("lists a part's alerts as ending only where it doesn't propose to scrape the part", async () => {
    const rule: ApiObject = {
      ...{ apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule" },
      metadata: { name: "kps-etcd", namespace: "monitoring", annotations: ofRelease("kps") },
      spec: { groups: [{ name: "etcd", rules: [{ alert: "etcdNoLeader" }] }] },
    };
    const more = [crd("prometheusrules", "monitoring.coreos.com", "v1"), rule];
    const ends = async (up: Record<string, number[]>, settings?: string[]) =>
      ((await lookAt({ up, settings, more })) as unknown as Adoption).ends.map(({ name }) => name);
    assert.deepEqual(await ends({ "kube-etcd": [1] }), []);
    assert.deepEqual(await ends({ "kube-etcd": [0] }), ["etcdNoLeader"]);
    assert.deepEqual(await ends({}, ["monitors.etcd.endpoints[0]=10.0.0.7"]), []);
  });

  it("asks, and says what it has not seen, where Prometheus doesn't answer", async () => {
    const found = await lookAt({});
    assert.equal(found.settings.monitors, undefined);
    assert.deepEqual(
      found.unseen.filter(({ what }) => what.startsWith("targets")),
      [{ what: "targets of Prometheus monitoring/kps-prometheus", why: "it answers 404" }],
    );
    assert.match(said(found), /kube-proxy: .*; it is unknown whether its targets answer → set this if they do/);
  });

  it("asks the Prometheus of the release that the stack's file names, where there are several", async () => {
    const more = [helmRelease("a", chart, { manifest: manifest() })];
    const found = await lookAt({ up: all([1]), more, settings: ["adopt.kps.release=monitoring/kps"] });
    assert.deepEqual(Object.keys(found.settings.monitors), ["scheduler", "controllerManager", "proxy", "etcd"]);
    const undecided = await lookAt({ up: all([1]), more });
    assert.equal(undecided.settings.monitors, undefined);
    assert.deepEqual(
      undecided.unseen.filter(({ what }) => what.startsWith("targets")),
      [],
    );
  });

  it("says nothing of what the release didn't scrape, or the stack's file has already decided", async () => {
    const found = await lookAt({
      up: all([1]),
      monitored: ["kube-scheduler", "kube-etcd"],
      settings: ["monitors.etcd.endpoints[0]=10.0.0.7"],
    });
    assert.deepEqual(found.settings.monitors, { scheduler: { selector: { component: "kube-scheduler" } } });
    for (const job of jobs) assert.deepEqual(asked(found, job), []);
  });

  it("says which of the release's values have no setting, and doesn't take over what would scrape something else", async () => {
    const config = {
      kubeScheduler: { serviceMonitor: { https: false } },
      kubeControllerManager: {
        jobNameOverride: "k3s-server",
        serviceMonitor: { interval: "60s", metricRelabelings: [{ action: "drop" }] },
      },
      kubeProxy: { serviceMonitor: { https: true }, service: { targetPort: "metrics" } },
      kubeEtcd: { serviceMonitor: { scheme: "https", caFile: "/etc/ssl/ca.crt" } },
    };
    const found = await lookAt({ config, up: all([1]) });
    assert.deepEqual(Object.keys(found.settings.monitors), ["controllerManager"]);
    const words = said(found);
    assert.match(words, /kube-scheduler: .*It can't be taken over automatically: it is scraped by plain HTTP/);
    assert.match(words, /kube-proxy: .*TLS, which kube-proxy doesn't support; its port is given by name, metrics/);
    assert.match(words, /kube-etcd: .*its certificates are not all from one Secret/);
    assert.match(
      words,
      /kube-controller-manager have no setting here: jobNameOverride, serviceMonitor\.interval, serviceMonitor\.metricRelabelings/,
    );
  });

  it("leaves what the schema doesn't take to a person", async () => {
    const found = await lookAt({ config: { kubeEtcd: { endpoints: ["fd00::1"] } }, up: { "kube-etcd": [1] } });
    assert.equal(found.settings.monitors, undefined);
    assert.match(said(found), /monitors\.etcd\.endpoints \(.*\) can't be set: .*"fd00::1"/);
  });
});

describe("npm run adopt, of the API server's histogram buckets in a release of kube-prometheus-stack", () => {
  afterEach(stopAll);

  const monitor = (...metricRelabelings: object[]) =>
    `---\n${stringify({ kind: "ServiceMonitor", metadata: { name: "kps-apiserver", namespace: "monitoring" }, spec: { endpoints: [{ metricRelabelings }] } })}`;
  /** The chart's own: every other bucket. */
  const some = {
    action: "drop",
    regex: "apiserver_request_sli_duration_seconds_bucket;(3|4)",
    sourceLabels: ["__name__", "le"],
  };
  const byName = (action: string, regex: string) => ({ action, regex, sourceLabels: ["__name__"] });
  const group: ApiObject = {
    ...{ apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule" },
    metadata: { name: "kps-slos", namespace: "monitoring", annotations: ofRelease("kps") },
    spec: { groups: [{ name: "kube-apiserver-slos", rules: [{ alert: "KubeAPIErrorBudgetBurn" }] }] },
  };
  const lookAt = (manifest: string, buckets?: number, settings?: string[]) =>
    look(
      [
        storageClass("x", true),
        helmRelease("kps", chart, { config: { fullnameOverride: "kps" }, manifest }),
        ...[service("kps-prometheus", {}, 9090), crd("prometheusrules", "monitoring.coreos.com", "v1"), group],
      ],
      { answers: buckets === undefined ? undefined : answered({}, buckets), config: settings },
    );
  const fit = (found: Looked) =>
    (found as unknown as Adoption).fits.find(({ key }) => key === "kps.dropApiserverHistograms");
  const ends = (found: Looked) => (found as unknown as Adoption).ends.map(({ name }) => name);

  it("keeps them where its Prometheus has them, says how many series they are, and so ends none of their rules", async () => {
    const found = await lookAt(monitor(some), 98765);
    assert.equal(fit(found)?.value, false);
    assert.match(
      fit(found)!.why,
      /98765 series, which mimir keeps too from stage dual-write on; without this, KubeAPIErr/,
    );
    assert.deepEqual(ends(found), []);
  });

  it("leaves the default where it has none, or nobody scrapes it, and names what ends", async () => {
    const none = await lookAt(monitor(some), 0);
    assert.deepEqual([fit(none), ends(none)], [undefined, ["KubeAPIErrorBudgetBurn"]]);
    assert.equal(fit(await lookAt("", 98765)), undefined);
    assert.equal(fit(await lookAt(monitor(some), 98765, ["monitors.apiServer=false"])), undefined);
  });

  it("goes by the release's relabeling where its Prometheus can't be asked", async () => {
    const unknown = await lookAt(monitor(some));
    assert.equal(fit(unknown)?.value, false);
    assert.match(fit(unknown)!.why, /how many is unknown/);
    assert.ok(fit(await lookAt(monitor(byName("drop", "workqueue_.+_bucket")))));
    assert.equal(fit(await lookAt(monitor(byName("drop", ".+_bucket")))), undefined);
    assert.equal(fit(await lookAt(monitor(byName("keep", "apiserver_request_total")))), undefined);
  });
});
