import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { KubernetesObject } from "../commands/shared/objects";
import { image } from "../components/images";
import { restrictedContainer, restrictedPod } from "../components/kubernetes/security";
import { queueBytes } from "../components/vmagent/arguments";
import { KeptValues } from "../engine/generated";
import { until } from "../lab/until";
import { ApiProxy, testCluster } from "./support/cluster";
import { applyHere, leaveNamespace, makeNamespace, renderPart } from "./support/deploy";
import { PrometheusApi, type Labels } from "./support/metrics";
import { note } from "./support/note";
import { prompt, withArguments } from "./support/prompt";

// The stack's vmagent, with the configuration that the real operator writes of an application's monitors, beside the Prometheus that the same operator
// runs with the same configuration: as kube-prometheus-stack's did.

const [namespace, shop, other] = ["e2e-vmagent", "e2e-vmagent-shop", "reference"];
/** Seconds between two scrapes. */
const interval = 5;
const login = { username: "shop", password: "of-the-shop" };

describe("vmagent on a cluster, with what Prometheus's operator gathers", function () {
  this.timeout("20m");

  const folder = mkdtempSync(join(tmpdir(), "vmagent-"));
  const generated = new KeptValues({});
  let proxy: ApiProxy;
  let victoriaMetrics: PrometheusApi;
  let prometheus: PrometheusApi;

  const render = (...config: string[]) =>
    renderPart({
      ...{
        namespace,
        stack: "sandbox",
        generated,
        components: ["secrets", "victoria-metrics", "vmalert", "vmagent", "monitors"],
      },
      config: [
        ...[
          "metrics.backend=victoria-metrics",
          "cluster.name=e2e",
          `kps.scrapeInterval=${interval}s`,
          "metrics.mimirOutage=30m",
        ],
        ...[`metrics.secrets[0]=${shop}/login`, `metrics.secrets[1]=${shop}/certificate`, ...config],
      ],
      edit: (object) => flagged(prompt(object)),
    });

  before(async () => {
    proxy = await ApiProxy.start();
    const services = (name: string) => new PrometheusApi(proxy, namespace, `services/${name}`);
    victoriaMetrics = services("victoria-metrics:8428");
    prometheus = new PrometheusApi(proxy, namespace, `pods/prometheus-${other}-0:9090`, "", { cluster: "e2e" });
    const resources = await render("stage=kps-removed", "kps.enabled=false");
    const { kubectl } = await testCluster();
    await Promise.all([makeNamespace(shop), makeNamespace(namespace)]);
    await kubectl.apply(application(folder));
    await applyHere(namespace, resources);
    const own = resources.find(({ object }) => object?.kind === "Prometheus" && object.metadata.name === "vmagent")!;
    const { metadata, spec } = own.object as KubernetesObject & { spec: object };
    await kubectl.apply([
      {
        ...{ apiVersion: "v1", kind: "Service", metadata: { name: other, namespace } },
        spec: { clusterIP: "None", selector: { "operator.prometheus.io/name": other } },
      } as KubernetesObject,
      {
        ...{ ...own.object!, metadata: { ...metadata, name: other } },
        spec: { ...spec, replicas: 1, serviceName: other, securityContext: restrictedPod(65534) },
      } as KubernetesObject,
    ]);
  });
  after(async () => {
    proxy?.stop();
    await leaveNamespace(namespace);
    await leaveNamespace(shop);
    rmSync(folder, { recursive: true, force: true });
  });

  it("scrapes every target that Prometheus scrapes, with the same labels: by password, by TLS, by the node's token", async () => {
    // What other files of tests make comes and goes while this one looks.
    const query = `up{namespace=~"|default|kube-system|${namespace}|${shop}"}`;
    const targets = async (api: PrometheusApi) => (await api.query(query)).map(({ metric }) => text(metric)).sort();
    const up = await until("both have the same targets", 300, async () => {
      const [mine, theirs] = await Promise.all([targets(victoriaMetrics), targets(prometheus)]);
      assert.deepEqual(mine, theirs);
      return ["orders", "basket", "nas", "page", "kubelet", "apiserver"].every((job) =>
        mine.some((each) => each.includes(job)),
      )
        ? mine
        : undefined;
    });
    note(`vmagent: ${up.length} targets, as Prometheus has them`);
    // Nobody has waited for the application, which may have come after its first scrape.
    await until("each of the application's targets is scraped", 120, async () => {
      const ofShop = await victoriaMetrics.query(`up{job=~".*(orders|basket|nas|page)"} == 1`);
      assert.deepEqual(ofShop.map(({ metric }) => metric.job).sort(), [
        `${shop}/basket`,
        "orders",
        `probe/${shop}/page`,
        `scrapeConfig/${shop}/nas`,
      ]);
      return true;
    });
    // Not those of pods, which come and go; and no buckets of a program that gives no types (components/vmagent/README.md).
    const stable = [
      '{job="orders", __name__!~"scrape_.*", le="", quantile=""}',
      '{job="kubelet", namespace="kube-system", pod="", __name__!~"scrape_.*"}',
    ];
    const series = async (api: PrometheusApi) =>
      (await Promise.all(stable.map((each) => api.query(each)))).flat().map(({ metric }) => text(metric));
    const found = await until("VictoriaMetrics has each series that Prometheus has", 180, async () => {
      const [mine, theirs] = await Promise.all([series(victoriaMetrics), series(prometheus)]);
      const all = new Set(mine);
      assert.deepEqual(theirs.filter((each) => !all.has(each)).slice(0, 20), []);
      return mine;
    });
    assert.ok(found.some((each) => /le="\d+\.0"/.test(each)));
    assert.ok(found.length > 500, `only ${found.length}`);
  });

  it("scrapes a monitor that comes later", async () => {
    const { kubectl } = await testCluster();
    await kubectl.apply([
      monitor("ServiceMonitor", "late", { ...selected("shop"), endpoints: [{ port: "http", basicAuth }] }),
    ]);
    await until("the operator has it in the configuration", 180, async () => {
      const secret = await kubectl.json<{ data: Record<string, string> }>([
        "get",
        "secret",
        "prometheus-vmagent",
        "-n",
        namespace,
        "-o",
        "json",
      ]);
      const config = gunzipSync(Buffer.from(secret.data["prometheus.yaml.gz"], "base64")).toString();
      return config.includes(`serviceMonitor/${shop}/late/0`) ? true : undefined;
    });
    // The kubelet brings a changed Secret into a pod when it looks at the pod the next time: at once, if the pod changed.
    await kubectl.run(["annotate", "pod", "vmagent-0", "-n", namespace, "e2e=look", "--overwrite"]);
    await until("it is scraped", 240, async () =>
      (await victoriaMetrics.query(`up{endpoint="http", service="orders"} == 1`)).length > 0 ? true : undefined,
    );
  });

  it("loses nothing and sends nothing twice while VictoriaMetrics is away, and is restarted meanwhile itself", async () => {
    const { kubectl } = await testCluster();
    const scale = (replicas: number) =>
      kubectl.run(["scale", "statefulset", "victoria-metrics", "-n", namespace, `--replicas=${replicas}`]);
    const own = async (name: string) => {
      const exposed = await (await proxy.request(namespace, "pods/vmagent-0:8429", "/metrics")).text();
      const values = exposed.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
      return values.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    };
    const from = Date.now() - 2 * interval * 1000;
    await scale(0);
    await kubectl.run(["wait", "--for=delete", "pod/victoria-metrics-0", "-n", namespace, "--timeout=240s"]);
    const scraped = await own("vm_promscrape_scrapes_total");
    const jobs = (await own("vm_promscrape_active_scrapers")) || 1;
    await until("four rounds of scrapes wait on its volume", 240, async () => {
      const rounds = ((await own("vm_promscrape_scrapes_total")) - scraped) / jobs;
      return rounds >= 4 && (await own("vm_persistentqueue_bytes_pending")) > 0 ? true : undefined;
    });
    const [bytes, rows] = await Promise.all(
      ["bytes", "rows"].map((of) => own(`vmagent_remotewrite_block_size_${of}_sum`)),
    );
    note(`vmagent: ${(bytes / rows).toFixed(2)} bytes a sample in its queue, of at most ${queueBytes("5Gi")}`);
    const to = Date.now();
    await kubectl.run(["delete", "pod", "vmagent-0", "-n", namespace, "--timeout=240s"]);
    await scale(1);
    // From before the outage to its end, without a gap: what waited doesn't arrive in the order of its times.
    await until("VictoriaMetrics has the samples of that time", 240, async () => {
      const parameters = new URLSearchParams({
        "match[]": 'up{job="orders", endpoint="https"}',
        start: `${from / 1000}`,
        end: `${to / 1000}`,
      });
      const answer = await proxy.request(namespace, "services/victoria-metrics:8428", `/api/v1/export?${parameters}`);
      const [line, ...more] = (await answer.text()).trim().split("\n");
      assert.deepEqual(more, []);
      const { timestamps: times } = JSON.parse(line) as { timestamps: number[] };
      const gaps = times.slice(1).map((time, i) => (time - times[i]) / 1000);
      assert.ok(times[0] - from <= 1.5 * interval * 1000, `begins ${times[0] - from} ms late`);
      assert.ok(to - times.at(-1)! <= 2 * interval * 1000, `ends ${to - times.at(-1)!} ms early`);
      assert.ok(gaps.length >= 3, `${gaps.length + 1} samples`);
      assert.deepEqual(
        gaps.filter((gap) => gap < interval * 0.5 || gap > interval * 1.5),
        [],
      );
      return true;
    });
  });

  it("goes back: nothing of it is left but its volume, and the monitors are as they were", async () => {
    const { kubectl } = await testCluster();
    await applyHere(namespace, await render("stage=victoria-metrics-default", "migration.from=kps-removed"));
    await until("what the operator made for it is gone", 240, async () =>
      (await kubectl.run(["get", "secret,statefulset,prometheus", "-n", namespace, "-o", "name"])).includes("vmagent")
        ? undefined
        : true,
    );
    const left = await kubectl.run(["get", "persistentvolumeclaim", "-n", namespace, "-o", "name"]);
    assert.match(left, /data-vmagent-0/);
    const there = await kubectl.run(["get", "servicemonitor,podmonitor,probe,scrapeconfig", "-n", shop, "-o", "name"]);
    assert.equal(there.trim().split("\n").length, 5, there);
    await until("vmalert answers", 120, async () => {
      const rules = await proxy.request(namespace, "services/vmalert:8880", "/api/v1/rules");
      assert.equal(rules.status, 200, await rules.text());
      return true;
    });
  });
});

const text = (labels: Labels) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .sort()
    .join(", ");

/** The image beside a Prometheus is the operator's own default, unless it is told another. */
const flagged = (object: KubernetesObject): KubernetesObject =>
  object.kind === "Deployment" && object.metadata.name === "vmalert-operator"
    ? withArguments(object, [`--prometheus-config-reloader=${image("prometheus-config-reloader")}`])
    : object;

const selected = (app: string) => ({ selector: { matchLabels: { app } } });
const ofLogin = (key: string) => ({ name: "login", key });
const basicAuth = { username: ofLogin("username"), password: ofLogin("password") };
const monitor = (kind: string, name: string, spec: object, version = "v1"): KubernetesObject => ({
  ...{ apiVersion: `monitoring.coreos.com/${version}`, kind, metadata: { name, namespace: shop } },
  spec,
});

/** A program that asks for a name and a password, on a port with TLS and on one without, and what has it scraped in every way. */
function application(folder: string): KubernetesObject[] {
  const [key, certificate] = ["tls.key", "tls.crt"].map((name) => join(folder, name));
  const host = `orders.${shop}.svc`;
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"],
      ...["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`, "-keyout", key, "-out", certificate],
    ],
    { stdio: "ignore" },
  );
  const secret = (name: string, stringData: Record<string, string>) => ({
    ...{ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: shop }, stringData },
  });
  const labels = { app: "shop" };
  const metadata = { name: "orders", namespace: shop, labels };
  const port = (name: string, number: number) => ({ name, port: number });
  const address = `${host}:8080`;
  const https = {
    ...{ port: "https", scheme: "https", basicAuth },
    tlsConfig: { ca: { secret: { name: "certificate", key: "tls.crt" } }, serverName: host },
  };
  return [
    secret("login", login),
    secret("certificate", { "tls.crt": readFileSync(certificate, "utf8"), "tls.key": readFileSync(key, "utf8") }),
    {
      ...{ apiVersion: "v1", kind: "Service", metadata },
      spec: { selector: labels, ports: [port("https", 8443), port("http", 8080)] },
    },
    {
      ...{ apiVersion: "v1", kind: "Pod", metadata },
      spec: {
        automountServiceAccountToken: false,
        securityContext: restrictedPod(65534),
        containers: [
          {
            name: "app",
            image: image("victoria-metrics"),
            imagePullPolicy: "IfNotPresent",
            args: [
              ...["-storageDataPath=/data", "-httpListenAddr=:8443", "-httpListenAddr=:8080", "-tls=true,false"],
              ...["-tlsCertFile=/tls/tls.crt", "-tlsKeyFile=/tls/tls.key"],
              ...[`-httpAuth.username=${login.username}`, `-httpAuth.password=${login.password}`],
            ],
            ports: [8443, 8080].map((containerPort) => ({
              ...{ name: containerPort === 8443 ? "https" : "http", containerPort },
            })),
            securityContext: restrictedContainer,
            resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "256Mi" } },
            volumeMounts: [
              { name: "data", mountPath: "/data" },
              { name: "tls", mountPath: "/tls" },
            ],
          },
        ],
        volumes: [
          { name: "data", emptyDir: {} },
          { name: "tls", secret: { secretName: "certificate" } },
        ],
      },
    },
    monitor("ServiceMonitor", "orders", { ...selected("shop"), targetLabels: ["app"], endpoints: [https] }),
    monitor("PodMonitor", "basket", { ...selected("shop"), podMetricsEndpoints: [{ port: "http", basicAuth }] }),
    monitor("Probe", "page", {
      ...{ prober: { url: address, path: "/metrics" }, basicAuth },
      targets: { staticConfig: { static: ["https://shop.example.org"], labels: { site: "web" } } },
    }),
    monitor(
      "ScrapeConfig",
      "nas",
      { staticConfigs: [{ targets: [address], labels: { site: "home" } }], basicAuth },
      "v1alpha1",
    ),
  ];
}
