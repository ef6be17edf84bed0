import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import { pictureOf, type Picture } from "../../../commands/graph/picture";
import type { Preview } from "../../../commands/shared/preview";
import { inStage, object, previewOf, previewsOfPi, type Kind } from "../../program/support/previews";
import type { StageName } from "../../../stages";

/** The flows of a picture, each as a line. */
const lines = ({ flows }: Picture) =>
  flows.map(({ from, to, what, byDefault }) => `${from} ${byDefault ? "=" : "-"}${what && ` ${what} `}> ${to}`).sort();

const inLoki = [
  "alertmanager -> outside_receivers",
  "alloy - logs > loki",
  "grafana - queries > alertmanager",
  "grafana - queries > loki",
  "grafana = queries, by default > kube_prometheus_stack",
  "kube_prometheus_stack - alerts > alertmanager",
  "loki - alerts > alertmanager",
  "loki -> bucket_loki_production",
  "metrics - queries > kube_prometheus_stack",
  "source_logs -> alloy",
  "source_metrics -> kube_prometheus_stack",
];

const added = {
  "dual-write": [
    "grafana - queries > mimir",
    "kube_prometheus_stack - samples > mimir",
    "mimir -> bucket_mimir_alertmanager",
    "mimir -> bucket_mimir_blocks",
    "mimir -> bucket_mimir_ruler",
  ],
};

const inMimirDefault = [
  ...[...inLoki, ...added["dual-write"]].filter(
    (line) => !/by default|(grafana|metrics) - queries > (mimir|kube)|kube_prometheus_stack - alerts/.test(line),
  ),
  "alloy_rules - rules > mimir",
  "grafana - queries > kube_prometheus_stack",
  "grafana = queries, by default > mimir",
  "metrics - queries > mimir",
  "mimir - alerts > alertmanager",
].sort();

const inKpsRemoved = [
  ...inMimirDefault.filter((line) => !line.includes("kube_prometheus_stack")),
  "alloy_metrics - samples > mimir",
  "grafana - queries > mimir", // the uid `prometheus`
  "source_metrics -> alloy_metrics",
].sort();

/** A preview of its own to change: an object's inputs, in place. */
async function changed(stage: StageName, kind: Kind, name: string, change: (inputs: Inputs) => void): Promise<Picture> {
  const preview = structuredClone(await previewOf("production", ...inStage(stage)));
  change(object(preview, kind, name).inputs as Inputs);
  return pictureOf(preview);
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs of any type
type Inputs = Record<string, any>;

/** Replaces a part of a file in a ConfigMap, as YAML. */
const inFile = (key: string, change: (content: Inputs) => void) => (inputs: Inputs) => {
  const content = parse(inputs.data[key] as string) as Inputs;
  change(content);
  inputs.data[key] = stringify(content);
};

describe("The picture of the data flow", () => {
  let loki: Preview;
  let dualWrite: Preview;
  before(async () => {
    [loki, dualWrite] = await Promise.all([previewOf("production"), previewOf("production", "stage=dual-write")]);
  });

  it("of stage loki has what its configuration says, and nothing else", () => {
    assert.deepEqual(lines(pictureOf(loki)), inLoki);
  });

  it("of stage dual-write has Mimir too: Prometheus writes to it, Grafana asks it, and its ruler sends nothing", () => {
    assert.deepEqual(lines(pictureOf(dualWrite)), [...inLoki, ...added["dual-write"]].sort());
  });

  it("of stage mimir-default has rules and alerts go by Mimir, and Grafana's default", async () => {
    const preview = await previewOf("production", ...inStage("mimir-default"));
    assert.deepEqual(lines(pictureOf(preview)), inMimirDefault);
  });

  it("of stage kps-removed has Alloy scrape what Prometheus scraped, but for itself and its operator", async () => {
    const preview = await previewOf("production", ...inStage("kps-removed"));
    assert.deepEqual(lines(pictureOf(preview)), inKpsRemoved);
    const metrics = (each: Preview) =>
      pictureOf(each)
        .nodes.find(({ id }) => id === "source_metrics")
        ?.details.flatMap((detail) => detail.split(", "))
        .sort();
    assert.deepEqual(metrics(preview), [...metrics(dualWrite)!, "alloy-metrics", "alloy-rules"].sort());
  });

  it("with VictoriaMetrics has vmalert ask it, write to it and alert in Prometheus' place, and at last vmagent scrape what Prometheus scraped", async () => {
    const pictures = (await Promise.all(previewsOfPi())).map(pictureOf);
    const [, dualWrite, byDefault, removed] = pictures.map(lines);
    const evaluates = [
      "vmalert - alerts > alertmanager",
      "vmalert - queries > victoria_metrics",
      "vmalert - samples > victoria_metrics",
    ];
    assert.deepEqual(
      dualWrite.filter((line) => /vm(alert|agent)/.test(line)),
      [],
    );
    assert.ok(dualWrite.includes("kube_prometheus_stack - alerts > alertmanager"));
    assert.deepEqual(
      byDefault.filter((line) => /vm(alert|agent)|- alerts > /.test(line)),
      ["loki - alerts > alertmanager", ...evaluates],
    );
    assert.deepEqual(
      removed.filter((line) => /vmagent|source_metrics|kube_prometheus/.test(line)),
      ["source_metrics -> vmagent", "vmagent - samples > victoria_metrics"],
    );
    const scraped = ({ nodes }: Picture) => nodes.find(({ id }) => id === "source_metrics")?.details.join(", ");
    for (const name of ["kubelet", "vmagent", "vmalert", "victoria-metrics", "node-exporter"])
      assert.match(scraped(pictures[3]) ?? "", new RegExp(`\\b${name}\\b`));
  });

  it("names what each part runs, what is scraped, and which logs are read", () => {
    const detailsOf = (id: string) => pictureOf(dualWrite).nodes.find((node) => node.id === id)?.details;
    assert.deepEqual(detailsOf("kube_prometheus_stack"), ["prometheus, prometheusOperator"]);
    assert.deepEqual(detailsOf("alloy"), ["alloy, alloy-events"]);
    assert.deepEqual(detailsOf("mimir"), []);
    assert.deepEqual(detailsOf("source_logs"), ["file", "journal", "kubernetes events"]);
    assert.deepEqual(detailsOf("source_metrics"), [
      "apiserver, coredns, kubelet, minio",
      "alertmanager, alloy, kube-state-metrics, node-exporter, grafana, loki, loki-canary, mimir, blackbox-exporter",
      "probes",
    ]);
    assert.deepEqual(detailsOf("outside_receivers"), ["pushover (notifications)", "webhook (heartbeat)"]);
  });

  it("frames the buckets by where they are: outside, or in the stack's own object store", async () => {
    const groupOf = (preview: Preview) => pictureOf(preview).nodes.find(({ kind }) => kind === "bucket")?.group;
    assert.equal(groupOf(loki), "object store: 10.0.40.10:9000");
    assert.equal(groupOf(await previewOf("sandbox")), "object store: object-storage");
  });

  it("shows buckets whose places only their own stores' configurations name, as those of claims", async () => {
    const apart = inFile("config.yaml", (config) => {
      const { s3 } = config.common.storage;
      const { endpoint } = s3;
      delete s3.endpoint;
      for (const store of ["blocks_storage", "ruler_storage", "alertmanager_storage"])
        config[store].s3.endpoint = endpoint;
    });
    assert.deepEqual(lines(await changed("dual-write", "ConfigMap", "mimir", apart)), lines(pictureOf(dualWrite)));
  });

  it("stays small enough to be read", () => {
    for (const preview of [loki, dualWrite]) assert.ok(pictureOf(preview).nodes.length <= 15);
  });
});

describe("A flow that goes from the configuration goes from the picture", () => {
  const release = "kube-prometheus-stack";
  const gone = async (flow: string, ...[stage, kind, name, change]: Parameters<typeof changed>) => {
    const known = stage === "loki" ? inLoki : [...inLoki, ...added["dual-write"]];
    assert.ok(known.includes(flow), flow);
    assert.deepEqual(lines(await changed(stage, kind, name, change)), known.filter((line) => line !== flow).sort());
  };

  it("remote_write", () =>
    gone("kube_prometheus_stack - samples > mimir", "dual-write", "Release", release, ({ values }) => {
      values.prometheus.prometheusSpec.remoteWrite = [];
    }));

  it("alerts of a Prometheus that selects no rule", () =>
    gone("kube_prometheus_stack - alerts > alertmanager", "loki", "Release", release, ({ values }) => {
      values.prometheus.prometheusSpec.ruleSelector = { matchLabels: { nobody: "has-this" } };
    }));

  it("a data source", () =>
    gone(
      "grafana - queries > mimir",
      "dual-write",
      "ConfigMap",
      "grafana-datasources",
      inFile("datasources.yaml", (file) => {
        file.datasources = (file.datasources as Inputs[]).filter(({ uid }) => uid !== "mimir");
      }),
    ));

  it("a bucket", () =>
    gone(
      "mimir -> bucket_mimir_ruler",
      "dual-write",
      "ConfigMap",
      "mimir",
      inFile("config.yaml", (config) => delete config.ruler_storage),
    ));

  it("logs, with the last collector that writes them", async () => {
    const preview = structuredClone(await previewOf("production"));
    const silence = (name: string) => {
      const { data } = object(preview, "ConfigMap", name).inputs as Inputs;
      data["config.alloy"] = data["config.alloy"].replace(/^loki\.write [^]*?^\}/m, "");
    };
    silence("alloy");
    assert.deepEqual(lines(pictureOf(preview)), inLoki);
    silence("alloy-events");
    assert.deepEqual(
      lines(pictureOf(preview)),
      inLoki.filter((line) => line !== "alloy - logs > loki"),
    );
  });

  it("scraping, with its last monitor", async () => {
    const preview = structuredClone(await previewOf("production"));
    preview.resources = preview.resources.filter(({ type }) => !/:(ServiceMonitor|Probe|ScrapeConfig)$/.test(type));
    const known = inLoki.filter((line) => line !== "source_metrics -> kube_prometheus_stack");
    assert.deepEqual(lines(pictureOf(preview)), known);
  });
});

describe("A flow in the picture follows the configuration", () => {
  it("to Mimir's ruler, once it evaluates", async () => {
    const picture = await changed(
      "dual-write",
      "ConfigMap",
      "mimir",
      inFile("config.yaml", ({ limits }) => (limits.ruler_alerting_rules_evaluation_enabled = true)),
    );
    assert.ok(lines(picture).includes("mimir - alerts > alertmanager"));
  });

  it("to another default data source", async () => {
    const picture = await changed(
      "dual-write",
      "ConfigMap",
      "grafana-datasources",
      inFile("datasources.yaml", ({ datasources }) => {
        for (const source of datasources as Inputs[]) source.isDefault = source.uid === "mimir";
      }),
    );
    assert.deepEqual(
      picture.flows.filter(({ byDefault }) => byDefault).map(({ from, to }) => [from, to]),
      [["grafana", "mimir"]],
    );
  });

  it("out of the stack, where no pod of it answers at the address", async () => {
    const address = "http://mimir-elsewhere.monitoring.svc.cluster.local:9009/api/v1/push";
    const picture = await changed("dual-write", "Release", "kube-prometheus-stack", ({ values }) => {
      values.prometheus.prometheusSpec.remoteWrite[0].url = address;
    });
    const { to } = picture.flows.find(({ what }) => what === "samples") ?? assert.fail("no samples");
    const node = picture.nodes.find(({ id }) => id === to);
    assert.deepEqual([node?.kind, node?.title], ["outside", new URL(address).host]);
  });

  it("to nobody, where the Service that is named selects no pods", async () => {
    const picture = await changed("dual-write", "Service", "mimir", ({ spec }) => {
      spec.selector = { "app.kubernetes.io/name": "another" };
    });
    assert.ok(!lines(picture).some((line) => line.endsWith("> mimir")));
  });
});
