import assert from "node:assert/strict";
import { parse } from "yaml";
import { images } from "../../../components/images";
import { Loki } from "../../../components/loki/loki";
import { podWith } from "../../../components/object-storage/applications";
import type { SecretRef } from "../../../components/secrets/types";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled, type Recorded, type Registered } from "../../support/mocks";

const credentials: SecretRef = {
  name: "loki-object-store",
  keys: { AWS_ACCESS_KEY_ID: "AWS_ACCESS_KEY_ID", AWS_SECRET_ACCESS_KEY: "AWS_SECRET_ACCESS_KEY" },
  version: "1",
};

async function made(raw: object = {}, secret: SecretRef = credentials): Promise<{ loki: Loki; recorded: Recorded }> {
  const recorded = mockPulumi();
  const settings = settingsSchema.parse({ loki: raw });
  const loki = new Loki(
    "loki",
    {
      environment: { namespace: "monitoring", dnsDomain: "cluster.local", nodeSelector: {}, tolerations: [] },
      settings: settings.loki,
      images: images({}, "loki", "loki-canary", "memcached", "nginx"),
      storage: {
        connection: { endpoint: "http://minio:9000", region: "us-east-1", forcePathStyle: true },
        buckets: { loki: "loki" },
        pod: podWith("loki", secret),
      },
      alertmanagerUrl: "http://alertmanager:9093",
      agent: "alloy",
    },
    {},
  );
  await settled();
  return { loki, recorded };
}
const scalable = { mode: "simple-scalable" };
const distributed = { mode: "distributed", patternIngester: true };

const ofKind = ({ resources }: Recorded, kind: string) => resources.filter(({ type }) => type.endsWith(`:${kind}`));
const one = (recorded: Recorded, kind: string, name: string): Registered["inputs"] => {
  const found = ofKind(recorded, kind).find(({ inputs }) => inputs.metadata.name === name);
  assert(found, `no ${kind} ${name}`);
  return found.inputs;
};
const names = (recorded: Recorded, kind: string) =>
  ofKind(recorded, kind)
    .map(({ inputs }) => inputs.metadata.name)
    .sort();
const workloads = (recorded: Recorded) =>
  ["StatefulSet", "Deployment", "DaemonSet"].flatMap((kind) => ofKind(recorded, kind).map(({ inputs }) => inputs));
const runsLoki = (recorded: Recorded) => workloads(recorded).filter(({ spec }) => targetOf(spec));
const targetOf = (spec: Registered["inputs"]) =>
  spec.template.spec.containers[0].args
    ?.find((arg: string) => arg.startsWith("-target="))
    ?.slice("-target=".length)
    .replace("tenant-configs,", "");

/** Whether a Service's selector matches a workload's pods. */
const selects = (selector: Record<string, string>, { spec }: Registered["inputs"]) =>
  Object.entries(selector).every(([key, value]) => spec.template.metadata.labels[key] === value);

describe("Loki", () => {
  it("is one StatefulSet as a single binary, and write, read and backend as Simple Scalable", async () => {
    const single = (await made()).recorded;
    assert.deepEqual(names(single, "StatefulSet"), ["loki"]);
    assert.deepEqual(names(single, "Deployment"), ["loki-gateway"]);
    assert.equal(targetOf(one(single, "StatefulSet", "loki").spec), "all");

    const apart = (await made(scalable)).recorded;
    assert.deepEqual(names(apart, "StatefulSet"), ["loki-backend", "loki-write"]);
    assert.deepEqual(names(apart, "Deployment"), ["loki-gateway", "loki-read"]);
    for (const { metadata, spec } of runsLoki(apart)) assert.equal(metadata.name, `loki-${targetOf(spec)}`);
  });

  it("has its settings by tenant before what takes lines in: in another order it panics at the first one", async () => {
    for (const args of [undefined, scalable, distributed])
      assert.deepEqual(
        runsLoki((await made(args)).recorded)
          .filter(({ spec }) =>
            spec.template.spec.containers[0].args.some((arg: string) => /=tenant-configs,/.test(arg)),
          )
          .map(({ spec }) => targetOf(spec)),
        [args === undefined ? "all" : args === scalable ? "write" : "distributor"],
      );
  });

  it("is a workload of each component as distributed: those that keep something with volumes, and a pattern ingester only on request", async () => {
    const apart = (await made(distributed)).recorded;
    assert.deepEqual(names(apart, "StatefulSet"), ["loki-compactor", "loki-index-gateway", "loki-ingester"]);
    const stateless = ["distributor", "pattern-ingester", "querier", "query-frontend", "query-scheduler", "ruler"];
    assert.deepEqual(names(apart, "Deployment"), [...stateless, "gateway"].map((name) => `loki-${name}`).sort());
    for (const { metadata, spec } of runsLoki(apart)) assert.equal(metadata.name, `loki-${targetOf(spec)}`);
    // Those with one replica have none: it would keep their node from being drained.
    const several = [
      "distributor",
      "gateway",
      "index-gateway",
      "ingester",
      "querier",
      "query-frontend",
      "query-scheduler",
    ];
    assert.deepEqual(
      names(apart, "PodDisruptionBudget"),
      several.map((name) => `loki-${name}`),
    );
    const without = (await made({ mode: "distributed" })).recorded;
    assert.ok(!names(without, "Deployment").includes("loki-pattern-ingester"));
  });

  it("has more workers in each querier than one query may occupy, in every mode", async () => {
    for (const [settings, queriers] of [
      [{}, 1],
      [{ singleBinary: { replicas: 3 }, replicationFactor: 3 }, 3],
      [scalable, 3],
      [distributed, 3],
    ] as const) {
      const { recorded } = await made(settings);
      const { querier, limits_config, storage_config } = parse(one(recorded, "ConfigMap", "loki").data["config.yaml"]);
      for (const limit of ["max_query_parallelism", "tsdb_max_query_parallelism"])
        assert.equal(limits_config[limit], 4 * queriers, JSON.stringify(settings));
      assert.ok(querier.max_concurrent >= 8 * (limits_config.max_query_parallelism / queriers));
      // By default four with fifty each.
      assert.ok(querier.max_concurrent * storage_config.max_chunk_batch_size < 1.5 * (4 * 50));
    }
  });

  it("keeps chunks in memory only where something reads them, not in what only writes", async () => {
    for (const [settings, writers] of [
      [{}, []],
      [scalable, ["write"]],
      [distributed, ["ingester"]],
    ] as const) {
      const { recorded } = await made(settings);
      const without = runsLoki(recorded).filter(({ spec }) =>
        spec.template.spec.containers[0].args.includes("-store.chunks-cache.embedded-cache.enabled=false"),
      );
      assert.deepEqual(
        without.map(({ spec }) => targetOf(spec)),
        writers,
      );
    }
  });

  it("has its caches in StatefulSets without volumes, which no process of Loki waits for", async () => {
    const raw = { ...distributed, caches: { chunks: { size: "1Gi", replicas: 2 }, results: {} } };
    const { recorded } = await made(raw);
    const caches = ["loki-chunks-cache", "loki-results-cache"];
    assert.deepEqual(
      names(recorded, "StatefulSet").filter((name) => name.endsWith("-cache")),
      caches,
    );
    for (const name of caches) {
      const workload = one(recorded, "StatefulSet", name);
      assert.equal(workload.spec.volumeClaimTemplates, undefined);
      const service = one(recorded, "Service", name).spec;
      assert.equal(service.clusterIP, "None");
      // Its records are asked for by this name: `_memcached._tcp.…`.
      assert.deepEqual(service.ports, [{ name: "memcached", port: 11211, targetPort: "memcached" }]);
      assert.equal(workload.spec.serviceName, name);
      assert.ok(selects(service.selector, workload));
      const [{ resources, args }] = workload.spec.template.spec.containers;
      const megabytes = Number(/--memory-limit=(\d+)/.exec(args.join(" "))?.[1]);
      assert.equal(resources.limits.memory, resources.requests.memory);
      assert.equal(Number(resources.limits.memory), Math.ceil(megabytes * 2 ** 20 * 1.2));
    }
    assert.equal(one(recorded, "StatefulSet", caches[0]).spec.replicas, 2);
    assert.ok(names(recorded, "PodDisruptionBudget").includes(caches[0]));
    assert.ok(!names(recorded, "PodDisruptionBudget").includes(caches[1]));
    for (const { spec } of runsLoki(recorded)) assert.doesNotMatch(targetOf(spec), /cache/);
    // Not gossip, and no target of Loki's monitor: they have no metrics of their own.
    const { selector } = one(recorded, "Service", "loki-memberlist").spec;
    for (const name of caches) assert.ok(!selects(selector, one(recorded, "StatefulSet", name)));
  });

  it("keeps the former mode's pods as they are while it becomes distributed, but for their file and the writers that are left", async () => {
    const { loki, recorded } = await made({ ...distributed, former: { mode: "simple-scalable", writers: 2 } });
    assert.equal(one(recorded, "StatefulSet", "loki-write").spec.replicas, 2);
    assert.equal(one(recorded, "StatefulSet", "loki-ingester").spec.replicas, 3);
    const file = one(recorded, "ConfigMap", "loki").data["former.yaml"];
    assert.equal(
      file,
      one((await made({ ...scalable, patternIngester: true })).recorded, "ConfigMap", "loki").data["config.yaml"],
    );
    assert.match(loki.pushUrl, /loki-distributor\./);
  });

  it("runs both modes in one ring while it changes, each with its own configuration, and with the writers that are left", async () => {
    const former = { former: { mode: "simple-scalable", writers: 1 } };
    const { recorded } = await made(former);
    assert.deepEqual(names(recorded, "StatefulSet"), ["loki", "loki-backend", "loki-write"]);
    assert.equal(one(recorded, "StatefulSet", "loki-write").spec.replicas, 1);
    const { selector } = one(recorded, "Service", "loki-memberlist").spec;
    for (const workload of runsLoki(recorded)) assert.ok(selects(selector, workload), workload.metadata.name);

    // Each has the configuration that it has by itself, and no pod restarts because a writer leaves or when the former mode is gone.
    const templates = (all: Recorded) =>
      new Map(runsLoki(all).map(({ metadata, spec }) => [metadata.name as string, spec.template]));
    const fileOf = (all: Recorded, key: string) => one(all, "ConfigMap", "loki").data[key];
    const [single, apart] = [(await made()).recorded, (await made(scalable)).recorded];
    assert.equal(fileOf(recorded, "config.yaml"), fileOf(single, "config.yaml"));
    assert.equal(fileOf(recorded, "former.yaml"), fileOf(apart, "config.yaml"));
    assert.deepEqual(templates(recorded).get("loki"), templates(single).get("loki"));
    const all = (await made({ former: { mode: "simple-scalable" } })).recorded;
    assert.deepEqual(templates(recorded), templates(all));
    for (const [name, { spec }] of templates(recorded))
      assert.ok(
        spec.containers[0].args.includes(`-config.file=/etc/loki/config/${name === "loki" ? "config" : "former"}.yaml`),
        name,
      );
  });

  it("is found where seed 004 says, in both modes", async () => {
    const { loki, recorded } = await made(scalable);
    assert.equal(loki.pushUrl, "http://loki-write.monitoring.svc.cluster.local:3100/loki/api/v1/push");
    assert.equal(loki.queryUrl, "http://loki-gateway.monitoring.svc.cluster.local");
    const port = (service: string) => one(recorded, "Service", service).spec.ports[0].port;
    assert.deepEqual(["loki-gateway", "loki-write", "loki-read"].map(port), [80, 3100, 3100]);

    const single = await made();
    assert.equal(single.loki.pushUrl, "http://loki.monitoring.svc.cluster.local:3100/loki/api/v1/push");
    assert.equal(single.loki.queryUrl, loki.queryUrl);
    assert.equal(one(single.recorded, "Service", "loki").spec.ports[0].port, 3100);
  });

  it("sends each Service's requests to the pods of its own workload", async () => {
    for (const raw of [{}, scalable, distributed]) {
      const { recorded } = await made(raw);
      for (const { inputs } of ofKind(recorded, "Service")) {
        const { name } = inputs.metadata;
        if (name === "loki-memberlist") continue;
        const found = workloads(recorded).filter((workload) => selects(inputs.spec.selector, workload));
        assert.deepEqual(
          found.map(({ metadata }) => metadata.name),
          [name.replace(/-headless$/, "")],
        );
        for (const { targetPort } of inputs.spec.ports) {
          if (targetPort === undefined) continue;
          const { ports } = found[0].spec.template.spec.containers[0];
          assert(
            ports.some((port: { name: string }) => port.name === targetPort),
            `${name} ${targetPort}`,
          );
        }
      }
    }
  });

  it("gossips with every pod of Loki that isn't ready yet, and with no gateway", async () => {
    const { recorded } = await made(scalable);
    const { spec } = one(recorded, "Service", "loki-memberlist");
    assert.equal(spec.publishNotReadyAddresses, true);
    assert.equal(spec.clusterIP, "None");
    const members = workloads(recorded).filter((workload) => selects(spec.selector, workload));
    assert.deepEqual(members.map(({ metadata }) => metadata.name).sort(), ["loki-backend", "loki-read", "loki-write"]);
  });

  it("keeps writers' and backends' data on volumes that outlive them, and readers' on none", async () => {
    const { recorded } = await made({ ...scalable, storage: "7Gi", storageClass: "fast" });
    for (const name of ["loki-write", "loki-backend"]) {
      const { spec } = one(recorded, "StatefulSet", name);
      const [claim] = spec.volumeClaimTemplates;
      assert.equal(spec.persistentVolumeClaimRetentionPolicy.whenDeleted, "Retain");
      assert.equal(spec.persistentVolumeClaimRetentionPolicy.whenScaled, "Retain");
      assert.deepEqual([claim.spec.resources.requests.storage, claim.spec.storageClassName], ["7Gi", "fast"]);
      assert.equal(spec.serviceName, `${name}-headless`);
      assert.equal(one(recorded, "Service", spec.serviceName).spec.clusterIP, "None");
      assert.equal(spec.podManagementPolicy, "Parallel");
    }
    const { volumes } = one(recorded, "Deployment", "loki-read").spec.template.spec;
    assert.deepEqual(volumes.find(({ name }: { name: string }) => name === "data").emptyDir, {});
  });

  it("writes to its volume where its configuration says", async () => {
    const { recorded } = await made();
    const { containers } = one(recorded, "StatefulSet", "loki").spec.template.spec;
    const mounts: { name: string; mountPath: string }[] = containers[0].volumeMounts;
    const config = parse(one(recorded, "ConfigMap", "loki").data["config.yaml"]);
    const data = mounts.find(({ name }) => name === "data")?.mountPath;
    assert.equal(config.common.path_prefix, data);
    assert(config.ingester.wal.dir.startsWith(`${data}/`));
    const configFile = containers[0].args.find((arg: string) => arg.startsWith("-config.file="));
    assert.equal(configFile, `-config.file=${mounts.find(({ name }) => name === "config")?.mountPath}/config.yaml`);
  });

  it("takes the object store's keys from its Secret, under the names that an existing one has", async () => {
    const keys = { AWS_ACCESS_KEY_ID: "access-key", AWS_SECRET_ACCESS_KEY: "secret-key" };
    const { recorded } = await made(scalable, { name: "loki-s3-secret", keys, version: "" });
    assert.equal(runsLoki(recorded).length, 3);
    for (const { spec } of runsLoki(recorded)) {
      const { env } = spec.template.spec.containers[0];
      const from = (name: string) => env.find((each: { name: string }) => each.name === name).valueFrom.secretKeyRef;
      assert.deepEqual(from("AWS_ACCESS_KEY_ID"), { name: "loki-s3-secret", key: "access-key" });
      assert.deepEqual(from("AWS_SECRET_ACCESS_KEY"), { name: "loki-s3-secret", key: "secret-key" });
    }
  });

  it("restarts its pods when its configuration or its key changes, and otherwise not", async () => {
    const annotations = async (raw: object, version = "1") => {
      const { recorded } = await made(raw, { ...credentials, version });
      return one(recorded, "StatefulSet", "loki").spec.template.metadata.annotations;
    };
    assert.deepEqual(await annotations({}), await annotations({}));
    assert.notDeepEqual(await annotations({}), await annotations({ retention: "31d" }));
    assert.notDeepEqual(await annotations({}), await annotations({}, "2"));
  });

  it("restarts its gateway when that one's configuration changes", async () => {
    const annotations = async (raw: object) =>
      one((await made(raw)).recorded, "Deployment", "loki-gateway").spec.template.metadata.annotations;
    assert.deepEqual(await annotations({}), await annotations({ retention: "31d" }));
    assert.notDeepEqual(await annotations({}), await annotations(scalable));
  });

  it("has a gateway that goes on answering until no Service sends it requests any more", async () => {
    const { spec } = one((await made({})).recorded, "Deployment", "loki-gateway").spec.template;
    assert.deepEqual(spec.containers[0].lifecycle.preStop, { exec: { command: ["sleep", "5"] } });
    assert.ok(spec.terminationGracePeriodSeconds > 5);
  });

  it("is drained one pod at a time and prefers nodes of its own, where it has several pods", async () => {
    const { recorded } = await made({ ...scalable, read: { replicas: 1 }, gateway: { replicas: 1 } });
    assert.deepEqual(names(recorded, "PodDisruptionBudget"), ["loki-backend", "loki-write"]);
    for (const { metadata, spec } of workloads(recorded).filter(({ kind }) => kind !== "DaemonSet")) {
      const spread = spec.template.spec.affinity.podAntiAffinity;
      assert.equal(spread !== undefined, (spec.replicas ?? 1) > 1, metadata.name);
    }
    for (const { inputs } of ofKind(recorded, "PodDisruptionBudget")) {
      const { metadata, spec } = inputs;
      const { selector } = one(recorded, "StatefulSet", metadata.name).spec;
      assert.deepEqual(spec, { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector });
    }
    assert.deepEqual(names((await made({ gateway: { replicas: 1 } })).recorded, "PodDisruptionBudget"), []);
  });

  it("has each pod scraped once: by the Services of workloads, by no headless one", async () => {
    for (const raw of [{}, scalable]) {
      const { recorded } = await made(raw);
      const { spec } = one(recorded, "ServiceMonitor", "loki");
      const services = ofKind(recorded, "Service")
        .map(({ inputs }) => inputs)
        .filter(({ metadata }) =>
          Object.entries(spec.selector.matchLabels).every(([key, value]) => metadata.labels[key] === value),
        )
        .filter(({ spec: { ports } }) => ports.some(({ name }: { name: string }) => name === spec.endpoints[0].port));
      assert.deepEqual(
        services.map(({ metadata }) => metadata.name).sort(),
        runsLoki(recorded)
          .map(({ metadata }) => metadata.name)
          .sort(),
      );
    }
  });

  it('runs a canary on every node, each with a stream of its own, that is asked for by {app="loki-canary"}', async () => {
    const { recorded } = await made();
    const { spec } = one(recorded, "DaemonSet", "loki-canary").spec.template;
    const [{ args, env }] = spec.containers;
    const flags = Object.fromEntries(args.map((arg: string) => arg.slice(1).split("=")));
    assert.deepEqual([flags.labelname, flags.labelvalue, flags.push], ["app", "loki-canary", "true"]);
    assert.equal(flags.addr, "loki-gateway.monitoring.svc.cluster.local:80");
    assert.equal(flags.streamvalue, "$(NODE_NAME)");
    assert.equal(env[0].valueFrom.fieldRef.fieldPath, "spec.nodeName");
    // What the collector labels lines with, the canary must not ask for: it would read its own log.
    const collected = ["cluster", "namespace", "pod", "container", "job", "stream", "container_runtime", "node"];
    assert(!collected.includes(flags.streamname), flags.streamname);
    assert.deepEqual(spec.tolerations, [{ operator: "Exists" }]);
  });

  it("has no canary where the settings want none", async () => {
    const { recorded } = await made({ canary: false });
    assert.equal(ofKind(recorded, "DaemonSet").length, 0);
    assert.deepEqual(names(recorded, "ServiceMonitor"), ["loki"]);
  });

  it("gives every container requests, a memory limit, probes and no privilege, and no pod a token", async () => {
    const { recorded } = await made(scalable);
    assert.equal(workloads(recorded).length, 5);
    for (const { metadata, spec } of workloads(recorded)) {
      const pod = spec.template.spec;
      assert.equal(pod.automountServiceAccountToken, false, metadata.name);
      assert.equal(pod.securityContext.runAsNonRoot, true, metadata.name);
      assert(names(recorded, "ServiceAccount").includes(pod.serviceAccountName), pod.serviceAccountName);
      for (const container of pod.containers) {
        assert(container.resources.requests.cpu && container.resources.requests.memory, metadata.name);
        assert(container.resources.limits.memory, metadata.name);
        assert(container.readinessProbe, metadata.name);
        assert.equal(container.securityContext.readOnlyRootFilesystem, true, metadata.name);
        assert.deepEqual(container.securityContext.capabilities, { drop: ["ALL"] }, metadata.name);
      }
    }
  });

  it("collects garbage before it is killed: Go's limit is below the container's", async () => {
    const { recorded } = await made({ singleBinary: { resources: { limits: { memory: "1Gi" } } } });
    const { env } = one(recorded, "StatefulSet", "loki").spec.template.spec.containers[0];
    const limit = Number(env.find(({ name }: { name: string }) => name === "GOMEMLIMIT").value);
    assert(limit > 2 ** 29 && limit < 2 ** 30, String(limit));
    // Far from it too, more often than Go by default (100).
    assert.equal(env.find(({ name }: { name: string }) => name === "GOGC").value, "50");
  });

  it("gives what has a volume at least a minute to flush, and three writers together less than an update waits", async () => {
    const { recorded } = await made(scalable);
    for (const { inputs } of ofKind(recorded, "StatefulSet")) {
      const { terminationGracePeriodSeconds: grace } = inputs.spec.template.spec;
      assert(grace >= 60 && 3 * grace < 600, String(grace));
    }
  });

  it("mounts the stack's rules of lines and any others beside them, as the rules of the one tenant", async () => {
    const { recorded } = await made(scalable);
    const { data } = one(recorded, "ConfigMap", "loki-rules");
    const { groups } = parse(data["logs.yaml"]) as { groups: { rules: { alert: string }[] }[] };
    assert(groups.flatMap(({ rules }) => rules).some(({ alert }) => alert === "LogErrorsHigh"));
    for (const { spec } of runsLoki(recorded)) {
      const { containers, volumes } = spec.template.spec;
      const mount = containers[0].volumeMounts.find(({ name }: { name: string }) => name === "rules");
      assert.deepEqual([mount.mountPath, mount.readOnly], ["/etc/loki/rules/fake", true]);
      const { sources } = volumes.find(({ name }: { name: string }) => name === "rules").projected;
      assert.deepEqual(sources, [
        { configMap: { name: "loki-rules" } },
        { configMap: { name: "loki-rules-own", optional: true } },
      ]);
    }
  });

  it("leaves rules to the bucket where the settings say so", async () => {
    const { recorded } = await made({ logAlerts: false });
    assert.deepEqual(names(recorded, "ConfigMap").includes("loki-rules"), false);
    const { volumes } = one(recorded, "StatefulSet", "loki").spec.template.spec;
    assert(!volumes.some(({ name }: { name: string }) => name === "rules"));
  });
});
