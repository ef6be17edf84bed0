import assert from "node:assert/strict";
import { stringify } from "yaml";
import { configurationFieldsAreKnown as policy } from "../../policy/configuration-fields-are-known";
import { settingsTakeEffect } from "../../policy/settings-take-effect";
import { cases, changed, file, type Case, goodLoki, goodMimir, inFile, lokiChart, type Values } from "./fixtures";
import { configMap, findings, object, release, stackFindings } from "./support";

const unknown = (place: string, wanted = "the key removed", more = "", program = "Loki 3.7") =>
  `${place} is a setting that ${program} doesn't know; wanted ${wanted}. ${program.split(" ")[0]} refuses to start: "field ${/[\w-]+$/.exec(place)?.[0]} not found". Correct the key, or remove it.${more}`;
const unfit = (place: string, found: string, wanted: string, program = "Loki") =>
  `${place} is ${found}; wanted ${wanted}. ${program} refuses to start: "cannot unmarshal". Correct the value.`;
const refusedText = (place: string, found: string, wanted: string, program: string) =>
  `${place} is "${found}"; wanted ${wanted}. ${program} refuses to start with it. Correct the value.`;
const loki = (path: string, value: unknown) => file(changed(goodLoki, path, value));
const mimir = (path: string, value: unknown) => configMap(stringify(changed(goodMimir, path, value)));
const index = { prefix: "index_", period: "24h" };
const period = (more: Values) => [
  { from: "2024-04-01", store: "tsdb", object_store: "s3", schema: "v13", index, ...more },
];
const goDuration = "a duration in hours, minutes and seconds such as 36h (Go's, which has no days)";

const isOauth = (value: unknown) => typeof value === "object" && value !== null && "oauth2" in value;

describe("configuration-fields-are-known", () => {
  describe("of values that are checked when the program starts", () => {
    const starts = (place: string, what: string, name = "Loki") =>
      `${inFile}${place} is ${what}. ${name} refuses to start with it. Correct the value.`;
    const tried: { path: string; bad: unknown; finds: string; good: unknown; of?: Values; version?: string }[] = [
      {
        path: "ruler.remote_write",
        bad: { enabled: true },
        finds: "enabled without a client; wanted clients with at least one that has a url, or enabled: false",
        good: { enabled: true, clients: { mimir: { url: "http://mimir/api/v1/push" } } },
      },
      {
        path: "ruler.remote_write.clients.mimir",
        bad: { name: "mimir" },
        finds: "without url; wanted url",
        good: { url: "http://mimir/api/v1/push" },
      },
      {
        path: "ruler.remote_write.clients.mimir",
        bad: { url: "http://mimir", oauth2: { token_url: "http://idp" } },
        finds: "without client_id or token_url; wanted client_id and token_url",
        good: { url: "http://mimir", oauth2: { client_id: "${ID}", token_url: "http://idp" } },
      },
      {
        path: "limits_config.otlp_config.log_attributes",
        bad: [{ action: "drop" }],
        finds: "a block with neither or both of attributes and regex; wanted one of the two",
        good: [{ action: "drop", regex: "a.*" }],
      },
      {
        path: "limits_config.tsdb_sharding_strategy",
        bad: "bound",
        finds: '"bound"; wanted power_of_two or bounded',
        good: "bounded",
      },
      {
        path: "limits_config.bloom_block_encoding",
        bad: "zip",
        finds: '"zip"; wanted snappy, gzip, zstd, lz4 or none',
        good: "SNAPPY",
      },
      {
        path: "ingester.flush_op_backoff.max_retries",
        bad: 0,
        finds: "0; wanted 1 or more",
        good: 10,
      },
      {
        path: "schema_config.configs.0.index.path_prefix",
        bad: "/x/",
        finds: "a text of 3 characters; wanted a prefix that ends with / and doesn't begin with it, such as index/",
        good: "x/",
      },
      {
        path: "compactor.compaction_jobs_order",
        bad: "oldest",
        finds: '"oldest"; wanted smallest-range-oldest-blocks-first or newest-blocks-first',
        good: "newest-blocks-first",
        of: goodMimir,
      },
      {
        path: "blocks_storage.bucket_store.index_cache.backend",
        bad: "disk",
        finds: '"disk"; wanted inmemory or memcached',
        good: "inmemory",
        of: goodMimir,
      },
      {
        path: "compactor.max_opening_blocks_concurrency",
        bad: 0,
        finds: "0; wanted 1 or more",
        good: 1,
        of: goodMimir,
      },
    ];
    cases(
      policy,
      tried.flatMap(({ path, bad, finds, good, of = goodLoki }) => {
        const below = Array.isArray(bad) ? "[0]" : isOauth(bad) ? ".oauth2" : "";
        const place = path.replace(".0.", "[0].") + below;
        return [
          {
            when: `${place} is ${JSON.stringify(bad)}`,
            given: file(changed(of, path, bad)),
            finds: [starts(place, finds, of === goodMimir ? "Mimir" : "Loki")],
          },
          { when: `${path} is ${JSON.stringify(good)}`, given: file(changed(of, path, good)) },
        ];
      }),
    );
    const members = (version: string) =>
      lokiChart({
        memberlistConfig: {},
        image: { tag: version },
        structuredConfig: { memberlist: { join_members: "loki:7946" } },
      });
    cases(policy, [
      {
        when: "the members of a ring are a text for Loki 3.6",
        given: members("3.6.3"),
        finds: [
          "Release monitoring/loki: values.loki.structuredConfig.memberlist.join_members is a text of 9 characters; wanted a list, such as [loki-memberlist:7946]. Loki refuses to start with it. Correct the value.",
        ],
      },
      { when: "they are a text for Loki 3.7, which takes it", given: members("3.7.1") },
      {
        when: "a second store in common is only a key",
        given: file(changed(goodLoki, "common.storage", { gcs: { bucket_name: "loki" }, s3: null })),
        finds: [
          `${inFile}common.storage is several stores: gcs and s3; wanted one of them. Loki refuses to start: "too many storage configs provided in the common config". Remove the one that isn't used. A further store belongs in storage_config.`,
        ],
      },
    ]);
  });

  it("leaves a variable and a template in a block of names alone", async () => {
    const limit = (value: string) =>
      configMap(
        stringify(goodMimir).replace(
          "limits:",
          `limits:\n  ruler_max_rules_per_rule_group_by_namespace: {home: ${value}}`,
        ),
      );
    for (const known of ["${LIMIT}", "{{ .Values.limit }}", "5"])
      assert.deepEqual(await findings(policy, limit(known)), [], known);
    assert.equal((await findings(policy, limit("LIMIT"))).length, 1);
  });

  it("refuses an empty key in a chart's values, which Helm passes on where the chart has no default", async () => {
    const given = lokiChart({
      structuredConfig: { compactor: { max_compaction_parallelism: null, worker_config: null }, query_rnge: null },
      limits_config: { deletion_mode: null },
    });
    assert.deepEqual(
      (await findings(policy, given))
        .map((each) => /^Release monitoring\/loki: values\.loki\.(.*?);/.exec(each)?.[1])
        .sort(),
      [
        "limits_config.deletion_mode is empty",
        "structuredConfig.compactor.max_compaction_parallelism is empty",
        "structuredConfig.compactor.worker_config is empty",
        "structuredConfig.query_rnge is a setting that Loki 3.7 doesn't know",
      ],
    );
  });

  describe("of keys", () => {
    cases(policy, [
      { when: "Loki knows each", given: file(goodLoki) },
      { when: "Mimir knows each", given: configMap(stringify(goodMimir)) },
      { when: "a value in quotes is reported by another policy", given: loki("compactor.retention_enabled", "true") },
      {
        when: "Mimir's common has a replication factor, as Loki's does",
        given: mimir("common.replication_factor", 3),
        finds: [
          unknown(
            `${inFile}common.replication_factor`,
            "the key removed",
            " A setting of that name is at alertmanager.sharding_ring.replication_factor, ingester.ring.replication_factor, store_gateway.sharding_ring.replication_factor.",
            "Mimir 3.0",
          ),
        ],
      },
      {
        when: "Mimir's compactor has a switch of Loki's",
        given: mimir("compactor.retention_enabled", true),
        finds: [unknown(`${inFile}compactor.retention_enabled`, "the key removed", "", "Mimir 3.0")],
      },
      {
        when: "a block of Loki's is misspelt",
        given: loki("compactr", { working_directory: "/loki" }),
        finds: [unknown(`${inFile}compactr`, "compactor, or the key removed")],
      },
      {
        when: "a setting is misspelt",
        given: loki("limits_config.rentention_period", "30d"),
        finds: [unknown(`${inFile}limits_config.rentention_period`, "retention_period, or the key removed")],
      },
      ...["compactor", "limits_config", "ruler", "server"].map((block) => ({
        when: `${block} is an empty block`,
        given: loki(block, null),
        finds: [
          `${inFile}${block} is empty; wanted a block of settings, or the key removed. An empty block zeroes all of its defaults, and Loki refuses to start. Remove the key, or write the settings there.`,
        ],
      })),
      { when: "an empty block is one that Loki can do without", given: loki("querier", null) },
      {
        when: "a block within a block is empty",
        given: loki("storage_config.tsdb_shipper", null),
        finds: [
          `${inFile}storage_config.tsdb_shipper is empty; wanted a block of settings, or the key removed. An empty block zeroes all of its defaults, and Loki refuses to start. Remove the key, or write the settings there.`,
        ],
      },
      {
        when: "a setting is empty whose zero Loki refuses",
        given: loki("compactor.max_compaction_parallelism", null),
        finds: [
          `${inFile}compactor.max_compaction_parallelism is empty; wanted 1 or more, or the key removed. A key without a value isn't the default but 0, and Loki refuses to start with it. Write a value, or remove the key.`,
        ],
      },
      { when: "a setting is empty whose zero Loki takes", given: loki("limits_config.retention_period", null) },
      {
        when: "an empty store stands in values beside that of the chart",
        given: lokiChart({ structuredConfig: { common: { storage: { gcs: null } } } }),
        finds: [
          `Release monitoring/loki: values.loki.structuredConfig.common.storage is several stores: gcs and the chart's own; wanted one of them. Loki refuses to start: "too many storage configs provided in the common config". Remove the one that isn't used. A further store belongs in storage_config.`,
        ],
      },
      {
        when: "an empty key of a chart's values takes away the default of the chart",
        given: lokiChart({ storage_config: { bloom_shipper: { working_directory: null }, tsdb_shipper: null } }),
      },
      {
        when: "an empty setting of Mimir's keeps its default",
        given: mimir("compactor.max_opening_blocks_concurrency", null),
      },
      {
        when: "it is that of Grafana Enterprise Logs, which has more",
        given: file({
          ...goodLoki,
          license: { path: "/etc/loki/license.jwt" },
          admin_client: {},
          cluster_name: "loki",
        }),
      },
      {
        when: "it is that of Grafana Enterprise Metrics, which has more",
        given: file({ ...goodMimir, license: { path: "/license.jwt" }, admin_api: {}, instrumentation: {} }),
      },
      {
        when: "more keys are unknown than anybody mends at once, of which fifty are told",
        given: file({ ...goodLoki, ...Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`zz_${at}`, 1])) }),
        finds: Array.from({ length: 50 }, (_, at) => unknown(`${inFile}zz_${at}`)),
      },
      {
        when: "two stores stand in common, of which Loki takes one",
        given: loki("common.storage", { filesystem: { chunks_directory: "/loki" }, s3: { bucketnames: "loki" } }),
        finds: [
          `${inFile}common.storage is several stores: filesystem and s3; wanted one of them. Loki refuses to start: "too many storage configs provided in the common config". Remove the one that isn't used. A further store belongs in storage_config.`,
        ],
      },
      {
        when: "the other store in common is an empty block",
        given: loki("common.storage", { filesystem: {}, s3: { bucketnames: "loki" } }),
      },
      {
        when: "an unknown key is null",
        given: loki("query_rnge", null),
        finds: [unknown(`${inFile}query_rnge`, "query_range, or the key removed")],
      },
      {
        when: "it stands in a list",
        given: loki("schema_config.configs", period({ objectstore: "s3" })),
        finds: [unknown(`${inFile}schema_config.configs[0].objectstore`, "object_store, or the key removed")],
      },
      {
        when: "it stands under a name of somebody's own",
        given: loki("storage_config.named_stores", { aws: { main: { bucketname: "loki" } } }),
        finds: [unknown(`${inFile}storage_config.named_stores.aws.main.bucketname`, "bucketnames, or the key removed")],
      },
      { when: "names are somebody's own", given: loki("storage_config.named_stores", { aws: { a: {}, "b-2": {} } }) },
      {
        when: "an anchor of somebody's own stands at the top",
        given: loki("x-store", { a: 1 }),
        finds: [
          `${inFile}x-store is a setting that Loki 3.7 doesn't know; wanted the key removed. Loki refuses to start: "field x-store not found". Correct the key, or remove it.`,
        ],
      },
      {
        when: "values of the chart have one",
        given: lokiChart({ limits_config: { retention_perod: "30d" } }),
        finds: [
          unknown(
            "Release monitoring/loki: values.loki.limits_config.retention_perod",
            "retention_period, or the key removed",
          ),
        ],
      },
      {
        when: "settings by tenant have one",
        given: configMap("overrides:\n  a:\n    retention_period: 30d\n    ingestion_rate: 4\n"),
        finds: [unknown(`${inFile}overrides.a.ingestion_rate`)],
      },
      {
        when: "blocks stand in the values of a chart that isn't known",
        given: release("other", { limits_config: {}, x: 1 }),
      },
    ]);
  });

  describe("of values", () => {
    cases(policy, [
      {
        when: "a number is a word",
        given: loki("common.replication_factor", "three"),
        finds: [unfit(`${inFile}common.replication_factor`, '"three"', "a whole number, without quotes")],
      },
      {
        when: "a number without a sign is negative",
        given: loki("server.grpc_server_max_concurrent_streams", -1),
        finds: [
          unfit(
            `${inFile}server.grpc_server_max_concurrent_streams`,
            "-1",
            "a whole number, 0 or more, without quotes",
          ),
        ],
      },
      { when: "a number with a sign is negative", given: loki("server.grpc_server_max_send_msg_size", -1) },
      {
        when: "a switch is in quotes",
        given: mimir("multitenancy_enabled", "false"),
        finds: [unfit(`${inFile}multitenancy_enabled`, '"false"', "true or false, without quotes", "Mimir")],
      },
      {
        when: "a duration of Go's is in days",
        given: loki("compactor.compaction_interval", "1d"),
        finds: [unfit(`${inFile}compactor.compaction_interval`, '"1d"', goDuration)],
      },
      { when: "a duration of Prometheus' is in days", given: loki("limits_config.reject_old_samples_max_age", "1w") },
      {
        when: "a block is a word",
        given: loki("common.ring", "memberlist"),
        finds: [unfit(`${inFile}common.ring`, '"memberlist"', "a block of settings")],
      },
      {
        when: "a list is a block",
        given: loki("memberlist", { bind_addr: { a: 1 } }),
        finds: [unfit(`${inFile}memberlist.bind_addr`, "a block", "a list")],
      },
      {
        when: "a list stands where a text is read",
        given: mimir("target", ["all", "alertmanager"]),
        finds: [unfit(`${inFile}target`, "a list", "one value", "Mimir")],
      },
      {
        when: "a duration of Mimir's is a number",
        given: mimir("querier.timeout", 120),
        finds: [
          unfit(
            `${inFile}querier.timeout`,
            "120",
            "a duration with its unit, such as 30s or 36h (Go's, which has no days)",
            "Mimir",
          ),
        ],
      },
      { when: "a duration of Loki's is a number of nanoseconds", given: loki("compactor.retention_delete_delay", 0) },
      {
        when: "a period is longer than can be counted",
        given: loki("limits_config.reject_old_samples_max_age", "300y"),
        finds: [unfit(`${inFile}limits_config.reject_old_samples_max_age`, '"300y"', "a duration such as 30d")],
      },
      ...["1GiB", "1.5MB", "256Ki"].map((given) => ({
        when: `a size is ${given}`,
        given: loki("limits_config.max_line_size", given),
        finds: [
          unfit(
            `${inFile}limits_config.max_line_size`,
            JSON.stringify(given),
            "a size without a fraction, such as 256KB or 4MB (not KiB or MiB)",
          ),
        ],
      })),
      ...["256KB", "4mb", 262_144, "20M"].map((given) => ({
        when: `a size is ${given}`,
        given: loki("limits_config.max_line_size", given),
      })),
      {
        when: "the level of the log is none",
        given: loki("server.log_level", "verbose"),
        finds: [unfit(`${inFile}server.log_level`, '"verbose"', "debug, info, warn or error")],
      },
      {
        when: "Mimir's store is of no kind",
        given: mimir("common.storage.backend", "minio"),
        finds: [
          refusedText(`${inFile}common.storage.backend`, "minio", "s3, gcs, azure, swift or filesystem", "Mimir"),
        ],
      },
      ...["common.ring.kvstore.store", "query_scheduler.scheduler_ring.kvstore.store"].map((path) => ({
        when: `a ring is kept in a store that isn't, at ${path}`,
        given: loki(path, "redis"),
        finds: [refusedText(inFile + path, "redis", "memberlist, inmemory, consul, etcd or multi", "Loki")],
      })),
      ...(
        [
          ["index_gateway.ring.kvstore.store", "index_gateway.mode", "ring"],
          ["ingest_limits.lifecycler.ring.kvstore.store", "ingest_limits.enabled", true],
          ["ingest_limits_frontend.lifecycler.ring.kvstore.store", "ingest_limits.enabled", true],
          ["pattern_ingester.lifecycler.ring.kvstore.store", "pattern_ingester.enabled", true],
          ["ruler.ring.kvstore.store", "ruler.enable_sharding", true],
          ["alertmanager.sharding_ring.kvstore.store", "target", "alertmanager"],
          ["distributor.ha_tracker.kvstore.store", "distributor.ha_tracker.enable_ha_tracker", true],
          ["ingester.partition_ring.kvstore.store", "ingest_storage.enabled", true],
          ["overrides_exporter.ring.kvstore.store", "overrides_exporter.ring.enabled", true],
          ["query_scheduler.ring.kvstore.store", "query_scheduler.service_discovery_mode", "ring"],
        ] as const
      ).flatMap(([path, key, value], index): Case[] => {
        const name = index < 5 ? "Loki" : "Mimir";
        const kafka = changed(goodMimir, "ingest_storage", { kafka: { address: "kafka:9092", topic: "mimir" } });
        const idle = changed(index < 5 ? goodLoki : kafka, path, "redis");
        return [
          { when: `nothing runs the ring at ${path}`, given: file(idle) },
          {
            when: `${key} is ${value}, which runs the ring at ${path}`,
            given: file(changed(idle, key, value)),
            finds: [refusedText(inFile + path, "redis", "memberlist, inmemory, consul, etcd or multi", name)],
          },
        ];
      }),
      {
        when: "Loki's rules are in a store of no kind",
        given: loki("ruler.storage.type", "minio"),
        finds: [refusedText(`${inFile}ruler.storage.type`, "minio", "s3, gcs, azure, swift or local", "Loki")],
      },
      { when: "Mimir's rules are in a folder", given: mimir("ruler_storage.backend", "local") },
      {
        when: "the mode of deletion is none",
        given: loki("limits_config.deletion_mode", "filter"),
        finds: [
          refusedText(
            `${inFile}limits_config.deletion_mode`,
            "filter",
            "disabled, filter-only or filter-and-delete",
            "Loki",
          ),
        ],
      },
      { when: "a value is a variable", given: loki("common.replication_factor", "${FACTOR}") },
      { when: "a value is null", given: loki("common.replication_factor", null) },
    ]);
  });

  describe("of selectors", () => {
    const streams = (selector: string) =>
      loki("limits_config.retention_stream", [{ selector, priority: 1, period: "48h" }]);
    const refused: Readonly<Record<string, string>> = {
      "it has no braces": 'namespace="dev"',
      "it has no matcher": "{}",
      "all of it matches an empty value": '{namespace=~".*", app!="a"}',
      "it filters lines": '{namespace="dev"} |= "error"',
      "a value stands without quotes": "{namespace=dev}",
      "a comma ends it": '{namespace="dev",}',
      "a comma is missing": '{namespace="dev" app="a"}',
    };
    cases(policy, [
      ...Object.entries(refused).map(([when, selector]) => ({
        when,
        given: streams(selector),
        finds: [
          `${inFile}limits_config.retention_stream[0].selector is ${/^[\w.-]*$/.test(selector) ? JSON.stringify(selector) : `a text of ${selector.length} characters`}; wanted a selector of streams such as {namespace="dev"}. Loki refuses to start with it. Correct the value.`,
        ],
      })),
      ...['{namespace="dev"}', ' { namespace = `dev` , app!="" } ', '{app=~"a|b",x!~"c"}', '{a="\\"}",b="c"}'].map(
        (selector) => ({ when: `it is ${selector}`, given: streams(selector) }),
      ),
    ]);
  });

  describe("of arguments", () => {
    const pod = (args: unknown[], more: Values = {}) =>
      object("v1", "Pod", {
        metadata: { namespace: "monitoring", name: "loki" },
        spec: { containers: [{ name: "loki", image: "docker.io/grafana/loki:3.6.3", args, ...more }] },
      });
    const mimirPod = (args: unknown[], tag = "3.0.5") => pod(args, { image: `docker.io/grafana/mimir:${tag}` });
    const at = "Pod monitoring/loki: spec.containers[0].args";
    const notDefined = (flag: string, wanted: string, program = "Loki 3.6", more = "") =>
      `${at}: -${flag} is a flag that ${program} doesn't know; wanted ${wanted}. ${program.split(" ")[0]} refuses to start: "flag provided but not defined". ${more || "Correct the flag, or remove it."}`;
    const invalid = (flag: string, found: string, wanted: string, program = "Loki") =>
      `${at}: -${flag} is "${found}"; wanted ${wanted}. ${program} refuses to start: "invalid value". Correct the value.`;
    cases(policy, [
      {
        when: "Loki knows each, however it is written",
        given: pod([
          "-config.file=/etc/loki/loki.yaml",
          "--config.expand-env",
          "--log.level",
          "warn",
          "-target=read,compactor",
          "-querier.max-query-lookback=0",
          "-server.grpc-max-recv-msg-size-bytes=$(SIZE)",
          "-compactor.retention-delete-delay",
          "2h",
        ]),
      },
      {
        when: "a flag is misspelt",
        given: pod(["-config.file=/etc/loki.yaml", "-config.expand_env=true"]),
        finds: [notDefined("config.expand_env", "-config.expand-env, or the flag removed")],
      },
      {
        when: "a flag and its value are one word",
        given: pod(["-log.level warn"]),
        finds: [
          notDefined("…", "the flag removed", "Loki 3.6", "Write the flag and its value as two words, or with “=”."),
        ],
      },
      {
        when: "a flag of Mimir's is given to Loki, and what follows it may be its value",
        given: pod(["-auth.multitenancy-enabled", "-nor.this", "false"]),
        finds: [notDefined("auth.multitenancy-enabled", "the flag removed")],
      },
      {
        when: "values are of another kind",
        given: pod([
          "-log.level=warning",
          "-config.expand-env=yes",
          "-querier.max-concurrent=four",
          "-compactor.compaction-interval",
          "1d",
        ]),
        finds: [
          invalid("log.level", "warning", "debug, info, warn or error"),
          invalid("config.expand-env", "yes", "true or false"),
          invalid("querier.max-concurrent", "four", "a whole number"),
          invalid(
            "compactor.compaction-interval",
            "1d",
            "a duration with its unit, such as 30s or 36h (Go's, which has no days)",
          ),
        ],
      },
      {
        when: "the container's own variable has the value",
        given: pod(["-log.level=$(LEVEL)"], { env: [{ name: "LEVEL", value: "loud" }] }),
        finds: [invalid("log.level", "loud", "debug, info, warn or error")],
      },
      {
        when: "the last flag has no value",
        given: mimirPod(["-target=all", "-log.level"]),
        finds: [
          `${at}: -log.level is a flag without a value; wanted -flag=value. Mimir refuses to start: "flag needs an argument". Write the value.`,
        ],
      },
      {
        when: "targets are misspelt, have a space, or aren't the user's",
        given: mimirPod(["-target=all,alertmanger, ruler,runtime-config"]),
        finds: ["alertmanger", " ruler", "runtime-config"].map(
          (target, index) =>
            `${at}: -target is "${target}", which is no target of Mimir 3.0; wanted ${["alertmanager", "ruler", "a target that it has"][index]}. Mimir ends as soon as it starts. Correct it: targets are separated by commas, without spaces. \`mimir -modules\` lists them.`,
        ),
      },
      {
        when: "Mimir 3 has no target for reading",
        given: mimirPod(["-target=read"]),
        finds: [
          `${at}: -target is "read", which is no target of Mimir 3.0; wanted a target that it has. Mimir ends as soon as it starts. Correct it: targets are separated by commas, without spaces. \`mimir -modules\` lists them.`,
        ],
      },
      { when: "nothing says which flags a version has", given: mimirPod(["-target=read", "-no.such=1"], "2.14.0") },
      { when: "nothing says which Mimir it is", given: mimirPod(["-target=read", "-no.such=1"], "r350") },
      { when: "a flag is one of a newer Loki than is known", given: pod(["-a.b=1"], { image: "grafana/loki:4.0.0" }) },
      {
        when: "a flag came with a later version",
        given: pod(["-ui.enabled=true"], { image: "grafana/loki:3.0.0" }),
        finds: [
          notDefined(
            "ui.enabled",
            "the flag removed",
            "Loki 3.0",
            "Correct the flag, or remove it. Loki 3.5 is the first that has it.",
          ),
        ],
      },
      { when: "a flag that Loki had is another policy's", given: pod(["-boltdb.shipper.compactor.shared-store=s3"]) },
      ...[
        ["another program's image", { image: "docker.io/library/nginx:1.27.0" }],
        ["Grafana's canary", { image: "docker.io/grafana/loki-canary:3.6.3" }],
        ["an image of that name of somebody else's", { image: "ghcr.io/example/loki:1.2.3" }],
        ["a shell", { command: ["/bin/sh", "-c"] }],
        ["an entry point that wraps it", { command: ["/usr/bin/tini", "--", "/usr/bin/loki"] }],
        ["a script of that name in another image", { image: "python:3.13.1", command: ["loki"] }],
      ].map(([what, more]) => ({
        when: `the arguments are those of ${what as string}`,
        given: pod(["-no.such=1"], more as Values),
      })),
      {
        when: "another image runs it by its name, with its file",
        given: pod(["-no.such=1"], {
          image: "ghcr.io/example/logs:1.0.0",
          command: ["/usr/bin/loki", "-config.file=/l.yaml"],
        }),
        finds: [notDefined("no.such", "the flag removed", "Loki 3.7")],
      },
      { when: "help is asked for", given: pod(["-help", "-no.such=1"]) },
      { when: "flags come after a word that is none", given: pod(["-config.expand-env", "true", "-no.such=1"]) },
      { when: "a flag is a variable", given: pod(["$(MORE)", "-no.such=1"]) },
      {
        when: "values of the chart have one",
        given: release("loki", { loki: {}, write: { extraArgs: ["-log.leve=info"] } }, { version: "6.49.0" }),
        finds: [
          notDefined("log.leve", "-log.level, or the flag removed").replace(
            at,
            "Release monitoring/loki: values.write.extraArgs",
          ),
        ],
      },
      {
        when: "values of Mimir's chart have one",
        given: release(
          "mimir-distributed",
          { ingester: { extraArgs: { "log.level": "loud", "x.y": null, "ingester.ring.instance-id": "" } } },
          { version: "6.0.1" },
        ),
        finds: [
          invalid("log.level", "loud", "debug, info, warn or error", "Mimir"),
          notDefined("x.y", "the flag removed", "Mimir 3.0"),
        ].map((each) => each.replace(at, "Release monitoring/mimir-distributed: values.ingester.extraArgs")),
      },
      {
        when: "it is Grafana Enterprise Metrics, which has more",
        given: release(
          "mimir-distributed",
          { enterprise: { enabled: true }, ingester: { extraArgs: { "x.y": "a" } } },
          { version: "6.0.1" },
        ),
      },
    ]);

    it("of a file name targets, too", async () => {
      const reader = object("v1", "Pod", {
        metadata: { namespace: "monitoring", name: "mimir" },
        spec: {
          containers: [{ name: "mimir", image: "docker.io/grafana/mimir:3.0.5" }],
          volumes: [{ name: "config", configMap: { name: "loki" } }],
        },
      });
      const [found] = await findings(policy, mimir("target", "all,alertmanger"));
      assert.equal(found, undefined); // Who mounts it shows the version.
      const [told] = await stackFindings(policy, [mimir("target", "all,alertmanger"), reader]);
      assert.match(told, /: target is "alertmanger", which is no target of Mimir 3\.0; wanted alertmanager/);
    });

    it("behind a word that is no flag are ignored, which is advised against", async () => {
      assert.deepEqual(await findings(settingsTakeEffect, pod(["-config.expand-env", "true", "-log.level=warn"])), [
        `${at} is a word that belongs to no flag, before -log.level; wanted flags only, those of true or false with their value behind “=”. Loki ignores every flag after such a word, without an error. Remove the word, or write -flag=value.`,
      ]);
      assert.deepEqual(await findings(settingsTakeEffect, pod(["-config.expand-env", "true"])), []);
    });
  });

  describe("of versions", () => {
    const old = changed(goodLoki, "compactor.shared_store", "s3");
    const mounts = (tag: string, program = "loki") =>
      object("apps/v1", "StatefulSet", {
        metadata: { namespace: "monitoring", name: program },
        spec: {
          template: {
            spec: {
              containers: [{ name: program, image: `docker.io/grafana/${program}:${tag}` }],
              volumes: [{ name: "config", configMap: { name: "loki" } }],
            },
          },
        },
      });
    const chart = (version: string, loki: Values) => {
      const { props, ...rest } = lokiChart(loki);
      return { ...rest, props: { ...props, version } };
    };
    const newer = unknown(
      'ConfigMap monitoring/loki: data["config.yaml"]: bloom_build',
      "the key removed",
      " Loki 3.1 is the first that has it.",
      "Loki 3.0",
    );

    it("judges a file by the image of who mounts it", async () => {
      const given = file(changed(goodLoki, "bloom_build", { enabled: true }));
      assert.deepEqual(await stackFindings(policy, [given, mounts("3.6.3")]), []);
      assert.deepEqual(await stackFindings(policy, [given, mounts("3.0.0")]), [newer]);
    });

    it("leaves what only a newer version refuses to the image of who mounts the file", async () => {
      for (const given of [loki("common.ring", null), loki("pattern_ingester.lifecycler.heartbeat_period", "0s")]) {
        assert.deepEqual(await findings(policy, given), []);
        assert.deepEqual(await stackFindings(policy, [given, mounts("3.6.3")]), []);
        for (const stack of [[given, mounts("3.7.1")], [given]]) {
          const found = await stackFindings(policy, stack);
          assert.match(
            found.join("\n"),
            /^ConfigMap .*(common\.ring is empty|heartbeat_period is "0s"; wanted more than 0)[^\n]*$/,
          );
        }
      }
    });
    it("leaves a zero that the version takes", async () => {
      const timeout = loki("common.ring.heartbeat_timeout", "0s");
      for (const tag of ["3.6.3", "3.7.1"]) assert.deepEqual(await stackFindings(policy, [timeout, mounts(tag)]), []);
      const shard = loki("limits_config.tsdb_max_bytes_per_shard", 0);
      assert.deepEqual(await stackFindings(policy, [shard, mounts("3.0.0")]), []);
      assert.equal((await stackFindings(policy, [shard, mounts("3.1.0")])).length, 1);
    });
    it("leaves a setting that no version has to the image of who mounts it, which may be newer, unless it is one misspelt", async () => {
      const given = file(changed(goodLoki, "limits_config.brand_new_thing", 1));
      const told = (version: string) =>
        unknown(`${inFile}limits_config.brand_new_thing`, "the key removed", "", `Loki ${version}`);
      assert.deepEqual(await findings(policy, given), []);
      for (const tag of ["3.9.0", "4.0.0"]) {
        assert.deepEqual(await stackFindings(policy, [given, mounts(tag)]), []);
        assert.equal((await stackFindings(settingsTakeEffect, [given, mounts(tag)])).length, 1);
      }
      assert.deepEqual(await stackFindings(policy, [given, mounts("3.6.3")]), [told("3.6")]);
      assert.deepEqual(await stackFindings(policy, [given]), [told("3.7")]);
      assert.equal((await findings(policy, file(changed(goodLoki, "limits_config.retention_perod", "1d")))).length, 1);
    });

    it("leaves a setting that Loki had before to loki-config-has-no-removed-fields", async () => {
      assert.deepEqual(await stackFindings(policy, [file(old), mounts("3.6.3")]), []);
    });

    it("judges values by the image that they name, and else by the chart's version", async () => {
      const build = { structuredConfig: { bloom_build: { enabled: true } } };
      assert.deepEqual(await findings(policy, chart("6.49.0", build)), []);
      assert.equal((await findings(policy, chart("6.1.0", build))).length, 1);
      assert.deepEqual(await findings(policy, chart("6.1.0", { ...build, image: { tag: "3.6.3" } })), []);
    });

    describe("of Mimir", () => {
      const old = mimir("frontend_worker.frontend_address", "mimir-query-frontend:9095");
      const why = (more: string) =>
        `ConfigMap monitoring/loki: data["config.yaml"]: frontend_worker.frontend_address is a setting that Mimir ${more}`;

      it("refuses what an earlier one had only where a newer one reads it", async () => {
        assert.deepEqual(await findings(policy, old), []);
        assert.deepEqual(await stackFindings(policy, [old]), []);
        assert.deepEqual(await stackFindings(policy, [old, mounts("2.15.0", "mimir")]), []);
        assert.deepEqual(await stackFindings(policy, [old, mounts("3.0.5", "mimir")]), [
          why(
            '3.0 doesn\'t know; wanted the key removed. Mimir refuses to start: "field frontend_address not found". Correct the key, or remove it. An earlier Mimir has it.',
          ),
        ]);
      });

      it("advises where nothing says which version reads it, or there is no list of that one", async () => {
        assert.deepEqual(await findings(settingsTakeEffect, old), []);
        const [unnamed] = await stackFindings(settingsTakeEffect, [old]);
        assert.equal(
          unnamed,
          why(
            "3.0 doesn't know; wanted the key removed. Mimir 3.0 refuses to start with it, an earlier Mimir accepts it, and the version that reads it is unknown. Remove it, unless you run an older Mimir: check with `mimir -config.file=FILE -modules`.",
          ),
        );
        const unlisted = mimir("ingester.dream", true);
        const [named] = await stackFindings(settingsTakeEffect, [unlisted, mounts("2.15.0", "mimir")]);
        assert.match(
          named,
          /a setting that Mimir 2\.15 doesn't know.*There is no list of settings for Mimir 2\.15 here/,
        );
        assert.deepEqual(await stackFindings(settingsTakeEffect, [old, mounts("2.15.0", "mimir")]), []);
      });

      // Mimir's changelog: querier.iterators is deprecated, and removed in 2.11. No list has it.
      it("refuses what no list has, unless a version without a list reads it", async () => {
        const iterators = mimir("querier.iterators", true);
        assert.deepEqual(await findings(policy, iterators), []);
        assert.equal((await stackFindings(policy, [iterators])).length, 1);
        assert.equal((await stackFindings(policy, [iterators, mounts("3.0.5", "mimir")])).length, 1);
        assert.deepEqual(await stackFindings(policy, [iterators, mounts("2.9.0", "mimir")]), []);
        assert.equal((await stackFindings(settingsTakeEffect, [iterators, mounts("2.9.0", "mimir")])).length, 1);
      });

      it("does the same with settings by tenant", async () => {
        const tenants = configMap("overrides: {t: {compactor_blocks_retention_period: 1y, dream: 1}}");
        const mimir3 = mounts("3.0.5", "mimir");
        assert.deepEqual(await findings(policy, tenants), []);
        assert.equal((await stackFindings(policy, [tenants])).length, 1);
        assert.equal((await stackFindings(policy, [tenants, mimir3])).length, 1);
        assert.deepEqual(await stackFindings(settingsTakeEffect, [tenants, mimir3]), []);
        assert.deepEqual(await stackFindings(policy, [tenants, mounts("2.12.0", "mimir")]), []);
        assert.equal((await stackFindings(settingsTakeEffect, [tenants, mounts("2.12.0", "mimir")])).length, 1);
      });

      it("knows settings by tenant by their place in a chart's values, without a word of retention", async () => {
        const values = { runtimeConfig: { overrides: { t: { dream: 1 } } } };
        const chart = (version: string) => release("mimir-distributed", values, { version });
        assert.equal((await findings(policy, chart("6.0.1"))).length, 1);
        assert.deepEqual(await findings(settingsTakeEffect, chart("6.0.1")), []);
        assert.deepEqual(await findings(policy, chart("5.3.0")), []);
        assert.equal((await findings(settingsTakeEffect, chart("5.3.0"))).length, 1);
        const inLoki = lokiChart({ runtimeConfig: { overrides: { t: { dream: 1 } } } });
        assert.equal((await findings(policy, inLoki)).length, 1);
      });
    });

    it("refuses nothing by a list that isn't the version's own", async () => {
      assert.deepEqual(
        await findings(policy, lokiChart({ image: { tag: "4.1.0" }, structuredConfig: { dream: {} } })),
        [],
      );
    });
  });
});
