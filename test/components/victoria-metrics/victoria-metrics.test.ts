import assert from "node:assert/strict";
import { images } from "../../../components/images";
import { victoriaMetricsArguments } from "../../../components/victoria-metrics/arguments";
import type { Preview } from "../../../commands/shared/preview";
import { checkedPreviewOf, previewOf } from "../../program/support/previews";
import { settingsSchema } from "../../../settings/schema";
import { stageNamed, stageOf, stagesBetween, stagesWith } from "../../../stages";

const flagsOf = (raw: object = {}) =>
  Object.fromEntries(
    victoriaMetricsArguments({
      settings: settingsSchema.parse({ victoriaMetrics: raw }).victoriaMetrics,
      keyFile: "/key",
    }).map((flag) => /^-([\w.]+)=(.*)$/.exec(flag)!.slice(1)),
  );

const inPi = async (kind: string, name = "victoria-metrics") => {
  const { resources } = await checkedPreviewOf("pi");
  const found = resources.find(({ type, inputs }) => type.endsWith(`:${kind}`) && inputs.metadata?.name === name);
  assert.ok(found, `no ${kind} ${name}`);
  return found.inputs;
};

describe("VictoriaMetrics", () => {
  it("keeps fourteen days, and what the settings say", () => {
    assert.equal(flagsOf().retentionPeriod, "14d");
    const flags = flagsOf({
      retention: "1y",
      minFreeSpace: "2Gi",
      limits: { maxHourlySeries: 7, maxLabelsPerSeries: 9 },
    });
    assert.deepEqual(
      [flags.retentionPeriod, flags["storage.minFreeDiskSpaceBytes"], flags["storage.maxHourlySeries"]],
      ["1y", `${2 * 2 ** 30}`, "7"],
    );
    assert.equal(flags.maxLabelsPerTimeseries, "9");
  });

  it("asks for a key where samples could be deleted, and has it from a file alone", () => {
    const flags = flagsOf();
    for (const flag of ["snapshotAuthKey", "deleteAuthKey", "forceMergeAuthKey", "forceFlushAuthKey"])
      assert.equal(flags[flag], "file:///key", flag);
  });

  it("keeps its volume when it goes, on the stack's storage class, as one replica", async () => {
    const { spec } = await inPi("StatefulSet");
    assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: "Retain", whenScaled: "Retain" });
    const [claim] = spec.volumeClaimTemplates;
    assert.deepEqual([claim.spec.storageClassName, claim.spec.resources.requests.storage], ["local-path", "20Gi"]);
    assert.equal(spec.replicas, 1);
    assert.equal(spec.template.spec.containers[0].image, images({}, "victoria-metrics")["victoria-metrics"]);
  });

  it("comes and goes with its stage, and what is protected stays: its key in 1Password could not be deleted", async () => {
    const [loki, dualWrite] = await Promise.all([previewOf("pi", "stage=loki"), checkedPreviewOf("pi")]);
    const guarded = ({ resources }: Pick<Preview, "resources">) =>
      resources.filter(({ options }) => options.protect).map(({ urn }) => urn);
    assert.ok(guarded(dualWrite).some((urn) => urn.endsWith("::victoria-metrics-key")));
    assert.deepEqual(guarded(loki).sort(), guarded(dualWrite).sort());
    assert.ok(!loki.resources.some(({ type }) => type === "observability:victoria-metrics:VictoriaMetrics"));
  });

  it("is what Prometheus writes to, with the series' own labels, and nothing else is", async () => {
    const { resources } = await checkedPreviewOf("pi");
    const release = resources.find(({ type, name }) => type.endsWith(":Release") && name === "kube-prometheus-stack");
    const { values } = release!.inputs;
    const { remoteWrite, prometheusExternalLabelNameClear } = values.prometheus.prometheusSpec;
    assert.deepEqual(
      remoteWrite.map(({ name, url }: { name: string; url: string }) => [name, url]),
      [["victoria-metrics", "http://victoria-metrics.monitoring.svc.cluster.local:8428/api/v1/write"]],
    );
    assert.equal(prometheusExternalLabelNameClear, true);
    assert.ok(!resources.some(({ type }) => type === "observability:mimir:Mimir"));
  });

  it("is a data source of type Prometheus, and the uid prometheus stays Prometheus's", async () => {
    const { data } = await inPi("ConfigMap", "grafana-datasources");
    const text = data["datasources.yaml"] as string;
    assert.match(text, /uid: victoria-metrics\n\s+type: prometheus/);
    assert.match(text, /uid: prometheus\n[^]*?url: http:\/\/kube-prometheus-stack-prometheus/);
    assert.doesNotMatch(text, /uid: mimir/);
  });

  it("has alerts about the way to it that name it, and none about Mimir", async () => {
    const { spec } = await inPi("PrometheusRule", "rules-remote-write");
    const text = JSON.stringify(spec);
    assert.match(text, /remote_name=\\"victoria-metrics\\"/);
    assert.doesNotMatch(text, /[Mm]imir/);
  });

  it("has the stages that this program can bring about with it", () => {
    assert.deepEqual(stagesWith("victoria-metrics"), [
      ...["loki", "dual-write", "victoria-metrics-default", "kps-removed"],
    ]);
    const on = (stage: "loki" | "dual-write") =>
      stageOf({ stage, kps: { enabled: true }, metrics: { backend: "victoria-metrics" } });
    assert.deepEqual([on("loki").victoriaMetrics, on("dual-write").victoriaMetrics], [undefined, true]);
    assert.ok(!on("dual-write").mimir);
    const last = stageOf({
      ...{ stage: "victoria-metrics-default", kps: { enabled: true }, metrics: { backend: "victoria-metrics" } },
    });
    assert.deepEqual([last.evaluator, last.defaultDataSource], ["victoria-metrics", "victoria-metrics"]);
    assert.ok(last.kps && !last.mimir);
    assert.deepEqual(stageNamed("victoria-metrics-default"), last);
    const removed = stageOf({
      ...{ stage: "kps-removed", kps: { enabled: true } },
      metrics: { backend: "victoria-metrics" },
    });
    assert.deepEqual([removed.kps, removed.mimir, removed.scraper], [false, false, "vmagent"]);
    for (const stage of ["dual-write", "kps-removed"] as const)
      assert.deepEqual(stageOf({ stage, kps: { enabled: false }, metrics: { backend: "victoria-metrics" } }), removed);
    assert.deepEqual(stagesBetween("loki", "kps-removed", ["victoria-metrics"]), stagesWith("victoria-metrics"));
    assert.deepEqual(
      stagesBetween("kps-removed", "loki", ["victoria-metrics"]),
      [...stagesWith("victoria-metrics")].reverse(),
    );
    assert.deepEqual(stagesBetween("mimir-default", "victoria-metrics-default"), []);
  });
});
