import assert from "node:assert/strict";
import { stringify } from "yaml";
import { mimirStorageIsSeparate as policy } from "../../policy/mimir-storage-is-separate";
import { cases, changed, file, goodMimir, inFile, type Values } from "./fixtures";
import { configMap, findings, object, release, runFindings, stackFindings, unknown } from "./support";

const wanted = "wanted a different bucket than blocks_storage, or a different storage_prefix.";
const same = (place: string, found = '"mimir"', block = "ruler_storage") =>
  `${place} is ${found}, as in blocks_storage, with the same storage_prefix; ${wanted} Mimir refuses to start: "storage prefix cannot be the same as the one used in blocks storage config". Give it a separate bucket, or storage_prefix: ${block.replace("_storage", "")} in ${block}.`;
const untold = (place: string, found: string) =>
  `${place} is ${found}; ${wanted} It may be the bucket of the blocks. If it is, Mimir refuses to start. Write the literal name, or storage_prefix: ruler beside it.`;
const variable = (name: string) =>
  `taken from the environment variable ${name}, which this resource doesn't show (an unset one is empty)`;
const elsewhere = (name: string) => `taken from the environment variable ${name} (its value is in another object)`;
const rulerBucket = `${inFile}ruler_storage.s3.bucket_name`;
const buckets = (blocks: string, ruler: string): Values => ({
  blocks_storage: { backend: "s3", s3: { bucket_name: blocks } },
  ruler_storage: { backend: "s3", s3: { bucket_name: ruler } },
});
const folders = (blocks: string, ruler: string): Values => ({
  blocks_storage: { backend: "filesystem", filesystem: { dir: blocks } },
  ruler_storage: { backend: "filesystem", filesystem: { dir: ruler } },
});
const overlapping = (found: string) =>
  `${inFile}ruler_storage.filesystem.dir is ${found}; wanted a folder outside that of blocks_storage. Mimir refuses to start: folders "cannot overlap". Give ruler_storage a folder next to that of the blocks.`;
const badPrefix = (place: string, found: string) =>
  `${place} is ${found}; wanted letters and digits. Remove all other characters: Mimir refuses to start with them. In its placeholders, the default follows directly after the colon: \${VAR:default}.`;
const pod = (args: string[]) =>
  object("apps/v1", "StatefulSet", {
    metadata: { name: "mimir" },
    spec: { template: { spec: { containers: [{ name: "mimir", args }] } } },
  });
const chart = (structuredConfig: Values, values: Values = {}) =>
  release("mimir-distributed", { mimir: { structuredConfig }, ...values });
const inChart = "Release monitoring/mimir-distributed: values.mimir.structuredConfig";
const s3 = (bucket_name: string) => ({ backend: "s3", s3: { bucket_name } });

describe("mimir-storage-is-separate", () => {
  cases(policy, [
    { when: "one bucket has a prefix for each", given: file(goodMimir) },
    { when: "each has a bucket of its own", given: file(buckets("mimir-blocks", "mimir-ruler")) },
    {
      when: "the ruler has neither bucket nor prefix of its own",
      given: file(changed(changed(goodMimir, "ruler_storage", undefined), "blocks_storage", {})),
      finds: [same(rulerBucket)],
    },
    {
      when: "both have the same bucket",
      given: file(buckets("mimir", "mimir")),
      finds: [same(rulerBucket)],
    },
    {
      when: "both have the same prefix in the same bucket",
      given: file(changed(goodMimir, "ruler_storage.storage_prefix", "blocks")),
      finds: [same(rulerBucket)],
    },
    {
      when: "no bucket is named at all",
      given: file({ multitenancy_enabled: false, common: { storage: { backend: "s3" } } }),
      finds: [same(rulerBucket, "missing")],
    },
    {
      when: "the bucket is null in both",
      given: file({
        ...buckets("x", "x"),
        blocks_storage: { backend: "s3", s3: null },
        ruler_storage: { backend: "s3" },
      }),
      finds: [same(rulerBucket, "missing")],
    },
    {
      when: "the blocks' backend is another",
      given: file({ ...buckets("mimir", "mimir"), ruler_storage: { backend: "gcs", gcs: { bucket_name: "mimir" } } }),
    },
    {
      when: "the ruler's rules are local files",
      given: file({ ...buckets("m", "m"), ruler_storage: { backend: "local" } }),
    },
    {
      when: "the ruler's rules are local files, and the blocks' backend is a variable",
      given: file({
        ...buckets("m", "m"),
        blocks_storage: { backend: "${BACKEND}" },
        ruler_storage: { backend: "local" },
      }),
    },
    {
      when: "the Alertmanager's state lies with the blocks",
      given: file({ ...goodMimir, alertmanager_storage: { storage_prefix: "blocks" } }),
      finds: [same(`${inFile}alertmanager_storage.s3.bucket_name`, '"mimir"', "alertmanager_storage")],
    },
    {
      when: "rules and alerts share a bucket, which Mimir allows",
      given: file({ ...goodMimir, alertmanager_storage: { storage_prefix: "ruler" } }),
    },
    {
      when: "the Alertmanager doesn't run",
      given: file({ ...goodMimir, target: "all", alertmanager_storage: { storage_prefix: "blocks" } }),
    },
    {
      when: "the buckets are two variables",
      given: file(buckets("${BLOCKS}", "${RULER}")),
      finds: [untold(rulerBucket, variable("BLOCKS"))],
    },
    {
      when: "the buckets are the same variable",
      given: file(buckets("${BUCKET}", "${BUCKET}")),
      finds: [same(rulerBucket, variable("BUCKET"))],
    },
    { when: "a variable is followed by what it is for", given: file(buckets("${NAME}-blocks", "${NAME}-ruler")) },
    {
      when: "the buckets are two variables and a prefix tells them apart",
      given: file(changed(buckets("${BLOCKS}", "${RULER}"), "ruler_storage.storage_prefix", "ruler")),
    },
    {
      when: "the variables have defaults in Mimir's form",
      given: file(buckets("${BLOCKS:mimir}", "${RULER:mimir}")),
      finds: [same(rulerBucket)],
    },
    {
      when: "a prefix has a default in Loki's form, whose dash Mimir takes for a part of it",
      given: file(changed(goodMimir, "ruler_storage.storage_prefix", "${PREFIX:-ruler}")),
      finds: [badPrefix(`${inFile}ruler_storage.storage_prefix`, '"-ruler"')],
    },
    {
      when: "a prefix is a path",
      given: file(changed(goodMimir, "blocks_storage.storage_prefix", "mimir/blocks")),
      finds: [badPrefix(`${inFile}blocks_storage.storage_prefix`, "a text of 12 characters")],
    },
    { when: "the folders lie side by side", given: file(folders("/data/blocks", "/data/ruler")) },
    { when: "the folders are Mimir's defaults", given: file({ multitenancy_enabled: false }) },
    {
      when: "the folder is the same",
      given: file(folders("/data", "/data")),
      finds: [overlapping('"/data"')],
    },
    {
      when: "the rules' folder is in the blocks'",
      given: file(folders("/data/", "/data/ruler")),
      finds: [overlapping('"/data/ruler"')],
    },
    {
      when: "a second document would tell them apart, which Mimir doesn't read",
      given: configMap(
        "blocks_storage: {backend: s3, s3: {bucket_name: m}}\nruler_storage: {backend: s3, s3: {bucket_name: m}}\n---\nblocks_storage: {storage_prefix: b}\n",
      ),
      finds: [same(rulerBucket, '"m"')],
    },
    { when: "it is a Loki configuration", given: file({ schema_config: {}, ruler_storage: { backend: "s3" } }) },
  ]);

  describe("in the chart mimir-distributed", () => {
    cases(policy, [
      { when: "its own MinIO is used", given: chart({}) },
      {
        when: "the values name buckets",
        given: chart(
          { blocks_storage: s3("blocks"), ruler_storage: s3("ruler"), alertmanager_storage: s3("alerts") },
          { minio: { enabled: false } },
        ),
      },
      {
        when: "the values name one bucket for all",
        given: chart(
          { common: { storage: s3("mimir") } },
          { minio: { enabled: false }, alertmanager: { enabled: false } },
        ),
        finds: [same(`${inChart}.ruler_storage.s3.bucket_name`)],
      },
      {
        when: "the values forget the Alertmanager, which the chart runs",
        given: chart(
          { common: { storage: s3("mimir") }, ruler_storage: { storage_prefix: "ruler" } },
          { minio: { enabled: false } },
        ),
        finds: [same(`${inChart}.alertmanager_storage.s3.bucket_name`, '"mimir"', "alertmanager_storage")],
      },
      {
        when: "the values lay one over the chart's own",
        given: chart({ ruler_storage: s3("mimir-tsdb") }),
        finds: [same(`${inChart}.ruler_storage.s3.bucket_name`, '"mimir-tsdb"')],
      },
      {
        when: "the text config is the chart's own template",
        given: release("mimir-distributed", {
          mimir: {
            config:
              'blocks_storage:\n  backend: s3\n  {{- if .Values.minio.enabled }}\n  s3:\n    bucket_name: {{ include "mimir.minioBucketPrefix" . }}-tsdb\n  {{- end }}\nruler_storage:\n  backend: s3\n  s3:\n    bucket_name: {{ include "mimir.minioBucketPrefix" . }}-ruler\n',
          },
        }),
      },
      {
        when: "the text config names one bucket",
        given: release("mimir-distributed", {
          mimir: {
            config:
              "common: {storage: {backend: s3, s3: {bucket_name: m}}}\nblocks_storage:\n  tsdb: {dir: {{ .x }}}\n",
          },
        }),
        finds: [same("Release monitoring/mimir-distributed: values.mimir.config: ruler_storage.s3.bucket_name", '"m"')],
      },
      {
        when: "it is a sub-chart",
        given: release("metrics", {
          "mimir-distributed": {
            minio: { enabled: false },
            alertmanager: { enabled: false },
            mimir: { structuredConfig: { common: { storage: s3("m") } } },
          },
        }),
        finds: [
          same(
            "Release monitoring/metrics: values.mimir-distributed.mimir.structuredConfig.ruler_storage.s3.bucket_name",
            '"m"',
          ),
        ],
      },
      {
        when: "the chart's environment tells the buckets apart",
        given: chart(
          { ...buckets("${BLOCKS}", "${RULER}") },
          {
            alertmanager: { enabled: false },
            global: {
              extraEnv: [
                { name: "BLOCKS", value: "b" },
                { name: "RULER", value: "r" },
              ],
            },
          },
        ),
      },
      {
        when: "a preview doesn't know a bucket",
        given: chart({ blocks_storage: s3("b"), ruler_storage: s3(unknown) }, { alertmanager: { enabled: false } }),
        finds: [
          "advisory: string value at .values.mimir.structuredConfig.ruler_storage.s3.bucket_name can't be known during preview",
        ],
      },
    ]);
  });

  describe("in arguments", () => {
    const place = "StatefulSet mimir: spec.template.spec.containers[0].args: ";
    cases(policy, [
      {
        when: "they name one bucket for both",
        given: pod([
          "-config.file=/etc/mimir.yaml",
          "-blocks-storage.backend=s3",
          "-blocks-storage.s3.bucket-name=m",
          "-ruler-storage.backend=s3",
          "-ruler-storage.s3.bucket-name=m",
        ]),
        finds: [same(`${place}-ruler-storage.s3.bucket-name`, '"m"')],
      },
      {
        when: "they name one bucket for all, and there is no file",
        given: pod(["-common.storage.backend=s3", "-common.storage.s3.bucket-name=m"]),
        finds: [same(`${place}-ruler-storage.s3.bucket-name`, '"m"')],
      },
      {
        when: "they name the bucket for all, and a file may tell them apart",
        given: pod(["-config.file=/etc/mimir.yaml", "-common.storage.backend=s3", "-common.storage.s3.bucket-name=m"]),
      },
      { when: "they name no storage", given: pod(["-target=all", "-config.file=/etc/mimir.yaml"]) },
    ]);

    const mounting = (...args: string[]) =>
      object("apps/v1", "StatefulSet", {
        metadata: { namespace: "monitoring", name: "mimir" },
        spec: {
          template: {
            spec: { containers: [{ name: "mimir", args }], volumes: [{ name: "c", configMap: { name: "loki" } }] },
          },
        },
      });
    const two = file({
      common: { storage: { backend: "s3" } },
      blocks_storage: { s3: { bucket_name: "blocks" } },
      ruler_storage: { s3: { bucket_name: "ruler" } },
    });

    it("refuses an argument that gives the rules the bucket that the file gives the blocks", async () => {
      assert.deepEqual(await findings(policy, two), []);
      assert.deepEqual(await stackFindings(policy, [two, mounting("-target=all")]), []);
      const given = mounting("-config.file=/etc/mimir.yaml", "-ruler-storage.s3.bucket-name=blocks");
      assert.deepEqual(await findings(policy, given), []);
      assert.deepEqual(await stackFindings(policy, [two, given]), [
        same(
          "StatefulSet monitoring/mimir: spec.template.spec.containers[0].args: -ruler-storage.s3.bucket-name",
          '"blocks"',
        ),
      ]);
    });
  });

  describe("where no ruler runs", () => {
    const one = buckets("mimir", "mimir");
    const withTarget = (target: string) => file({ ...one, target });
    cases(policy, [
      {
        when: "the chart has it switched off",
        given: chart(one, { ruler: { enabled: false }, alertmanager: { enabled: false } }),
      },
      { when: "the file has a target without it", given: withTarget("ingester,distributor") },
      { when: "the file has a target with it", given: withTarget("ingester, ruler"), finds: [same(rulerBucket)] },
      { when: "the file has everything for a target", given: withTarget("all"), finds: [same(rulerBucket)] },
    ]);

    it("accepts it of those who mount the file without it, and refuses it of one with it", async () => {
      const reader = (target: string) => ({
        ...object("apps/v1", "StatefulSet", {
          metadata: { name: target, namespace: "monitoring" },
          spec: {
            template: {
              spec: {
                containers: [{ name: "mimir", args: [`-target=${target}`] }],
                volumes: [{ name: "config", configMap: { name: "loki" } }],
              },
            },
          },
        }),
        name: target,
      });
      const stack = [file(one), reader("ingester"), reader("distributor")];
      const { registered, stack: last } = await runFindings(policy, stack);
      assert.deepEqual([...registered.flat(), ...last], []);
      assert.deepEqual(await stackFindings(policy, [...stack, reader("ruler")]), [same(rulerBucket)]);
    });
  });

  describe("where a file's buckets are variables of the pods that mount it", () => {
    const stack = (env: object[], config: Values) => [
      configMap(stringify(config)),
      object("apps/v1", "StatefulSet", {
        metadata: { name: "mimir", namespace: "monitoring" },
        spec: {
          template: {
            spec: {
              containers: [{ name: "mimir", args: ["-config.file=/etc/mimir/config.yaml"], env }],
              volumes: [{ name: "config", configMap: { name: "loki" } }],
            },
          },
        },
      }),
    ];
    const of = (name: string, claim: string) => ({
      name,
      valueFrom: { configMapKeyRef: { name: claim, key: "BUCKET_NAME" } },
    });
    const two = buckets("${BLOCKS}", "${RULER}");

    it("accepts two claims", async () => {
      assert.deepEqual(await stackFindings(policy, stack([of("BLOCKS", "blocks"), of("RULER", "ruler")], two)), []);
    });

    it("refuses two variables of one claim, unless a prefix tells the stores apart", async () => {
      const env = [of("BLOCKS", "mimir"), of("RULER", "mimir")];
      assert.deepEqual(await stackFindings(policy, stack(env, two)), [same(rulerBucket, elsewhere("RULER"))]);
      const prefixed = changed(two, "ruler_storage.storage_prefix", "ruler");
      assert.deepEqual(await stackFindings(policy, stack(env, prefixed)), []);
    });

    it("refuses two variables with one value, and those that the pods don't have", async () => {
      const one = [
        { name: "BLOCKS", value: "mimir" },
        { name: "RULER", value: "mimir" },
      ];
      assert.deepEqual(await stackFindings(policy, stack(one, two)), [same(rulerBucket, '"mimir"')]);
      assert.deepEqual(await stackFindings(policy, stack([], two)), [untold(rulerBucket, variable("BLOCKS"))]);
    });
  });
});
