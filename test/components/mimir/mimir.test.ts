import assert from "node:assert/strict";
import { parse } from "yaml";
import { images } from "../../../components/images";
import { Mimir } from "../../../components/mimir/mimir";
import type { Stage } from "../../../stages";
import { podWith } from "../../../components/object-storage/applications";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled, type Recorded, type Registered } from "../../support/mocks";

async function made(
  raw: object = {},
  evaluator: Stage["evaluator"] = "prometheus",
): Promise<{ mimir: Mimir; recorded: Recorded }> {
  const recorded = mockPulumi();
  const mimir = new Mimir(
    "mimir",
    {
      environment: { namespace: "monitoring", dnsDomain: "cluster.local", nodeSelector: {}, tolerations: [] },
      settings: settingsSchema.parse({ mimir: raw }).mimir,
      stage: { evaluator },
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
      alertmanagerUrl: "http://alertmanager:9093",
    },
    {},
  );
  await settled();
  return { mimir, recorded };
}

const one = ({ resources }: Recorded, kind: string, name = "mimir"): Registered["inputs"] => {
  const found = resources.find(({ type, inputs }) => type.endsWith(`:${kind}`) && inputs.metadata.name === name);
  assert(found, `no ${kind} ${name}`);
  return found.inputs;
};

describe("Mimir", () => {
  it("is found at the port of seed 000", async () => {
    const { mimir, recorded } = await made();
    assert.equal(mimir.pushUrl, "http://mimir.monitoring.svc.cluster.local:9009/api/v1/push");
    assert.equal(mimir.queryUrl, "http://mimir.monitoring.svc.cluster.local:9009/prometheus");
    assert.deepEqual(
      one(recorded, "Service").spec.ports.map(({ port }: { port: number }) => port),
      [9009, 9095],
    );
  });

  it("keeps its volume when it goes or shrinks, and its size and class are the settings'", async () => {
    const { spec } = one((await made({ storage: "33Gi", storageClass: "fast" })).recorded, "StatefulSet");
    assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: "Retain", whenScaled: "Retain" });
    const [claim] = spec.volumeClaimTemplates;
    assert.deepEqual([claim.spec.resources.requests.storage, claim.spec.storageClassName], ["33Gi", "fast"]);
    assert.equal(spec.replicas, 1);
  });

  it("is alone by default: no gossip, no budget that a drain would wait for", async () => {
    const { recorded } = await made();
    assert.deepEqual(
      recorded.resources.filter(
        ({ type, inputs }) => /PodDisruptionBudget/.test(type) || /memberlist/.test(inputs.metadata?.name),
      ),
      [],
    );
  });

  it("is a ring with several replicas: they find one another before they are ready, prefer nodes of their own, and a drain takes one at a time", async () => {
    const { recorded } = await made({ replicas: 3, replicationFactor: 3 });
    const { spec } = one(recorded, "StatefulSet");
    assert.equal(spec.replicas, 3);
    assert.equal(one(recorded, "PodDisruptionBudget").spec.maxUnavailable, 1);
    assert.ok(spec.template.spec.affinity.podAntiAffinity);
    const service = one(recorded, "Service", "mimir-memberlist").spec;
    assert.deepEqual([service.clusterIP, service.publishNotReadyAddresses], ["None", true]);
    const [{ env, ports }] = spec.template.spec.containers;
    const [{ port, targetPort }] = service.ports;
    assert.equal(ports.find(({ name }: { name: string }) => name === targetPort).containerPort, port);
    const config = one(recorded, "ConfigMap").data["config.yaml"];
    assert.ok(config.includes(`dns+mimir-memberlist.monitoring.svc.cluster.local:${port}`));
    // Each variable of the configuration is in the pod's environment.
    const known = env.map(({ name }: { name: string }) => name);
    for (const [, name] of config.matchAll(/\$\{(\w+)\}/g)) assert.ok(known.includes(name), name);
    assert.ok(spec.template.spec.containers[0].args.includes("-config.expand-env=true"));
  });

  it("has the key of the object store from the Secret alone, by the Secret's own names", async () => {
    const { recorded } = await made();
    const [{ env, args }] = one(recorded, "StatefulSet").spec.template.spec.containers;
    const fromSecret = env.filter(({ valueFrom }: { valueFrom?: object }) => valueFrom);
    assert.deepEqual(
      fromSecret.map(({ name, valueFrom }: { name: string; valueFrom: { secretKeyRef: object } }) => [
        name,
        valueFrom.secretKeyRef,
      ]),
      [
        ["AWS_ACCESS_KEY_ID", { name: "mimir-object-store", key: "access" }],
        ["AWS_SECRET_ACCESS_KEY", { name: "mimir-object-store", key: "secret" }],
      ],
    );
    assert.deepEqual(args, ["-target=all", "-config.file=/etc/mimir/config.yaml"]);
    assert.doesNotMatch(one(recorded, "ConfigMap").data["config.yaml"], /access_key|secret_access/);
  });

  it("restarts when its configuration or its key changes, and not otherwise", async () => {
    const annotations = async (raw: object) =>
      one((await made(raw)).recorded, "StatefulSet").spec.template.metadata.annotations;
    assert.deepEqual(await annotations({}), await annotations({}));
    assert.notEqual(
      (await annotations({}))["checksum/config"],
      (await annotations({ retention: "30d" }))["checksum/config"],
    );
    assert.equal((await annotations({}))["checksum/mimir-object-store"], "7");
  });

  it("has its configuration without anchors, evaluating rules only where the stage says so", async () => {
    const text = async (evaluator: Stage["evaluator"]): Promise<string> =>
      one((await made({}, evaluator)).recorded, "ConfigMap").data["config.yaml"];
    assert.doesNotMatch(await text("prometheus"), /[&*]a\d/);
    for (const [evaluator, on] of [
      ["prometheus", false],
      ["mimir", true],
    ] as const) {
      const { limits } = parse(await text(evaluator));
      assert.equal(limits.ruler_alerting_rules_evaluation_enabled, on);
      assert.equal(limits.ruler_recording_rules_evaluation_enabled, on);
    }
  });

  it("is scraped by one ServiceMonitor, at its port of metrics", async () => {
    const { spec } = one((await made()).recorded, "ServiceMonitor");
    assert.deepEqual(spec.selector.matchLabels, { "app.kubernetes.io/name": "mimir" });
    assert.deepEqual(spec.endpoints, [{ port: "http-metrics" }]);
  });
});
