import assert from "node:assert/strict";
import { parse } from "yaml";
import type { AlertReceiver } from "../../../components/alertmanager/types";
import { images } from "../../../components/images";
import { mimirAlertmanager } from "../../../components/mimir/alertmanager";
import { mimirAlertmanagerRules } from "../../../components/mimir/alertmanager-rules";
import { Mimir } from "../../../components/mimir/mimir";
import { kpsImages, kpsValues } from "../../../components/kube-prometheus-stack/values";
import { Secrets } from "../../../components/secrets/secrets";
import { podWith } from "../../../components/object-storage/applications";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled, type Recorded } from "../../support/mocks";

const given = { pushover: { token: "a-token", userKey: "a-user" }, heartbeat: { url: "https://example.org/beat" } };
const environment = { namespace: "monitoring", dnsDomain: "cluster.local", nodeSelector: {}, tolerations: [] };

async function made(
  raw: object,
  { values = given, chosen = true }: { values?: object; chosen?: boolean } = {},
): Promise<{ receiver: AlertReceiver; recorded: Recorded }> {
  const recorded = mockPulumi({ outputs: ({ type }) => (type.includes("RandomPassword") ? { result: "salt" } : {}) });
  const settings = settingsSchema.parse(raw);
  const secrets = new Secrets("secrets", { environment, settings: settings.secrets, values }, {});
  const receiver = mimirAlertmanager({ environment, settings: settings.alertmanager, secrets });
  new Mimir(
    "mimir",
    {
      environment,
      settings: settings.mimir,
      stage: { evaluator: "mimir" },
      evaluationInterval: "30s",
      images: images({}, "mimir"),
      storage: {
        connection: { endpoint: "http://minio:9000", region: "us-east-1", forcePathStyle: true },
        buckets: { mimirBlocks: "blocks", mimirRuler: "ruler", mimirAlertmanager: "alertmanager" },
        pod: podWith("mimir", {
          name: "mimir-object-store",
          keys: { AWS_ACCESS_KEY_ID: "access", AWS_SECRET_ACCESS_KEY: "secret" },
          version: "7",
        }),
      },
      alertmanagerUrl: receiver.url,
      alertmanager: chosen ? receiver.inMimir : undefined,
    },
    {},
  );
  await settled();
  return { receiver, recorded };
}

const inputsOf = ({ resources }: Recorded, kind: string) => {
  const found = resources.find(({ type, inputs }) => type.endsWith(`:${kind}`) && inputs.metadata.name === "mimir");
  assert(found, `no ${kind} mimir`);
  return found.inputs;
};
const podOf = (recorded: Recorded) => inputsOf(recorded, "StatefulSet").spec.template;
const configOf = (recorded: Recorded) => parse(inputsOf(recorded, "ConfigMap").data["config.yaml"]);

const url = "http://mimir.monitoring.svc.cluster.local:9009/alertmanager";

describe("Mimir's Alertmanager", () => {
  it("runs in Mimir's process, with the configuration that one of its own would have, at a path that is mounted", async () => {
    const { recorded } = await made({ alertmanager: { webhook: "http://bridge:8080/" } });
    const [{ args, volumeMounts }] = podOf(recorded).spec.containers;
    assert.deepEqual(args, ["-target=all,alertmanager", "-config.file=/etc/mimir/config.yaml"]);
    const file = configOf(recorded).alertmanager.fallback_config_file.split("/");
    const key = file.pop();
    assert(volumeMounts.some(({ mountPath }: { mountPath: string }) => mountPath === file.join("/")));
    assert.equal(parse(inputsOf(recorded, "ConfigMap").data[key]).route.receiver, "notifications");
  });

  it("keeps silences on Mimir's volume, and takes no configuration by its API, whose secrets would lie in the bucket", async () => {
    const { recorded } = await made({});
    const { data_dir, enable_api, sharding_ring } = configOf(recorded).alertmanager;
    const [{ volumeMounts }] = podOf(recorded).spec.containers;
    const data = volumeMounts.find(({ name }: { name: string }) => name === "data").mountPath;
    assert(data_dir.startsWith(`${data}/`), data_dir);
    assert.equal(enable_api, false);
    assert.deepEqual(sharding_ring, {
      instance_addr: "127.0.0.1",
      kvstore: { store: "inmemory" },
      replication_factor: 1,
    });
  });

  it("has the receivers' secrets as files of Mimir's pod, and nowhere else", async () => {
    const { recorded } = await made({ alertmanager: { pushover: true, heartbeat: true } });
    const { volumes, containers } = podOf(recorded).spec;
    const { secret } = volumes.find(({ name }: { name: string }) => name === "secrets");
    const mount = containers[0].volumeMounts.find(({ name }: { name: string }) => name === "secrets");
    const read = [...inputsOf(recorded, "ConfigMap").data["alertmanager.yaml"].matchAll(/_file: (\S+)/g)].map(
      ([, path]) => path,
    );
    assert.deepEqual(
      read.sort(),
      secret.items.map(({ path }: { path: string }) => `${mount.mountPath}/${path}`).sort(),
    );
    assert.equal(read.length, 3);
    const text = JSON.stringify(recorded.resources.filter(({ type }) => !type.endsWith(":Secret")));
    assert.doesNotMatch(text, /a-token|a-user|example\.org\/beat/);
  });

  it("has no Secret where its receivers read none", async () => {
    const { volumes, containers } = podOf((await made({})).recorded).spec;
    const names = (all: { name: string }[]) => all.map(({ name }) => name);
    assert(!names(volumes).includes("secrets") && !names(containers[0].volumeMounts).includes("secrets"));
  });

  it("restarts Mimir when its configuration changes, and when a secret does", async () => {
    const annotations = async (alertmanager: object, values?: object) =>
      podOf((await made({ alertmanager: { heartbeat: true, ...alertmanager } }, { values })).recorded).metadata
        .annotations;
    const first = await annotations({});
    const slower = await annotations({ groupWait: "1m" });
    const changed = await annotations({}, { ...given, heartbeat: { url: "https://example.org/other" } });
    assert.deepEqual(await annotations({}), first);
    assert.notEqual(slower["checksum/alertmanager-config"], first["checksum/alertmanager-config"]);
    assert.equal(slower["checksum/alertmanager"], first["checksum/alertmanager"]);
    assert.notEqual(changed["checksum/alertmanager"], first["checksum/alertmanager"]);
    assert.equal(changed["checksum/alertmanager-config"], first["checksum/alertmanager-config"]);
  });

  it("is found at one address by Mimir's ruler, by Prometheus and by who follows a link", async () => {
    const { receiver, recorded } = await made({});
    assert.equal(receiver.url, url);
    const { ruler, alertmanager } = configOf(recorded);
    assert.deepEqual([ruler.alertmanager_url, alertmanager.external_url], [url, url]);
    const { kps } = settingsSchema.parse({});
    const values = kpsValues({
      environment,
      settings: kps,
      evaluates: true,
      reclaimVolume: false,
      images: images({}, ...kpsImages),
      alertmanager: receiver.target,
    }) as { prometheus: { prometheusSpec: { additionalAlertManagerConfigs: object[]; alertingEndpoints: object[] } } };
    assert.deepEqual(values.prometheus.prometheusSpec.additionalAlertManagerConfigs, [
      {
        scheme: "http",
        path_prefix: "/alertmanager",
        static_configs: [{ targets: ["mimir.monitoring.svc.cluster.local:9009"] }],
        api_version: "v2",
      },
    ]);
    assert.deepEqual(values.prometheus.prometheusSpec.alertingEndpoints, []);
  });

  it("links to the address that the settings give", async () => {
    const externalUrl = "https://alerts.example.org/alertmanager";
    const { recorded } = await made({ alertmanager: { externalUrl } });
    assert.equal(configOf(recorded).alertmanager.external_url, externalUrl);
  });

  it("isn't there where the settings don't choose it", async () => {
    const without = (await made({}, { chosen: false })).recorded;
    assert.equal(configOf(without).alertmanager, undefined);
    assert.deepEqual(Object.keys(inputsOf(without, "ConfigMap").data), ["config.yaml"]);
    assert.equal(podOf(without).spec.containers[0].args[0], "-target=all");
  });
});

describe("Alerts about Mimir's Alertmanager", () => {
  const alerts = (cluster?: string) =>
    mimirAlertmanagerRules({ namespace: "observed", cluster }).flatMap(({ rules }) =>
      rules.map((rule) => ("alert" in rule ? rule : assert.fail("no alert"))),
    );

  it("watch Mimir of the stack's own namespace, and nothing else", () => {
    for (const { alert, expr } of alerts()) {
      const selectors = expr.match(/\{[^}]*\}/g) ?? [];
      assert(selectors.length > 0, alert);
      for (const selector of selectors) assert.match(selector, /^\{job="mimir", namespace="observed"/, alert);
    }
  });

  it("keep the label cluster, or have it where an absent series can't give it", () => {
    for (const { alert, expr, labels } of alerts("home"))
      assert(/by \(cluster\b/.test(expr) || labels.cluster === "home", alert);
    assert(alerts().every(({ labels }) => labels.cluster === undefined));
  });
});
