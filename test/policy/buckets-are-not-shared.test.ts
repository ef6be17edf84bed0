import assert from "node:assert/strict";
import { stringify } from "yaml";
import { bucketsAreNotShared as policy } from "../../policy/buckets-are-not-shared";
import { goodLoki, goodMimir, type Values } from "./fixtures";
import { object, release, stackFindings, unknown, type TestResource } from "./support";

const map = (name: string, content: Values | string, namespace = "monitoring"): TestResource => ({
  ...object("core/v1", "ConfigMap", {
    metadata: { name, namespace },
    data: { "config.yaml": typeof content === "string" ? content : stringify(content) },
  }),
  name,
});
const loki = (bucketnames: unknown, more: Values = {}, ruler?: Values): Values => ({
  ...goodLoki,
  common: { storage: { s3: { endpoint: "http://minio:9000", bucketnames, ...more } } },
  ...(ruler && { ruler: { storage: { s3: { bucketnames: "rules", endpoint: "minio:9000", ...ruler } } } }),
});
const mimir = (bucket: unknown, more: Values = {}, blocks: Values = {}): Values => ({
  multitenancy_enabled: false,
  common: { storage: { backend: "s3", s3: { endpoint: "minio.monitoring.svc.cluster.local:9000", ...more } } },
  blocks_storage: { s3: { bucket_name: bucket }, ...blocks },
  ruler_storage: { s3: { bucket_name: "mimir-ruler" } },
});

const blocksAt = 'data["config.yaml"]: blocks_storage.s3.bucket_name';
const chunksAt = 'data["config.yaml"]: common.storage.s3.bucketnames';
const awsAt = 'data["config.yaml"]: storage_config.aws.bucketnames';
const chunks = `Loki's chunks and index`;
const shared = (path: string, content: string, place: string, name = "one") =>
  `${path} is "${name}", which ${content} also uses (${place}), in the same object store and with the same prefix; wanted a different bucket than ${content} (${place}), or a different prefix. Each deletes what the other wrote: compaction and retention treat everything there as their own data. Give each a separate bucket.`;
const untold = (path: string, why: string, content: string, place: string) =>
  `${path} is ${why}; wanted a different bucket than ${content} (${place}), or a different prefix. They may share a bucket. If they do, each deletes what the other wrote. Write the literal names.`;
const variable = (name: string) =>
  `taken from the environment variable ${name}, which this resource doesn't show (an unset one is empty)`;
const elsewhere = (name: string) => `taken from the environment variable ${name} (its value is in another object)`;
const ofMimir = `ConfigMap monitoring/mimir: ${blocksAt}`;
const inLoki = `ConfigMap monitoring/loki, ${chunksAt}`;
const sharedByBoth = shared(ofMimir, chunks, inLoki);

/** Pods that mount the ConfigMap of their name. */
const pods = (name: string, container: object): TestResource => ({
  ...object("apps/v1", "StatefulSet", {
    metadata: { name, namespace: "monitoring" },
    spec: { template: { spec: { containers: [container], volumes: [{ configMap: { name } }] } } },
  }),
  name,
});
const variableFrom = (name: string, configMap: string) => ({
  env: [{ name, valueFrom: { configMapKeyRef: { name: configMap, key: "BUCKET_NAME" } } }],
});

interface Case {
  when: string;
  stack: TestResource[];
  finds?: string[];
}

const cases: Case[] = [
  { when: "each has its own", stack: [map("loki", loki("logs")), map("mimir", mimir("blocks"))] },
  { when: "there is one only", stack: [map("mimir", goodMimir)] },
  {
    when: "Mimir's blocks and rules share a bucket in one file, which mimir-storage-is-separate reports",
    stack: [map("mimir", { ...mimir("one"), ruler_storage: { s3: { bucket_name: "one" } } })],
  },
  {
    when: "Loki and Mimir have one bucket",
    stack: [map("loki", loki("one")), map("mimir", mimir("one"))],
    finds: [sharedByBoth],
  },
  {
    when: "an argument moves Mimir's blocks into Loki's bucket",
    stack: [
      map("loki", loki("one")),
      map("mimir", mimir("blocks")),
      pods("mimir", { args: ["-blocks-storage.s3.bucket-name=one"] }),
    ],
    finds: [
      shared(
        "StatefulSet monitoring/mimir: spec.template.spec.containers[0].args: -blocks-storage.s3.bucket-name",
        chunks,
        inLoki,
      ),
    ],
  },
  {
    when: "an argument moves Mimir's blocks out of Loki's bucket",
    stack: [
      map("loki", loki("one")),
      map("mimir", mimir("one")),
      pods("mimir", { args: ["-blocks-storage.s3.bucket-name=blocks"] }),
    ],
  },
  {
    when: "two workloads mount one file",
    stack: [map("loki", loki("one")), pods("loki", {}), { ...pods("loki", {}), name: "second" }],
  },
  {
    when: "Mimir comes first",
    stack: [map("mimir", mimir("one")), map("loki", loki("one"))],
    finds: [
      shared(`ConfigMap monitoring/loki: ${chunksAt}`, "blocks_storage", `ConfigMap monitoring/mimir, ${blocksAt}`),
    ],
  },
  {
    when: "both are in one ConfigMap",
    stack: [
      object("core/v1", "ConfigMap", {
        metadata: { name: "all", namespace: "monitoring" },
        data: { "loki.yaml": stringify(loki("one")), "mimir.yaml": stringify(mimir("one")) },
      }),
    ],
    finds: [
      shared(
        'ConfigMap monitoring/all: data["mimir.yaml"]: blocks_storage.s3.bucket_name',
        chunks,
        'data["loki.yaml"]: common.storage.s3.bucketnames',
      ),
    ],
  },
  {
    when: "Mimir has a prefix in it",
    stack: [map("loki", loki("one")), map("mimir", mimir("one", {}, { storage_prefix: "blocks" }))],
  },
  {
    when: "the object stores are two",
    stack: [map("loki", loki("one")), map("mimir", mimir("one", { endpoint: "nas.example.org:9000" }))],
  },
  ...["minio.monitoring:9000", "HTTP://MINIO:9000/", "minio.monitoring.svc:9000"].map((endpoint) => ({
    when: `the object store is the same by another name (${endpoint})`,
    stack: [map("loki", loki("one", { endpoint })), map("mimir", mimir("one"))],
    finds: [sharedByBoth],
  })),
  {
    when: "it is Amazon's, named or not",
    stack: [
      map("loki", loki("one", { endpoint: undefined })),
      map("mimir", mimir("one", { endpoint: "s3.eu-central-1.amazonaws.com" })),
    ],
    finds: [sharedByBoth],
  },
  {
    when: "Loki's settings are under storage_config",
    stack: [
      map("loki", { ...goodLoki, storage_config: { aws: { endpoint: "minio:9000", bucketnames: "one" } } }),
      map("mimir", mimir("one")),
    ],
    finds: [shared(ofMimir, chunks, `ConfigMap monitoring/loki, ${awsAt}`)],
  },
  {
    when: "Loki's settings are an address",
    stack: [
      map("loki", { ...goodLoki, storage_config: { aws: { s3: "s3://key:secret@minio:9000/one" } } }),
      map("mimir", mimir("one")),
    ],
    finds: [shared(ofMimir, chunks, `ConfigMap monitoring/loki, ${awsAt}`)],
  },
  {
    when: "one of several buckets of Loki's is Mimir's",
    stack: [map("loki", loki("zero,one")), map("mimir", mimir("one"))],
    finds: [sharedByBoth],
  },
  {
    when: "Loki's rules lie with Mimir's blocks",
    stack: [map("loki", loki("logs", {}, { bucketnames: "one" })), map("mimir", mimir("one"))],
    finds: [
      shared(ofMimir, "Loki's rules", 'ConfigMap monitoring/loki, data["config.yaml"]: ruler.storage.s3.bucketnames'),
    ],
  },
  {
    when: "Loki's rules lie with its chunks",
    stack: [map("loki", loki("one", {}, { bucketnames: "one" }))],
  },
  {
    when: "Loki uses Thanos' client with a prefix",
    stack: [
      map("loki", {
        ...goodLoki,
        storage_config: {
          use_thanos_objstore: true,
          object_store: { storage_prefix: "loki", s3: { bucket_name: "one", endpoint: "minio:9000" } },
        },
      }),
      map("mimir", mimir("one")),
    ],
  },
  {
    when: "Loki uses Thanos' client without a prefix",
    stack: [
      map("loki", {
        ...goodLoki,
        storage_config: {
          use_thanos_objstore: true,
          object_store: { s3: { bucket_name: "one", endpoint: "minio:9000" } },
        },
      }),
      map("mimir", mimir("one")),
    ],
    finds: [
      shared(
        ofMimir,
        chunks,
        'ConfigMap monitoring/loki, data["config.yaml"]: storage_config.object_store.s3.bucket_name',
      ),
    ],
  },
  {
    when: "a named store of Loki's is Mimir's bucket",
    stack: [
      map("loki", {
        ...loki("logs"),
        storage_config: { named_stores: { aws: { old: { endpoint: "minio:9000", bucketnames: "one" } } } },
      }),
      map("mimir", mimir("one")),
    ],
    finds: [
      shared(
        ofMimir,
        "Loki's store old",
        'ConfigMap monitoring/loki, data["config.yaml"]: storage_config.named_stores.aws.old.bucketnames',
      ),
    ],
  },
  {
    when: "it is a bucket of Google's",
    stack: [
      map("loki", { ...goodLoki, common: { storage: { gcs: { bucket_name: "one" } } } }),
      map("mimir", {
        ...mimir("x"),
        blocks_storage: { backend: "gcs", gcs: { bucket_name: "one" } },
      }),
    ],
    finds: [
      shared(
        'ConfigMap monitoring/mimir: data["config.yaml"]: blocks_storage.gcs.bucket_name',
        chunks,
        'ConfigMap monitoring/loki, data["config.yaml"]: common.storage.gcs.bucket_name',
      ),
    ],
  },
  {
    when: "they are containers of two accounts",
    stack: [
      map("loki", { ...goodLoki, common: { storage: { azure: { container_name: "one", account_name: "a" } } } }),
      map("mimir", {
        ...mimir("x"),
        blocks_storage: { backend: "azure", azure: { container_name: "one", account_name: "b" } },
      }),
    ],
  },
  {
    when: "one installation has a file for each of its parts",
    stack: [
      map("loki-read", loki("logs")),
      map("loki-write", loki("logs")),
      map("mimir-read", mimir("blocks")),
      map("mimir-write", mimir("blocks")),
    ],
  },
  {
    when: "one part of Mimir's has its rules where another has the blocks",
    stack: [
      map("mimir", mimir("one")),
      map("mimir-ruler", { ...mimir("blocks"), ruler_storage: { s3: { bucket_name: "one" } } }),
    ],
    finds: [
      shared(
        'ConfigMap monitoring/mimir-ruler: data["config.yaml"]: ruler_storage.s3.bucket_name',
        "blocks_storage",
        `ConfigMap monitoring/mimir, ${blocksAt}`,
      ),
    ],
  },
  {
    when: "two installations of Loki have one bucket",
    stack: [map("loki", loki("one")), map("loki", loki("one", { endpoint: "minio.monitoring:9000" }), "second")],
    finds: [shared(`ConfigMap second/loki: ${chunksAt}`, chunks, inLoki)],
  },
  {
    when: "two releases of Loki's chart in a namespace have one bucket",
    stack: ["first", "second"].map((name) => {
      const storage = { type: "s3", bucketNames: { chunks: "one" }, s3: { endpoint: "minio:9000" } };
      const { props, ...rest } = release("loki", { loki: { storage } });
      return { ...rest, name, props: { ...props, name } };
    }),
    finds: [
      shared(
        "Release monitoring/second: values.loki.storage.bucketNames.chunks",
        chunks,
        "Release monitoring/first, values.loki.storage.bucketNames.chunks",
      ),
    ],
  },
  {
    when: "two installations of Loki have one bucket in the MinIO of each namespace",
    stack: [map("loki", loki("one")), map("loki", loki("one"), "second")],
  },
  {
    when: "the charts bring a MinIO each",
    stack: [
      { ...release("mimir-distributed", { mimir: { structuredConfig: {} } }), name: "a" },
      {
        ...release("mimir-distributed", { mimir: { structuredConfig: {} } }),
        name: "b",
        props: { chart: "mimir-distributed", name: "b", namespace: "b", values: { mimir: { structuredConfig: {} } } },
      },
    ],
  },
  {
    when: "Loki's chart names the bucket of a native Mimir",
    stack: [
      map("mimir", mimir("one")),
      release("loki", {
        loki: {
          schemaConfig: goodLoki.schema_config,
          storage: {
            type: "s3",
            bucketNames: { chunks: "one", ruler: "rules" },
            s3: { endpoint: "http://minio:9000" },
          },
        },
      }),
    ],
    finds: [
      shared(
        "Release monitoring/loki: values.loki.storage.bucketNames.chunks",
        "blocks_storage",
        `ConfigMap monitoring/mimir, ${blocksAt}`,
      ),
    ],
  },
  {
    when: "their names are variables whose values the pods show to be the same",
    stack: [
      map("loki", loki("${BUCKET}")),
      pods("loki", { env: [{ name: "BUCKET", value: "one" }] }),
      map("mimir", mimir("one")),
    ],
    finds: [sharedByBoth],
  },
  {
    when: "their names are variables whose values the pods show to differ",
    stack: [
      map("loki", loki("${BUCKET}")),
      pods("loki", { env: [{ name: "BUCKET", value: "logs" }] }),
      map("mimir", mimir("${BUCKET}")),
      pods("mimir", { env: [{ name: "BUCKET", value: "blocks" }] }),
    ],
  },
  {
    when: "their names come from two claims for buckets",
    stack: [
      map("loki", loki("${BUCKET}")),
      pods("loki", variableFrom("BUCKET", "loki-bucket")),
      map("mimir", { ...mimir("${BUCKET}"), ruler_storage: { backend: "local" } }),
      pods("mimir", variableFrom("BUCKET", "mimir-bucket")),
    ],
  },
  {
    when: "their names come from one claim for a bucket",
    stack: [
      map("loki", loki("${BUCKET}")),
      pods("loki", variableFrom("BUCKET", "bucket")),
      map("mimir", { ...mimir("${BUCKET}"), ruler_storage: { backend: "local" } }),
      pods("mimir", variableFrom("BUCKET", "bucket")),
    ],
    finds: [sharedByBoth.replace('"one"', elsewhere("BUCKET"))],
  },
  {
    when: "the name of one comes from a ConfigMap of the stack, and is that of the other",
    stack: [
      map("loki", loki("${BUCKET}")),
      pods("loki", variableFrom("BUCKET", "names")),
      object("core/v1", "ConfigMap", {
        metadata: { name: "names", namespace: "monitoring" },
        data: { BUCKET_NAME: "one" },
      }),
      map("mimir", mimir("one")),
    ],
    finds: [sharedByBoth],
  },
  {
    when: "their names come from one ConfigMap as a whole",
    stack: [
      map("loki", loki("${BUCKET}")),
      pods("loki", { envFrom: [{ configMapRef: { name: "bucket" } }] }),
      map("mimir", { ...mimir("${BUCKET}"), ruler_storage: { backend: "local" } }),
      pods("mimir", { envFrom: [{ configMapRef: { name: "bucket" } }] }),
    ],
    finds: [sharedByBoth.replace('"one"', elsewhere("BUCKET"))],
  },
  {
    when: "a name is a variable of which nothing is known",
    stack: [map("loki", loki("${BUCKET}")), map("mimir", mimir("blocks", {}))],
    finds: [
      untold(ofMimir, variable("BUCKET"), chunks, inLoki),
      untold(
        'ConfigMap monitoring/mimir: data["config.yaml"]: ruler_storage.s3.bucket_name',
        variable("BUCKET"),
        chunks,
        inLoki,
      ),
    ],
  },
  {
    when: "a variable is followed by what it is for",
    stack: [
      map("loki", loki("${NAME}-loki")),
      map("mimir", { ...mimir("${NAME}-mimir"), ruler_storage: { backend: "local" } }),
    ],
  },
  {
    when: "a preview doesn't know a bucket",
    stack: [
      map("loki", loki("logs")),
      release("mimir-distributed", {
        minio: { enabled: false },
        alertmanager: { enabled: false },
        mimir: {
          structuredConfig: {
            common: { storage: { backend: "s3", s3: { endpoint: "minio:9000" } } },
            blocks_storage: { s3: { bucket_name: unknown } },
            ruler_storage: { s3: { bucket_name: "rules" } },
          },
        },
      }),
    ],
    finds: [
      "advisory: string value at .values.mimir.structuredConfig.blocks_storage.s3.bucket_name can't be known during preview",
    ],
  },
];

describe("buckets-are-not-shared", () => {
  for (const { when, stack, finds = [] } of cases) {
    it(`${finds.length > 0 ? "refuses it" : "accepts it"} when ${when}`, async () => {
      assert.deepEqual(await stackFindings(policy, stack), finds);
    });
  }
});
