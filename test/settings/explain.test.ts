import assert from "node:assert/strict";
import { checkSettings } from "../../settings/check";
import { parseSettings } from "../../settings/load";
import { linesOf, problemsOf } from "./support";

const messageOf = (raw: Record<string, unknown>): string => {
  try {
    parseSettings(raw, { stack: "staging" });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("no problem was found");
};

describe("the message about settings", () => {
  it("names the key, the value found, what is allowed and an example", () => {
    assert.equal(
      messageOf({ loki: { retention: "30 days" } }),
      [
        "Stack staging: 1 problem in the settings.",
        '  observability:loki.retention: "30 days" is not a duration',
        "      allowed: a duration of at least 24h: a number and a unit (h, d, w, y), no spaces",
        '      example: "30d"',
      ].join("\n"),
    );
  });

  it("names every problem at once, of the settings by themselves and of one against another", () => {
    assert.equal(
      messageOf({
        stage: "dual",
        buckets: { loki: "Loki" },
        loki: { mode: "simple-scalable", replicationFactor: 3, write: { replicas: 2 }, retentoin: "7d" },
      }),
      [
        "Stack staging: 4 problems in the settings.",
        '  observability:stage: "dual" is not one of the allowed values',
        "      allowed: loki, dual-write, mimir-default, victoria-metrics-default, kps-removed",
        '      example: "loki"',
        '  observability:buckets.loki: "Loki" is not a bucket name',
        "      allowed: 3 to 63 lower-case letters, digits, '-' and '.', not an IP address",
        '      example: "loki-production"',
        '  observability:loki.retentoin: "7d" is set here, but there is no such setting; did you mean loki.retention?',
        "      allowed: mode, former, replicationFactor, retention, retentionMinimum, retentionStreams, retentionDeleteDelay, retentionDeleteWorkers, compactionInterval, schemaConfigs, storage, storageClass, patternIngester, structuredMetadata, volume, logAlerts, limits, singleBinary, write, read, backend, distributed, caches, gateway, ingress, route, canary, logLevel",
        "  observability:loki.replicationFactor: 3 is more than the 2 replicas of loki.write: Loki would refuse every line",
        "      allowed: 1 to 2, or more replicas",
        "      example: 2",
      ].join("\n"),
    );
  });

  // [what is tried, raw settings, `key what`]
  const cases: [string, unknown, string][] = [
    [
      "an unknown stage",
      { stage: "dualwrite" },
      'stage "dualwrite" is not one of the allowed values; did you mean dual-write?',
    ],
    ["zero replicas", { loki: { write: { replicas: 0 } } }, "loki.write.replicas 0 is too small"],
    ["half a replica", { loki: { write: { replicas: 1.5 } } }, "loki.write.replicas 1.5 is not a whole number"],
    ["a number too large", { monitors: { etcd: { port: 70000 } } }, "monitors.etcd.port 70000 is too large"],
    ["text for a number", { loki: { replicationFactor: "two" } }, 'loki.replicationFactor "two" is text, not a number'],
    ["a number for true or false", { grafana: { create: 1 } }, "grafana.create 1 is a number, not true or false"],
    ["text for an object", { namespace: "monitoring" }, 'namespace "monitoring" is text, not an object'],
    ["a list for an object", { cluster: [] }, "cluster [] is a list, not an object"],
    ["an object for a list", { cluster: { nodes: {} } }, "cluster.nodes {} is an object, not a list"],
    ["a key without a value", { loki: null }, "loki is empty"],
    [
      "an unknown key at the top",
      { clustr: {} },
      "clustr {} is set here, but there is no such setting; did you mean cluster?",
    ],
    ["an unknown key that is far from every other", { zzz: 1 }, "zzz 1 is set here, but there is no such setting"],
    [
      "a key in the wrong place",
      { loki: { queryTimeout: "1m" } },
      'loki.queryTimeout "1m" is set here, but there is no such setting; did you mean loki.limits.queryTimeout?',
    ],
    [
      "a key of several other places",
      { retention: "30d" },
      'retention "30d" is set here, but there is no such setting; did you mean loki.retention or kps.retention or mimir.retention or victoriaMetrics.retention?',
    ],
    [
      "a key of so many other places that none of them is a help",
      { logs: { vector: { enabled: true } } },
      "logs.vector.enabled true is set here, but there is no such setting",
    ],
    [
      "two values where one is chosen",
      { logs: { agent: ["alloy", "vector"] } },
      'logs.agent ["alloy","vector"] is a list; choose one value',
    ],
    [
      "a key of another kind of object store",
      { objectStore: { kind: "embedded", endpoint: "http://nas:9000" } },
      'objectStore.endpoint "http://nas:9000" is set here, but there is no such setting of kind embedded',
    ],
    [
      "object lock where the provider can't set its period",
      { objectStore: { kind: "minio", objectLock: 1 } },
      "objectStore.objectLock 1 is set here, but there is no such setting of kind minio: the MinIO provider can't set the period of a lock. Create the buckets with mc, and name them in importBuckets: docs/backup.md#object-lock",
    ],
    [
      "object lock of a bucket that somebody else makes",
      { objectStore: { kind: "existing", objectLock: 1 } },
      "objectStore.objectLock 1 is set here, but there is no such setting of kind existing: set it where the buckets are managed: docs/backup.md#object-lock",
    ],
    [
      "an unknown kind of object store",
      { objectStore: { kind: "Minio" } },
      'objectStore.kind "Minio" is not one of the allowed values; did you mean minio?',
    ],
    ["an object store without a kind", { objectStore: { storage: "1Gi" } }, "objectStore.kind is missing"],
    ["an object store without its address", { objectStore: { kind: "existing" } }, "objectStore.endpoint is missing"],
    [
      "something missing in a list",
      { cluster: { nodes: [{ name: "pi", arch: "arm64", memory: "8Gi" }] } },
      "cluster.nodes[0].cpu is missing",
    ],
    [
      "a label's key that Kubernetes refuses",
      { cluster: { nodeSelector: { "a b": "c" } } },
      'cluster.nodeSelector["a b"] the key "a b" is not the key of a label',
    ],
    [
      "a Service that there is none of",
      { networkPolicies: { allow: { "loki-gatway": ["shop"] } } },
      'networkPolicies.allow.loki-gatway ["shop"] is set here, but there is no such setting; did you mean networkPolicies.allow.loki-gateway?',
    ],
    [
      "an unknown secret",
      { secrets: { onepassword: { vault: "abcdefghijklmnopqrstuvwxyz", items: { pushovr: "x" } } } },
      'secrets.onepassword.items.pushovr "x" is set here, but there is no such setting; did you mean secrets.onepassword.items.pushover?',
    ],
    [
      "an image without a tag",
      { images: { loki: "grafana/loki" } },
      'images.loki "grafana/loki" is not an image reference with an exact tag',
    ],
    ["a bucket name in capitals", { buckets: { loki: "LOKI" } }, 'buckets.loki "LOKI" is not a bucket name'],
    [
      "a scheme in the MinIO provider's address",
      { objectStore: { kind: "minio", endpoint: "http://nas:9000", providerAddress: "http://nas:9000" } },
      'objectStore.providerAddress "http://nas:9000" has a scheme in it',
    ],
    ["claims without a storage class", { objectStore: { kind: "claim" } }, "objectStore.bucketClass is missing"],
    [
      "days where Loki reads a duration of Go",
      { loki: { retentionDeleteDelay: "1d" } },
      'loki.retentionDeleteDelay "1d" is not a duration of Go',
    ],
    ["a retention that Loki can't keep", { loki: { retention: "12h" } }, 'loki.retention "12h" is shorter than a day'],
    [
      "a cache that is too small for what Loki puts there",
      { loki: { caches: { results: { size: "8Mi" } } } },
      'loki.caches.results.size "8Mi" is less than 64Mi: memcached takes no item above half of its memory, and Loki\'s have up to 5 MiB',
    ],
    [
      "a quantity that Kubernetes refuses",
      { loki: { storage: "10GB" } },
      'loki.storage "10GB" is not an amount of bytes',
    ],
    ...(
      [
        ["/var/log/pods/shop/x.log", "is collected already"],
        ["/var/log/journal", "is collected already"],
        ["/var/log/*/*/*/*.log", "matches /var/log/pods, which is collected already"],
        ["/var/log/c*/x.log", "matches /var/log/containers, which is collected already"],
        ["/var/log/**", "has ** in it, which would go through every folder"],
        ["/var/log/app/**/x.log", "has ** in it, which would go through every folder"],
        ["/var/log/./pods/x.log", "is not a file below /var/log"],
        ["/var/log/../../etc/shadow", "is not a file below /var/log"],
      ] as const
    ).map(([path, what]): [string, unknown, string] => [
      `the file ${path} of a node`,
      { logs: { nodeFiles: [path] } },
      `logs.nodeFiles[0] "${path}" ${what}`,
    ]),
    ["no object at all", "loki", ' "loki" is text, not an object'],
  ];
  for (const [tried, raw, expected] of cases) {
    it(`says what is wrong with ${tried}, and what is allowed instead`, () => {
      assert.ok(linesOf(raw).includes(expected), linesOf(raw).join("\n"));
      assert.ok(problemsOf(raw).every(({ allowed }) => allowed));
    });
  }

  it("allows files of nodes with * in them that are no pods' and no journal's", () => {
    const nodeFiles = ["/var/log/syslog", "/var/log/*", "/var/log/*.log", "/var/log/pods.log", "/var/log/nginx*/*.log"];
    assert.deepEqual(linesOf({ logs: { nodeFiles } }), []);
  });

  it("gives an example that is allowed", () => {
    const wrong = {
      cluster: { nodes: [{ name: "pi", arch: "arm64", cpu: "four", memory: "8 GB", count: 0 }], dnsDomain: "A_B" },
      loki: { retention: "x", write: { replicas: 0 }, limits: { perStreamRateLimit: "5" }, compactionInterval: "1d" },
      kps: { retentionSize: "x", chartVersion: "^88", releaseName: "A" },
      objectStore: { kind: "minio", endpoint: "nas", providerAddress: "nas" },
      exporters: { kubeStateMetrics: { labelsAllowlist: ["pods"] } },
      grafana: { ingress: { host: "https://g" } },
    };
    const fixed = structuredClone(wrong) as Record<string, unknown>;
    const problems = problemsOf(wrong);
    assert.equal(problems.length, 15);
    for (const { key, example } of problems) {
      const steps = key.match(/[^.[\]]+/g) ?? [];
      const parent = steps.slice(0, -1).reduce((v, step) => v[step] as Record<string, unknown>, fixed);
      parent[steps.at(-1)!] = example;
    }
    assert.deepEqual(
      problemsOf(fixed).filter(({ key }) => problems.some((p) => p.key === key)),
      [],
    );
  });

  it("shortens a long value", () => {
    const [{ what }] = problemsOf({ loki: { retention: "x".repeat(5000) } });
    assert.ok(what.length < 200);
  });
});

describe("a secret in the settings", () => {
  const secret = "hunter2hunter2";
  const shows = (raw: unknown, secretKeys: string[] = []) =>
    JSON.stringify(checkSettings(raw, { secretKeys }).problems).includes(secret);

  it("is never shown from secretValues, whatever is wrong with it", () => {
    assert.ok(!shows({ secretValues: { pushover: { tokn: secret } } }));
    assert.ok(!shows({ secretValues: { pushovr: { token: secret } } }));
    assert.ok(!shows({ secretValues: { pushover: secret } }));
    assert.ok(!shows({ secretValues: secret }));
    assert.ok(!shows({ secretValues: { heartbeat: { url: { nested: secret } } } }));
  });

  it("is never shown from a setting that Pulumi holds as a secret, neither by itself nor against another", () => {
    assert.ok(shows({ loki: { retention: secret } }), "the case is no test");
    assert.ok(!shows({ loki: { retention: secret } }, ["loki"]));
    const twice = { buckets: { loki: secret, mimirRuler: secret } };
    assert.ok(shows(twice), "the case is no test");
    assert.ok(!shows(twice, ["buckets"]));
  });

  it("is not shown where it is written beside a receiver or a data source instead of as a given secret or a file", () => {
    for (const [kind, field] of [
      ...[
        ["pushover", "token"],
        ["pushover", "userKey"],
        ["slack", "url"],
        ["discord", "url"],
      ],
      ...[
        ["telegram", "botToken"],
        ["email", "password"],
        ["pagerduty", "routingKey"],
        ["webhook", "token"],
      ],
    ]) {
      const raw = { alertmanager: { receivers: { phone: { kind, [field]: secret } } } };
      assert.ok(!shows(raw), `${kind}.${field}`);
      assert.match(linesOf(raw).join(), new RegExp(`receivers\\.phone\\.${field} \\[secret\\]`));
    }
    assert.ok(
      !shows({ grafana: { dataSources: [{ name: "T", uid: "t", type: "x", secureJsonData: { p: secret } }] } }),
    );
  });

  it("is not shown from a URL", () => {
    const raw = { alertmanager: { webhook: `http://me:${secret}@example.org/` } };
    assert.ok(!shows(raw));
    assert.match(linesOf(raw).join(), /has a user name or password in it/);
  });
});
