import assert from "node:assert/strict";
import type { Preview } from "../../../commands/shared/preview";
import {
  byConfig,
  byOnePassword,
  kinds,
  named,
  ofType,
  onEmbedded,
  onExisting,
  onMinio,
  preview,
} from "../secrets/support";

const bucketType = "minio:index/s3Bucket:S3Bucket";
const userType = "minio:index/iamUser:IamUser";
const scrapeConfig = "kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig";
const policyType = "minio:index/iamPolicy:IamPolicy";

describe("Object storage of kind minio", () => {
  let of: Preview;
  before(async () => {
    of = await preview(...byOnePassword, ...onMinio);
  });

  it("declares the buckets of Loki and of Mimir in stage loki already, protected, under their own names", () => {
    assert.deepEqual(Object.fromEntries(ofType(of, bucketType).map(({ name, inputs }) => [name, inputs.bucket])), {
      loki: "loki-production",
      "mimir-blocks": "mimir-blocks",
      "mimir-ruler": "mimir-ruler",
      "mimir-alertmanager": "mimir-alertmanager",
    });
    for (const type of [bucketType, userType, policyType]) {
      assert(ofType(of, type).length > 0);
      for (const { options } of ofType(of, type)) assert.equal(options.protect, true);
    }
  });

  it("keeps what was deleted for as long as it is told, as versions, and expires nothing else; without that no versions", async () => {
    const versioningType = "minio:index/s3BucketVersioning:S3BucketVersioning";
    const lifecycleType = "minio:index/ilmPolicy:IlmPolicy";
    assert.deepEqual([...ofType(of, versioningType), ...ofType(of, lifecycleType)], []);
    const kept = await preview(...byOnePassword, ...onMinio, "objectStore.keepDeleted=1w");
    assert.deepEqual(
      ofType(kept, versioningType).map(({ inputs }) => [inputs.bucket, inputs.versioningConfiguration]),
      ["loki-production", "mimir-alertmanager", "mimir-blocks", "mimir-ruler"].map((bucket) => [
        bucket,
        { status: "Enabled" },
      ]),
    );
    const lifecycle = named(kept, lifecycleType, "mimir-blocks");
    assert.deepEqual(lifecycle.inputs, {
      bucket: "mimir-blocks",
      rules: [{ id: "deleted-versions", expiration: "DeleteMarker", noncurrentVersionExpirationDays: 7 }],
    });
    assert(lifecycle.options.dependsOn.some((urn) => urn.endsWith("S3BucketVersioning::mimir-blocks")));
  });

  it("imports the buckets that exist, and no others", () => {
    const imported = ofType(of, bucketType).filter(({ options }) => options.import !== null);
    assert.deepEqual(
      imported.map(({ options }) => options.import),
      ["mimir-blocks"],
    );
  });

  it("gives each application a user of this stack's own, with the policy for its buckets alone", () => {
    assert.deepEqual(
      ofType(of, userType).map(({ inputs }) => inputs.name),
      ["dev-loki", "dev-mimir"],
    );
    const resources = (name: string) =>
      JSON.parse(named(of, policyType, name).inputs.policy).Statement.flatMap(
        (s: { Resource?: string[] }) => s.Resource ?? [],
      );
    assert(resources("loki").every((arn: string) => /:::loki-production(\/\*)?$/.test(arn)));
    assert(resources("mimir").every((arn: string) => /:::mimir-(blocks|ruler|alertmanager)(\/\*)?$/.test(arn)));
    assert.deepEqual(
      ofType(of, "minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment").map(({ inputs }) => inputs),
      [
        { userName: "dev-loki", policyName: "dev-loki" },
        { userName: "dev-mimir", policyName: "dev-mimir" },
      ],
    );
  });

  it("never lets the provider delete a user or a bucket with what is in it", () => {
    for (const { inputs } of [...ofType(of, userType), ...ofType(of, bucketType)]) {
      assert.equal("forceDestroy" in inputs, false);
    }
  });

  it("reaches the server by an explicit provider, at the address for Pulumi, and tells pods theirs", () => {
    const provider = named(of, "pulumi:providers:minio", "minio");
    assert.equal(provider.inputs.minioServer, "10.0.40.10:9000");
    for (const type of [bucketType, userType, policyType]) {
      for (const resource of ofType(of, type)) assert.equal(resource.provider, provider.urn);
    }
    assert.deepEqual(of.outputs.loki.connection, {
      endpoint: "http://10.0.40.10:9000",
      region: "us-east-1",
      forcePathStyle: true,
    });
  });

  it("is scraped only where it is said to give its metrics, at the address that pods use, like one inside the cluster", async () => {
    const monitors = (preview: Preview) => ofType(preview, scrapeConfig);
    assert.deepEqual(monitors(of), []);
    const [monitor] = monitors(await preview(...byOnePassword, ...onMinio, "objectStore.metrics=true"));
    const { jobName, staticConfigs, metricsPath, relabelings } = monitor.inputs.spec;
    assert.deepEqual([jobName, staticConfigs], ["minio", [{ targets: ["10.0.40.10:9000"] }]]);
    assert.equal(metricsPath, "/minio/v2/metrics/cluster");
    assert.deepEqual(
      relabelings.map(({ targetLabel, replacement }: Record<string, string>) => [targetLabel, replacement]),
      [
        ["namespace", "monitoring"],
        ["service", "minio"],
        ["endpoint", "s3"],
      ],
    );
  });

  it("writes the application's Secret only once its user may use the buckets", () => {
    const { options } = named(of, kinds.secret, "loki-object-store");
    assert(options.dependsOn.some((urn) => urn.endsWith("IamUserPolicyAttachment::loki")));
  });
});

describe("Object storage of kind existing", () => {
  it("makes nothing but the Secret with the given key, and asks for no key of a Mimir that there isn't", async () => {
    const of = await preview(...byConfig, ...onExisting);
    assert.deepEqual(ofType(of, "pulumi:providers:minio"), []);
    assert.deepEqual(
      ofType(of, kinds.secret).map(({ name }) => name),
      ["alertmanager", "loki-object-store"],
    );
    assert.equal(of.outputs.loki.connection.endpoint, "https://s3.example.org");
  });
});

describe("Object storage of kind embedded", () => {
  let of: Preview;
  before(async () => {
    of = await preview(...byConfig, ...onEmbedded);
  });

  it("runs one MinIO on a volume that outlives it, without privileges", () => {
    const { spec } = named(of, kinds.statefulSet, "minio").inputs;
    assert.equal(spec.replicas, 1);
    assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: "Retain", whenScaled: "Retain" });
    assert.equal(spec.volumeClaimTemplates[0].spec.storageClassName, "local-path");
    const [container] = spec.template.spec.containers;
    assert.equal(spec.template.spec.securityContext.runAsNonRoot, true);
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    assert.deepEqual(container.securityContext.capabilities, { drop: ["ALL"] });
    assert.equal(spec.template.spec.automountServiceAccountToken, false);
  });

  it("is found by pods at the Service's name, whose pods are the server's and not the Job's", () => {
    assert.equal(of.outputs.loki.connection.endpoint, "http://minio.monitoring.svc.cluster.local:9000");
    const { selector } = named(of, kinds.service, "minio").inputs.spec;
    const labels = (type: string, name: string) => named(of, type, name).inputs.spec.template.metadata.labels;
    const selects = (pod: Record<string, string>) =>
      Object.entries(selector).every(([key, value]) => pod[key] === value);
    assert.equal(selects(labels(kinds.statefulSet, "minio")), true);
    assert.equal(selects(labels(kinds.job, "minio-setup")), false);
  });

  it("brings every secret to server and Job by reference", () => {
    const containers = [named(of, kinds.statefulSet, "minio"), named(of, kinds.job, "minio-setup")].map(
      ({ inputs }) => inputs.spec.template.spec.containers[0],
    );
    const referred = containers.flatMap(({ env }) =>
      env.filter((each: { valueFrom?: unknown }) => each.valueFrom).map((each: { name: string }) => each.name),
    );
    assert.deepEqual(referred, [
      "MINIO_ROOT_USER",
      "MINIO_ROOT_PASSWORD",
      "MINIO_ROOT_USER",
      "MINIO_ROOT_PASSWORD",
      "LOKI_ACCESS_KEY",
      "LOKI_SECRET_KEY",
      "MIMIR_ACCESS_KEY",
      "MIMIR_SECRET_KEY",
    ]);
  });

  it("starts the Job after the server, and ends it before Pulumi stops waiting for it", () => {
    const { inputs, options } = named(of, kinds.job, "minio-setup");
    assert(options.dependsOn.some((urn) => urn.endsWith("StatefulSet::minio")));
    assert(inputs.spec.activeDeadlineSeconds < 600);
    assert.equal("ttlSecondsAfterFinished" in inputs.spec, false); // one that vanishes would be made anew by every update
  });

  it("ends the Job for good, and keeps its pod, where a bucket can't get the lock that it should have", async () => {
    const { spec } = named(of, kinds.job, "minio-setup").inputs;
    assert.equal("podFailurePolicy" in spec, false);
    const settings = ["objectLock.mode=governance", "objectLock.period=7d", "keepDeleted=1d"];
    const locked = await preview(...byConfig, ...onEmbedded, ...settings.map((setting) => `objectStore.${setting}`));
    const job = named(locked, kinds.job, "minio-setup").inputs.spec;
    const [{ action, onExitCodes }] = job.podFailurePolicy.rules;
    assert.deepEqual([action, onExitCodes.values], ["FailJob", [3]]);
    assert.equal(onExitCodes.containerName, job.template.spec.containers[0].name);
    assert.equal(job.template.spec.restartPolicy, "Never");
  });

  it("is scraped", () => {
    const [monitor] = ofType(of, "kubernetes:monitoring.coreos.com/v1:ServiceMonitor").filter(
      ({ name }) => name === "minio",
    );
    assert.equal(monitor.inputs.spec.endpoints[0].path, "/minio/v2/metrics/cluster");
  });
});
