import assert from "node:assert/strict";
import { policies } from "../../policy/index";
import { configMap, object, release, runFindings, unknown, type TestResource } from "./support";

// A file with placeholders, and who mounts it: what counts is what the workload sets, and a default only where it sets nothing.

const schema =
  "schema_config: {configs: [{from: 2024-01-01, store: tsdb, object_store: s3, schema: v13, index: {period: 24h}}]}";
const lokiFile = (more: string) =>
  `common: {path_prefix: /loki, storage: {s3: {bucketnames: chunks}}}\n${more.includes("schema_config") ? "" : schema}\n${more}\n`;
const retention = (enabled: string, store = "s3") =>
  lokiFile(
    `limits_config: {retention_period: 30d}\ncompactor: {retention_enabled: ${enabled}, delete_request_store: ${store}}`,
  );
const mimirFile = (ruler: string) =>
  `blocks_storage: {backend: s3, s3: {bucket_name: blocks}}\nruler_storage: {backend: s3, s3: {bucket_name: "${ruler}"}}\ncommon: {storage: {s3: {endpoint: "minio:9000"}}}\n`;

interface Pod {
  env?: unknown;
  envFrom?: unknown;
  args?: unknown;
}

function workload(program: "loki" | "mimir", { args = [], ...container }: Pod): TestResource {
  const image = { loki: "grafana/loki:3.7.1", mimir: "grafana/mimir:3.0.5" }[program];
  const words = Array.isArray(args)
    ? ["-config.file=/etc/x/config.yaml", "-config.expand-env=true", ...(args as unknown[])]
    : args;
  return object("apps/v1", "StatefulSet", {
    metadata: { namespace: "monitoring", name: program },
    spec: {
      template: {
        spec: {
          containers: [
            { name: program, image, args: words, ...container, volumeMounts: [{ name: "c", mountPath: "/etc/x" }] },
          ],
          volumes: [{ name: "c", configMap: { name: "loki" } }],
        },
      },
    },
  });
}

const env = (value: unknown) => ({ env: [{ name: "E", value }] });
const values = (data: unknown, kind = "ConfigMap") =>
  object("core/v1", kind, { metadata: { namespace: "monitoring", name: "values" }, data });

const judged = [
  "retention-requires-delete-request-store",
  "schema-is-tsdb-v13",
  "retention-meets-stack-minimum",
  "configuration-fields-are-known",
  "mimir-storage-is-separate",
].map((name) => policies.find((policy) => policy.name === name)!);

async function said(program: "loki" | "mimir", text: string, pod: Pod, others: TestResource[] = []) {
  return saidOf([configMap(text), ...others, workload(program, pod)]);
}

const messages = (program: "loki" | "mimir", text: string, pod: Pod) =>
  messagesOf([configMap(text), workload(program, pod)]);

async function messagesOf(stack: TestResource[]): Promise<string[]> {
  const messages: string[] = [];
  for (const policy of judged) {
    const { registered, stack: last } = await runFindings(policy, stack);
    messages.push(...registered.flat(), ...last);
  }
  return messages.toSorted();
}

async function saidOf(stack: TestResource[]): Promise<string> {
  const messages = await messagesOf(stack);
  if (messages.length === 0) return "passes";
  return messages.every((message) => message.startsWith("advisory: ")) ? "is advised" : "is refused";
}

describe("a file with a variable that has a default", () => {
  const cases: [
    what: string,
    program: "loki" | "mimir",
    text: string,
    pod: Pod,
    said: string,
    others?: TestResource[],
  ][] = [
    [
      "retention that the workload turns on, without a store",
      "loki",
      retention("${E:-false}", '""'),
      env("true"),
      "is refused",
    ],
    [
      "retention that the workload turns off",
      "loki",
      lokiFile('compactor: {retention_enabled: ${E:-true}, delete_request_store: ""}'),
      env("false"),
      "passes",
    ],
    ["retention by default, without a store", "loki", retention("${E:-true}", '""'), {}, "is refused"],
    ["retention by default, as the variable is empty", "loki", retention("${E:-true}", '""'), env(""), "is refused"],
    ["a store that the workload names", "loki", retention("true", "${E:-}"), env("s3"), "passes"],
    ["a store that nobody names", "loki", retention("true", "${E:-}"), {}, "is refused"],
    ["a store by default", "loki", retention("true", "${E:-s3}"), {}, "passes"],
    [
      "a store of a ConfigMap",
      "loki",
      retention("true", "${E:-}"),
      { envFrom: [{ configMapRef: { name: "values" } }] },
      "passes",
      [values({ E: "s3" })],
    ],
    [
      "a store that a ConfigMap doesn't have",
      "loki",
      retention("true", "${E:-}"),
      { envFrom: [{ configMapRef: { name: "values" } }] },
      "is refused",
      [values({ F: "s3" })],
    ],
    [
      "an older schema of the workload's",
      "loki",
      lokiFile(schema.replace("v13", "${E:-v13}")),
      env("v11"),
      "is refused",
    ],
    ["a newer schema of the workload's", "loki", lokiFile(schema.replace("v13", "${E:-v11}")), env("v13"), "passes"],
    ["a level that Loki lacks", "loki", lokiFile("server: {log_level: ${E:-info}}"), env("loud"), "is refused"],
    ["a level that Loki has", "loki", lokiFile("server: {log_level: ${E:-loud}}"), env("info"), "passes"],
    ["one bucket, by the workload", "mimir", mimirFile("${E:ruler}"), env("blocks"), "is refused"],
    ["two buckets, by the workload", "mimir", mimirFile("${E:blocks}"), env("ruler"), "passes"],
    ["two buckets, by default", "mimir", mimirFile("${E:ruler}"), {}, "passes"],
    ["one bucket, by default", "mimir", mimirFile("${E:blocks}"), {}, "is refused"],
    [
      "the last of two values",
      "mimir",
      mimirFile("${E:ruler}"),
      {
        env: [
          { name: "E", value: "x" },
          { name: "E", value: "blocks" },
        ],
      },
      "is refused",
    ],
    ["a store that a preview doesn't know", "loki", retention("true", "${E:-}"), env(unknown), "is advised"],
    [
      "a store that a preview doesn't know, without a default",
      "loki",
      retention("true", "${E}"),
      env(unknown),
      "is advised",
    ],
    ["a bucket that a preview doesn't know", "mimir", mimirFile("${E:blocks}"), env(unknown), "is advised"],
    [
      "a value of a ConfigMap that a preview doesn't know",
      "loki",
      retention("true", "${E}"),
      { envFrom: [{ configMapRef: { name: "values" } }] },
      "is advised",
      [values({ E: unknown })],
    ],
    [
      "a ConfigMap that a preview doesn't know",
      "loki",
      retention("true", "${E}"),
      { envFrom: [{ configMapRef: { name: "values" } }] },
      "is advised",
      [values(unknown)],
    ],
    ["an environment that a preview doesn't know", "loki", retention("true", "${E:-}"), { env: unknown }, "is advised"],
    [
      "a variable that a preview doesn't know, as an argument",
      "loki",
      retention("true", '""'),
      { ...env(unknown), args: ["-compactor.delete-request-store=$(E)"] },
      "is advised",
    ],
    ["an argument that a preview doesn't know", "loki", retention("true", '""'), { args: [unknown] }, "is advised"],
    ["arguments that a preview doesn't know", "loki", retention("true", '""'), { args: unknown }, "is advised"],
    [
      "a switch that a preview doesn't know, as an argument",
      "loki",
      retention("false", '""'),
      { ...env(unknown), args: ["-compactor.retention-enabled=$(E)"] },
      "is advised",
    ],
  ];
  for (const [what, program, text, pod, expected, others] of cases) {
    it(`${what}: ${expected}`, async () => {
      assert.equal(await said(program, text, pod, others), expected);
    });
  }
});

describe("what a variable stands for", () => {
  const good: Record<string, string> = {
    enabled: "true",
    store: "s3",
    keep: "30d",
    schema: "v13",
    factor: "1",
    level: "info",
    bucket: "ruler",
    prefix: "a",
  };
  const ofLoki = (given: typeof good) =>
    `server: {log_level: ${given.level}}\ncommon: {replication_factor: ${given.factor}, path_prefix: /loki, storage: {s3: {bucketnames: chunks}}}\n` +
    `schema_config: {configs: [{from: 2024-01-01, store: tsdb, object_store: s3, schema: ${given.schema}, index: {period: 24h}}]}\n` +
    `limits_config: {retention_period: ${given.keep}}\ncompactor: {retention_enabled: ${given.enabled}, delete_request_store: ${given.store}}\n`;
  const ofMimir = (given: typeof good) =>
    `${mimirFile(given.bucket)}limits: {compactor_blocks_retention_period: ${given.keep}}\n` +
    `alertmanager_storage: {storage_prefix: ${given.prefix}}\ningester: {ring: {replication_factor: ${given.factor}}}\n`;
  const others: Record<string, string[]> = {
    ...{ enabled: ["false", "maybe"], store: ["gcs", "S3"], keep: ["1h", "0s", "long"], schema: ["v11", "v99"] },
    ...{ factor: ["3", "-1", "x"], level: ["debug", "loud"], bucket: ["blocks", "other"], prefix: ["b", "a/b"] },
  };
  const write = { loki: [ofLoki, "${E:-"], mimir: [ofMimir, "${E:"] } as const;
  for (const program of ["loki", "mimir"] as const) {
    const [textOf, byDefault] = write[program];
    for (const [setting, value] of Object.entries(others).flatMap(([key, list]) =>
      list.map((each) => [key, each] as const),
    )) {
      const at = (text: string) => textOf({ ...good, [setting]: text });
      if (at("x") === at("y")) continue;
      it(`is judged as if it stood there: ${setting} of ${program}, ${value}`, async () => {
        const literal = await messages(program, at(value), {});
        assert.deepEqual(await messages(program, at("${E}"), env(value)), literal);
        assert.deepEqual(await messages(program, at(`${byDefault}none}`), env(value)), literal);
        assert.deepEqual(await messages(program, at(`${byDefault}${value}}`), {}), literal);
      });
    }
  }
});

describe("the values of a chart that a preview doesn't know all of", () => {
  const ofChart = (compactor: object, more: object) =>
    release("loki", {
      loki: {
        schemaConfig: {
          configs: [{ from: "2024-01-01", store: "tsdb", object_store: "s3", schema: "v13", index: { period: "24h" } }],
        },
        storage: { type: "s3", bucketNames: { chunks: "chunks" } },
        compactor: { retention_enabled: true, ...compactor },
      },
      ...more,
    });
  const cases: [what: string, resource: TestResource, said: string][] = [
    [
      "a variable with a default",
      ofChart({ delete_request_store: "${E:-}" }, { singleBinary: { extraEnv: env(unknown).env } }),
      "is advised",
    ],
    [
      "a variable with a value",
      ofChart({ delete_request_store: "${E:-}" }, { singleBinary: { extraEnv: env("s3").env } }),
      "passes",
    ],
    [
      "a variable from a Secret",
      ofChart(
        { delete_request_store: "${E:-s3}" },
        { singleBinary: { extraEnv: [{ name: "E", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }] } },
      ),
      "is refused",
    ],
    ["an argument", ofChart({}, { singleBinary: { extraArgs: ["-config.expand-env=true", unknown] } }), "is advised"],
    [
      "arguments without a store",
      ofChart({}, { singleBinary: { extraArgs: ["-config.expand-env=true"] } }),
      "is refused",
    ],
  ];
  for (const [what, resource, expected] of cases) {
    it(`${what}: ${expected}`, async () => {
      const values = resource.props as { values: { singleBinary: { extraArgs?: unknown[] } } };
      values.values.singleBinary.extraArgs ??= ["-config.expand-env=true"];
      assert.equal(await saidOf([resource]), expected);
    });
  }
});
