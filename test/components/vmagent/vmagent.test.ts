import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { images } from "../../../components/images";
import { environment as describeEnvironment } from "../../../components/kubernetes/environment";
import { kpsImages, kpsValues } from "../../../components/kube-prometheus-stack/values";
import { queueBytes, vmagentArguments } from "../../../components/vmagent/arguments";
import { gatheredSpec, scrapeConfigScript } from "../../../components/vmagent/scrape-config";
import { Vmagent } from "../../../components/vmagent/vmagent";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled, type Registered } from "../../support/mocks";
import { temporaryFolder } from "../../support/temporary-folder";

const settings = settingsSchema.parse({ cluster: { name: "pi", storageClass: "local-path" } });
const environment = describeEnvironment(settings);

/** What vmagent registers. */
async function registered(): Promise<Registered[]> {
  const recorded = mockPulumi();
  const { scrapeInterval, operatorResources } = settings.kps;
  new Vmagent(
    "vmagent",
    {
      ...{ environment, scrapeInterval, operatorResources, settings: settings.metrics },
      images: images({}, "vmagent", "prometheus"),
      pushUrl: "http://victoria-metrics:8428/api/v1/write",
    },
    {},
  );
  await settled();
  return recorded.resources;
}

const one = (resources: Registered[], kind: string) => {
  const found = resources.filter(({ type }) => type.endsWith(`:${kind}`));
  assert.equal(found.length, 1, kind);
  return found[0].inputs;
};

describe("vmagent", () => {
  it("has room beside what waits on its volume for two files of it", () => {
    assert.equal(queueBytes("5Gi"), 4 * 2 ** 30);
    const flags = vmagentArguments({ pushUrl: "http://vm", storage: "5Gi" });
    assert.ok(flags.includes(`-remoteWrite.maxDiskUsagePerURL=${4 * 2 ** 30}`), flags.join("\n"));
  });

  it("is one pod that scrapes with its account, on a volume that outlives it, and holds passwords in memory only", async () => {
    const { spec } = one(await registered(), "StatefulSet");
    assert.equal(spec.replicas, 1);
    assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: "Retain", whenScaled: "Retain" });
    const pod = spec.template.spec;
    assert.deepEqual([pod.automountServiceAccountToken, pod.securityContext.runAsNonRoot], [true, true]);
    const [vmagent] = pod.containers;
    const mount = (name: string) => vmagent.volumeMounts.find((each: { name: string }) => each.name === name).mountPath;
    assert.ok(vmagent.args.includes(`-remoteWrite.tmpDataPath=${mount("data")}`));
    assert.ok(vmagent.args.includes(`-promscrape.config=${mount("config")}/prometheus.yaml`));
    assert.equal(mount("certificates"), "/etc/prometheus/certs");
    const volume = (name: string) => pod.volumes.find((each: { name: string }) => each.name === name);
    assert.equal(volume("config").emptyDir.medium, "Memory");
    // Without the operator's configuration it doesn't start.
    assert.deepEqual(volume("gathered").secret, { secretName: "prometheus-vmagent" });
    assert.equal(vmagent.readinessProbe.initialDelaySeconds, 60);
  });

  it("may find and scrape targets, but read no monitor, no Secret, and run nothing", async () => {
    const { rules } = one(await registered(), "ClusterRole") as { rules: { resources?: string[]; verbs: string[] }[] };
    const resources = rules.flatMap((rule) => rule.resources ?? []);
    for (const each of ["secrets", "configmaps", "servicemonitors", "nodes/proxy"])
      assert.ok(!resources.includes(each), each);
    assert.ok(resources.includes("nodes/metrics") && resources.includes("endpoints"));
    assert.deepEqual([...new Set(rules.flatMap(({ verbs }) => verbs))].sort(), ["get", "list", "watch"]);
  });

  it("is configured by a Prometheus without pods that scrapes as kube-prometheus-stack's did", async () => {
    const gathered = one(await registered(), "Prometheus").spec;
    assert.equal(gathered.replicas, 0);
    const { scrapeInterval } = settings.kps;
    const { prometheus } = kpsValues({
      ...{ environment, settings: settings.kps, evaluates: true, reclaimVolume: false },
      images: images({}, ...kpsImages),
      alertmanager: { url: "http://alertmanager:9093" },
    }) as { prometheus: { prometheusSpec: Record<string, unknown> } };
    const same = prometheus.prometheusSpec;
    const spec: Record<string, unknown> = gatheredSpec({ cluster: "pi", scrapeInterval });
    for (const [field, value] of Object.entries(spec).filter(([name]) => !name.endsWith("LabelName")))
      assert.deepEqual([gathered[field], same[field]], [value, value], field);
    // The chart's names for the same.
    assert.deepEqual([spec.prometheusExternalLabelName, spec.replicaExternalLabelName], ["", ""]);
    assert.deepEqual([same.prometheusExternalLabelNameClear, same.replicaExternalLabelNameClear], [true, true]);
    assert.equal("externalLabels" in gatheredSpec({ scrapeInterval }), false);
  });

  describe("its script", () => {
    const folder = temporaryFolder();
    const [from, to] = ["from", "to"].map((name) => join(folder, name));
    const script = join(folder, "scrape-config.sh");
    const bring = () => execFileSync("sh", [script, from, to], { encoding: "utf8", stdio: "pipe" });
    const write = (text: string) => writeFileSync(join(from, "prometheus.yaml.gz"), gzipSync(text));
    before(() => {
      for (const each of [from, to]) mkdirSync(each);
      writeFileSync(script, scrapeConfigScript);
    });

    it("unpacks what the operator wrote, for one shard, and says nothing where nothing changed", () => {
      write("scrape_configs:\n- job_name: a\n  regex: $(SHARD);|.+;.+\n- job_name: b\n");
      assert.match(bring(), /2 jobs/);
      assert.match(readFileSync(join(to, "prometheus.yaml"), "utf8"), /^ {2}regex: 0;\|\.\+;\.\+$/m);
      assert.equal(bring(), "");
    });

    it("leaves the one before where there is none, or half of one", () => {
      const before = readFileSync(join(to, "prometheus.yaml"), "utf8");
      write("");
      assert.throws(bring, /has not written it yet|Command failed/);
      writeFileSync(join(from, "prometheus.yaml.gz"), gzipSync(before).subarray(0, 20));
      assert.throws(bring);
      assert.equal(readFileSync(join(to, "prometheus.yaml"), "utf8"), before);
    });
  });
});
