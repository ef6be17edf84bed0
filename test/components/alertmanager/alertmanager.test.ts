import assert from "node:assert/strict";
import { parse } from "yaml";
import { Alertmanager } from "../../../components/alertmanager/alertmanager";
import { image } from "../../../components/images";
import { Secrets } from "../../../components/secrets/secrets";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled, type Recorded } from "../../support/mocks";

const values = {
  pushover: { token: "a-token", userKey: "a-user" },
  heartbeat: { url: "https://example.org/beat" },
  receivers: { ntfy: { token: "ntfy-token" }, chat: { url: "https://chat.example.org/hook" } },
};

async function made(raw: object): Promise<{ alertmanager: Alertmanager; recorded: Recorded }> {
  const recorded = mockPulumi({ outputs: ({ type }) => (type.includes("RandomPassword") ? { result: "salt" } : {}) });
  const settings = settingsSchema.parse(raw);
  const environment = { namespace: "monitoring", dnsDomain: "cluster.local", nodeSelector: {}, tolerations: [] };
  const secrets = new Secrets("secrets", { environment, settings: settings.secrets, values }, {});
  const images = { alertmanager: image("alertmanager") };
  const alertmanager = new Alertmanager(
    "alertmanager",
    { environment, settings: settings.alertmanager, images, secrets },
    {},
  );
  await settled();
  return { alertmanager, recorded };
}

const ofKind = ({ resources }: Recorded, kind: string) => {
  const found = resources.filter(({ type }) => type.endsWith(`:${kind}`));
  assert.equal(found.length, 1, `${found.length} of kind ${kind}`);
  return found[0].inputs;
};
const podOf = (recorded: Recorded) => ofKind(recorded, "StatefulSet").spec.template;
const volume = (recorded: Recorded, name: string) =>
  podOf(recorded).spec.volumes.find((each: { name: string }) => each.name === name);

describe("Alertmanager", () => {
  it("is one replica without peers, whose silences are on a volume that outlives it", async () => {
    const { recorded } = await made({ alertmanager: { storageClass: "fast" } });
    const { spec } = ofKind(recorded, "StatefulSet");
    assert.equal(spec.replicas, 1);
    assert.equal(spec.persistentVolumeClaimRetentionPolicy.whenDeleted, "Retain");
    assert.equal(spec.volumeClaimTemplates[0].spec.storageClassName, "fast");
    const [{ args, volumeMounts }] = spec.template.spec.containers;
    const storage = args.find((arg: string) => arg.startsWith("--storage.path="))?.split("=")[1];
    assert(
      volumeMounts.some(({ name, mountPath }: Record<string, string>) => name === "data" && mountPath === storage),
    );
    assert(args.includes("--cluster.listen-address="));
  });

  it("mounts of its Secret the keys that it reads, and no Secret where it reads none", async () => {
    const { recorded } = await made({ alertmanager: { heartbeat: true } });
    assert.deepEqual(volume(recorded, "secrets").secret.items, [{ key: "heartbeat-url", path: "heartbeat-url" }]);
    assert.deepEqual(Object.keys(ofKind(recorded, "Secret").data), ["heartbeat-url"]);
    const none = (await made({})).recorded;
    assert.equal(volume(none, "secrets"), undefined);
    assert.equal(
      none.resources.some(({ type }) => type.endsWith(":Secret")),
      false,
    );
  });

  it("mounts the keys of an existing Secret under the names that its configuration reads", async () => {
    const { recorded } = await made({
      alertmanager: { heartbeat: true },
      secrets: { existing: { alertmanager: { name: "alerting", keys: { "heartbeat-url": "HEALTHCHECKS" } } } },
    });
    const { secret } = volume(recorded, "secrets");
    assert.equal(secret.secretName, "alerting");
    assert.deepEqual(secret.items, [{ key: "HEALTHCHECKS", path: "heartbeat-url" }]);
  });

  const receivers = {
    ntfy: { kind: "webhook", url: "https://ntfy.example.org/alerts", authorization: "bearer" },
    chat: { kind: "discord" },
  };

  it("gives each receiver its secrets as files of their own, and nowhere else", async () => {
    const { recorded } = await made({ alertmanager: { heartbeat: true, receivers } });
    const keys = ["heartbeat-url", "ntfy.token", "chat.url"];
    assert.deepEqual(
      volume(recorded, "secrets").secret.items,
      keys.map((key) => ({ key, path: key })),
    );
    const { data } = ofKind(recorded, "Secret");
    assert.deepEqual(Object.keys(data).sort(), [...keys].sort());
    assert.equal(Buffer.from(data["ntfy.token"], "base64").toString(), "ntfy-token");
    const text = JSON.stringify(recorded.resources.filter(({ type }) => !type.endsWith(":Secret")));
    assert.doesNotMatch(text, /ntfy-token|chat\.example\.org/);
  });

  it("finds a receiver's secrets under the names that an existing Secret has for them", async () => {
    const { recorded } = await made({
      alertmanager: { receivers },
      secrets: { existing: { alertmanager: { name: "alerting", keys: { "chat.url": "DISCORD" } } } },
    });
    assert.deepEqual(volume(recorded, "secrets").secret.items, [
      { key: "ntfy.token", path: "ntfy.token" },
      { key: "DISCORD", path: "chat.url" },
    ]);
  });

  it("reads a configuration of one's own whole, from its Secret, and makes none", async () => {
    const { recorded } = await made({ alertmanager: { existingConfigSecret: "own" } });
    assert.deepEqual(volume(recorded, "config"), { name: "config", secret: { secretName: "own", defaultMode: 0o440 } });
    assert.equal(volume(recorded, "secrets"), undefined);
    assert.deepEqual(
      recorded.resources.filter(({ type }) => /:(ConfigMap|Secret)$/.test(type)),
      [],
    );
    const [{ args, volumeMounts }] = podOf(recorded).spec.containers;
    const { mountPath } = volumeMounts.find(({ name }: { name: string }) => name === "config");
    assert(args.includes(`--config.file=${mountPath}/alertmanager.yaml`));
  });

  it("restarts when its configuration changes, and when a secret does", async () => {
    const annotations = async (alertmanager: object) =>
      podOf((await made({ alertmanager })).recorded).metadata.annotations;
    const first = await annotations({ heartbeat: true });
    const other = await annotations({ heartbeat: true, groupWait: "1s" });
    assert.notEqual(first["checksum/config"], other["checksum/config"]);
    assert.equal(first["checksum/alertmanager"], other["checksum/alertmanager"]);
    assert.match(first["checksum/alertmanager"], /^[0-9a-f]{16}$/);
  });

  it("serves its API at the root, whatever path notifications link to", async () => {
    const { recorded, alertmanager } = await made({ alertmanager: { externalUrl: "https://example.org/alerts" } });
    const [{ args }] = podOf(recorded).spec.containers;
    assert(args.includes("--web.external-url=https://example.org/alerts"));
    assert(args.includes("--web.route-prefix=/"));
    assert.equal(alertmanager.url, "http://alertmanager.monitoring.svc.cluster.local:9093");
  });

  it("finds its configuration where the ConfigMap is mounted", async () => {
    const { recorded } = await made({ alertmanager: { pushover: true } });
    const [{ args, volumeMounts }] = podOf(recorded).spec.containers;
    const mounted = volumeMounts.find(({ name }: { name: string }) => name === "config").mountPath;
    const [file] = Object.keys(ofKind(recorded, "ConfigMap").data);
    assert(args.includes(`--config.file=${mounted}/${file}`));
    assert.equal(parse(ofKind(recorded, "ConfigMap").data[file]).route.receiver, "notifications");
  });

  it("runs without privileges, with requests, limits and probes", async () => {
    const { spec } = podOf((await made({})).recorded);
    const [container] = spec.containers;
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.equal(spec.automountServiceAccountToken, false);
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    assert(container.resources.requests.memory && container.resources.limits.memory);
    assert(container.livenessProbe && container.readinessProbe);
  });
});
