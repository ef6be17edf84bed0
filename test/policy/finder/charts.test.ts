import assert from "node:assert/strict";
import { asset } from "@pulumi/pulumi";
import { stringify } from "yaml";
import { configurationFieldsAreKnown } from "../../../policy/configuration-fields-are-known";
import { configurationsCanBeRead } from "../../../policy/configurations-can-be-read";
import { decided } from "../../../policy/lib/charts/conditions";
import type { Policy } from "../../../policy/lib/policy";
import { mimirStorageIsSeparate } from "../../../policy/mimir-storage-is-separate";
import { piNodesRunArm64Images } from "../../../policy/pi-nodes-run-arm64-images";
import { retentionRequiresDeleteRequestStore } from "../../../policy/retention-requires-delete-request-store";
import type { Values } from "../fixtures";
import { configMap, findings, object, release, unknown, type TestResource } from "../support";

const schemaConfig = { configs: [{ from: "2024-04-01", store: "tsdb", object_store: "s3", schema: "v13" }] };
const withoutStore = { schemaConfig, compactor: { retention_enabled: true } };
const oneBucket = { common: { storage: { backend: "s3", s3: { bucket_name: "mimir" } } } };
const noStore = /compactor\.delete_request_store is missing/;
const sameBucket = /ruler_storage\.s3\.bucket_name is "mimir"/;

/** Values with one fault, by the chart that they are of, among the sets of pods and the switches that such values usually have. */
const faults: Readonly<Record<string, { values: Values; policy: Policy; finds: RegExp }>> = {
  loki: {
    values: {
      deploymentMode: "SingleBinary",
      singleBinary: { replicas: 1 },
      read: { replicas: 0 },
      write: { replicas: 0 },
      backend: { replicas: 0 },
      compactor: { replicas: 0 },
      ingester: { replicas: 0 },
      gateway: { enabled: true },
      loki: withoutStore,
    },
    policy: retentionRequiresDeleteRequestStore,
    finds: noStore,
  },
  "mimir-distributed": {
    values: {
      minio: { enabled: false },
      kafka: { enabled: false },
      alertmanager: { enabled: false },
      compactor: { persistentVolume: { size: "20Gi" }, resources: {} },
      distributor: { replicas: 1 },
      ingester: { replicas: 3, zoneAwareReplication: { enabled: false } },
      store_gateway: { replicas: 1, persistentVolume: { size: "10Gi" }, zoneAwareReplication: { enabled: false } },
      overrides_exporter: { enabled: false },
      query_frontend: { replicas: 1 },
      runtimeConfig: {},
      mimir: { structuredConfig: oneBucket },
    },
    policy: mimirStorageIsSeparate,
    finds: sameBucket,
  },
};

const metadata = { namespace: "monitoring", name: "app" };
const flux = (chart: string, values: unknown) =>
  object("helm.toolkit.fluxcd.io/v2", "HelmRelease", {
    metadata,
    spec: {
      chart: { spec: { chart, version: "6.x", sourceRef: { kind: "HelmRepository", name: "grafana" } } },
      values,
    },
  });
const argo = (chart: string, helm: object, kind = "Application") => {
  const spec = { source: { repoURL: "https://grafana.github.io/helm-charts", chart, targetRevision: "6.0.0", helm } };
  return object("argoproj.io/v1alpha1", kind, {
    metadata,
    spec: kind === "Application" ? spec : { generators: [], template: { spec } },
  });
};
const asType = (type: string, resource: TestResource): TestResource => ({ ...resource, type });
const withProps = (resource: TestResource, props: object): TestResource => ({
  ...resource,
  props: { ...resource.props, ...props },
});
const manifest = ({ props }: TestResource) => props;

/** Every way that values reach Helm, from the chart's name and its values. */
const wrappings: Readonly<Record<string, (chart: string, values: Values) => TestResource>> = {
  "a Release": release,
  "a Release from a repository": (chart, values) =>
    withProps(release(chart, values), { repositoryOpts: { repo: "https://grafana.github.io/helm-charts" } }),
  "a Release from an OCI registry": (chart, values) =>
    withProps(release(chart, values), { chart: `oci://ghcr.io/grafana/helm-charts/${chart}:6.1.0` }),
  "a Release of an archive": (chart, values) =>
    withProps(release(chart, values), { chart: `./charts/${chart}-6.1.0.tgz` }),
  "a Chart v3": (chart, values) => asType("kubernetes:helm.sh/v3:Chart", release(chart, values)),
  "a Chart v4": (chart, values) => asType("kubernetes:helm.sh/v4:Chart", release(chart, values)),
  "a file of values": (chart, values) =>
    withProps(release(chart, {}), { valueYamlFiles: [{ text: stringify(values) }] }),
  "an umbrella": (chart, values) => release("platform", { [chart]: values, grafana: { enabled: false } }),
  "an umbrella in a folder": (chart, values) =>
    withProps(release("x", { [chart]: values }), { chart: "./charts/platform" }),
  "an umbrella under another name": (_, values) => release("platform", { observability: values }),
  "a HelmRelease": flux,
  "a HelmRelease of an umbrella": (chart, values) => flux("platform", { [chart]: values }),
  "an Application's object": (chart, values) => argo(chart, { valuesObject: values }),
  "an Application's text": (chart, values) => argo(chart, { values: stringify(values) }),
  "an ApplicationSet": (chart, values) => argo(chart, { values: stringify(values) }, "ApplicationSet"),
  "the patch of an ApplicationSet's template": (chart, values) => {
    const helm = { valuesObject: values, releaseName: "{{ .name }}" };
    const { props, ...rest } = argo(chart, {}, "ApplicationSet");
    const { spec } = props as { spec: { template: { spec: { source: Values } } } };
    const { repoURL, targetRevision } = spec.template.spec.source;
    const templatePatch = stringify({ spec: { source: { repoURL, chart, targetRevision, helm } } });
    return { ...rest, props: { ...props, spec: { ...spec, templatePatch } } };
  },
  "a HelmChart of K3s": (chart, values) =>
    object("helm.cattle.io/v1", "HelmChart", { metadata, spec: { chart, valuesContent: stringify(values) } }),
  "a file of values in a ConfigMap": (_, values) => configMap(stringify(values), "values.yaml"),
  "a file of an umbrella's values in a ConfigMap": (chart, values) =>
    configMap(stringify({ [chart]: values }), "values.yaml"),
  "a manifest of a HelmRelease in a ConfigMap": (chart, values) =>
    configMap(stringify(manifest(flux(chart, values))), "release.yaml"),
  "what another chart adds": (chart, values) => release("flux-apps", { extraObjects: [manifest(flux(chart, values))] }),
};

describe("the values of a chart", () => {
  for (const [chart, { values, policy, finds }] of Object.entries(faults)) {
    for (const [name, wrapped] of Object.entries(wrappings)) {
      it(`${chart} are read in ${name}`, async () => {
        const found = await findings(policy, wrapped(chart, values));
        assert.equal(found.length, 1, found.join("\n"));
        assert.match(found[0], finds);
      });
    }
  }

  // Blocks that would make a configuration if they stood in a file.
  const ignored: Readonly<Record<string, Values>> = {
    "at their top": { blocks_storage: { s3: { bucket_name: "a" } }, multitenancy_enabled: true, limits: {} },
    "in a set of pods": { store_gateway: { sharding_ring: { kvstore: {} }, replicas: 1 } },
    "beside the configuration": {
      mimir: { structuredConfig: oneBucket, blocks_storage: { s3: { bucket_name: "a" } } },
    },
    "of another program": { schema_config: {}, limits_config: { retention_period: "30d" } },
  };
  for (const [where, more] of Object.entries(ignored)) {
    for (const [name, wrapped] of Object.entries(wrappings).filter(
      ([each]) => each !== "an umbrella under another name",
    )) {
      it(`of mimir-distributed are read in ${name} beside a key that it ignores ${where}`, async () => {
        const { values, policy, finds } = faults["mimir-distributed"];
        const found = await findings(policy, wrapped("mimir-distributed", { ...values, ...more }));
        assert.equal(found.length, 1, found.join("\n"));
        assert.match(found[0], finds);
      });
    }
  }

  it("of mimir-distributed without a structured configuration are still those of a chart", async () => {
    const values = {
      minio: { enabled: false },
      mimir: { blocks_storage: { s3: { bucket_name: "a" } }, ruler_storage: {} },
    };
    assert.deepEqual(await findings(mimirStorageIsSeparate, release("mimir-distributed", values)), []);
  });
});

describe("a template among the values", () => {
  // As the default values of mimir-distributed have it, which many files of values are copies of.
  const config = [
    "{{- if .Values.minio.enabled }}",
    "ruler_storage:",
    "  backend: s3",
    "  s3: {bucket_name: '{{ include \"mimir.minioBucketPrefix\" . }}-ruler'}",
    "{{- else if not .Values.own }}",
    "ruler_storage: {backend: s3, s3: {bucket_name: elsewhere}}",
    "{{- end }}",
    "blocks_storage:",
    "  backend: s3",
    '  {{- if index .Values "minio" "enabled" }}',
    "  s3:",
    "    {{- with .Values.tags }}",
    "    tagged: true",
    "    {{- end }}",
    "    bucket_name: '{{ include \"mimir.minioBucketPrefix\" . }}-tsdb'",
    "  {{- end }}",
  ].join("\n");
  const given = (enabled: boolean, own: boolean) =>
    release("mimir-distributed", {
      minio: { enabled },
      own,
      alertmanager: { enabled: false },
      mimir: { config, structuredConfig: oneBucket },
    });

  it("counts for as far as its conditions hold with these values", async () => {
    assert.match((await findings(mimirStorageIsSeparate, given(false, true))).join(), sameBucket);
    assert.deepEqual(await findings(mimirStorageIsSeparate, given(false, false)), []);
    assert.deepEqual(await findings(mimirStorageIsSeparate, given(true, true)), []);
  });

  it("stays as it is where a condition asks for what isn't known", () => {
    const text = "{{ if .Values.a }}a{{ else }}b{{ end }}{{ if eq .x 1 }}c{{ else }}d{{ end }}{{ .e }}";
    assert.equal(decided(text, {}), text);
    assert.equal(decided(text, { a: [] }), "b{{ if eq .x 1 }}c{{ else }}d{{ end }}{{ .e }}");
    assert.equal(decided(text, { a: 1 }), "a{{ if eq .x 1 }}c{{ else }}d{{ end }}{{ .e }}");
    assert.equal(decided("{{ end }}{{ else }}x{{ if .Values.a }}", { a: false }), "{{ end }}{{ else }}x");
    const enterprise = "{{ if not .Values.enterprise.enabled }}a{{ end }}{{ if .Values.enterprise.enabled }}b{{ end }}";
    assert.equal(decided(enterprise, {}), "a");
    assert.equal(decided(enterprise, { enterprise: { enabled: true } }), "b");
    const copied = "{{- with .Values.loki.block_builder }}block_builder: {{ toYaml . }}{{ end }}";
    assert.equal(decided(copied, { loki: { block_builder: {} } }), "");
    assert.equal(decided(copied, { loki: { block_builder: { a: 1 } } }), "block_builder: {{ toYaml . }}");
  });

  it("has the values that it asks for by their path in their place, where they are given", () => {
    const text =
      "{{ .Values.a.b }}-{{- $.Values.c | quote -}} {{ .Values.d }} {{ .Values.e | upper }} {{ .Release.Name }}";
    const filled = 'x-"1" {{ .Values.d }} {{ .Values.e | upper }} {{ .Release.Name }}';
    assert.equal(decided(text, { a: { b: "x" }, c: 1, d: "{{ .Values.a.b }}", e: "e" }), filled);
    assert.equal(decided(text, { a: "x" }), text);
  });
});

describe("the chart loki before version 3", () => {
  it("has no settings but in its value config", async () => {
    const { compactor, schemaConfig: schema_config } = withoutStore;
    const image = { tag: "3.6.3" };
    const given = (values: object) => release("loki-stack", { loki: { image, ...values } });
    assert.deepEqual(await findings(retentionRequiresDeleteRequestStore, given({ compactor, schema_config })), []);
    const [found] = await findings(
      retentionRequiresDeleteRequestStore,
      given({ config: { compactor, schema_config } }),
    );
    assert.match(found, noStore);
  });
});

describe("the chart mimir-distributed", () => {
  it("is refused where it gets a configuration that it doesn't render", async () => {
    const given = (config: unknown, more: object = {}) => release("mimir-distributed", { mimir: { config }, ...more });
    const [mapping] = await findings(configurationsCanBeRead, given({ limits: {} }));
    assert.match(mapping, /values\.mimir\.config is a mapping; wanted a text/);
    const [found, ...more] = await findings(configurationsCanBeRead, given("limits: {}\n"));
    assert.match(found, /without activity_tracker\.filepath, ingester\.ring\.zone_awareness_enabled, store_gateway/);
    assert.deepEqual(more, []);
    const zones = { zoneAwareReplication: { enabled: false } };
    const off = { ingester: zones, store_gateway: zones };
    assert.deepEqual(await findings(configurationsCanBeRead, given("activity_tracker: {filepath: /a}\n", off)), []);
    const overrides = { a: { compactor_blocks_retention_period: "x" } };
    const unread = release("mimir-distributed", { mimir: { runtimeConfig: { overrides } } });
    assert.deepEqual(await findings(configurationFieldsAreKnown, unread), []);
    const read = release("mimir-distributed", { runtimeConfig: { overrides } });
    assert.match((await findings(configurationFieldsAreKnown, read)).join(), /runtimeConfig\.overrides\.a/);
  });

  it("with its own template as a text has no key twice, as Grafana Enterprise is off by default", async () => {
    const config = `{{- if not .Values.enterprise.enabled -}}
multitenancy_enabled: false
{{- end }}
activity_tracker: {filepath: /a}
ingester: {ring: {zone_awareness_enabled: true}}
limits: {}
{{- if .Values.enterprise.enabled }}
multitenancy_enabled: true
{{- end }}
`;
    const given = (more: object) => release("mimir-distributed", { mimir: { config }, ...more });
    assert.deepEqual(await findings(configurationsCanBeRead, given({})), []);
    assert.deepEqual(await findings(configurationsCanBeRead, given({ enterprise: { enabled: true } })), []);
  });
});

describe("values that charts run as templates", () => {
  const s3 = (name: string) => ({ backend: "s3", s3: { bucket_name: name, endpoint: "minio:9000" } });
  const mimir = (blocks: string, ruler: string, more: object = {}) =>
    findings(
      mimirStorageIsSeparate,
      release("mimir-distributed", {
        minio: { enabled: false },
        mimir: {
          structuredConfig: { blocks_storage: s3(blocks), ruler_storage: s3(ruler), alertmanager_storage: s3("a") },
        },
        ...more,
      }),
    );

  it("are judged with what other values say", async () => {
    assert.deepEqual(await mimir("{{ .Values.site }}-blocks", "{{ .Values.site }}-ruler", { site: "home" }), []);
    const [same] = await mimir("{{ .Values.site }}", "home", { site: "home" });
    assert.match(same, /structuredConfig\.ruler_storage\.s3\.bucket_name is "home", as in blocks_storage/);
    const [unread] = await mimir("{{ .Values.site }}", "home");
    assert.match(unread, /is a template, which this policy can't run/);

    const store = (text: string, more: object = {}) =>
      findings(
        retentionRequiresDeleteRequestStore,
        release("loki", {
          loki: { schemaConfig, compactor: { retention_enabled: true, delete_request_store: text } },
          ...more,
        }),
      );
    assert.deepEqual(await store("{{ .Values.store }}", { store: "s3" }), []);
    assert.equal((await store("{{ .Values.store }}", { store: "gcs" })).length, 1);
  });
});

describe("the chart loki", () => {
  const check = (resource: TestResource) => findings(retentionRequiresDeleteRequestStore, resource);
  const at = (place: string) => new RegExp(`: ${place.replaceAll(".", "\\.")}\\.delete_request_store is missing`);

  it("with a block loki.loki is no umbrella: what is in loki counts", async () => {
    for (const repository of [undefined, "https://grafana-community.github.io/helm-charts"]) {
      const values = { loki: { ...withoutStore, loki: { auth_enabled: false } } };
      const given = withProps(release("loki", values), repository ? { repositoryOpts: { repo: repository } } : {});
      const found = await check(given);
      assert.equal(found.length, 1, found.join());
      assert.match(found[0], at("values.loki.compactor"));
    }
  });

  it("of a folder of one's own that wraps it is an umbrella", async () => {
    const values = { loki: { singleBinary: { replicas: 1 }, loki: withoutStore } };
    const found = await check(withProps(release("loki", values), { chart: "./charts/loki" }));
    assert.match(found.join(), at("values.loki.loki.compactor"));
  });

  it("of Bitnami has its file in other keys", async () => {
    const configuration = stringify({ schema_config: schemaConfig, compactor: { retention_enabled: true } });
    const given = (loki: object) =>
      withProps(release("grafana-loki", { loki }), { chart: "oci://registry-1.docker.io/bitnamicharts/grafana-loki" });
    assert.match((await check(given({ configuration }))).join(), at("values.loki.configuration: compactor"));
    const overrideConfiguration = { compactor: { delete_request_store: "s3" } };
    assert.deepEqual(await check(given({ configuration, overrideConfiguration })), []);
  });

  it("before version 3 has its file as a value", async () => {
    const config = { schema_config: schemaConfig, compactor: { retention_enabled: true } };
    const old = (values: object) => withProps(release("loki", { config, ...values }), { version: "2.16.0" });
    assert.match((await check(old({ image: { tag: "3.6.3" } }))).join(), at("values.config.compactor"));
    assert.deepEqual(await check(old({})), [], "Loki 2 takes the store of its schema");
    assert.match((await check(release("loki-stack", { loki: { config } }))).join(), at("values.loki.config.compactor"));
  });

  it("under an alias of lgtm-distributed has its values one level below", async () => {
    assert.match(
      (await check(release("lgtm-distributed", { loki: { loki: withoutStore } }))).join(),
      at("values.loki.loki.compactor"),
    );
  });

  it("takes Argo's parameters over the values", async () => {
    const parameters = [{ name: "loki.compactor.delete_request_store", value: "s3" }];
    assert.deepEqual(await check(argo("loki", { valuesObject: { loki: withoutStore }, parameters })), []);
  });
});

describe("files of values", () => {
  const check = (resource: TestResource) => findings(retentionRequiresDeleteRequestStore, resource);
  const files = (...valueYamlFiles: object[]) => {
    const given = release("loki", {});
    return { ...given, props: { ...given.props, valueYamlFiles } };
  };
  const text = (values: object) => new asset.StringAsset(stringify(values));

  it("that are text are read, as Pulumi's runtime hands them over", async () => {
    const found = await check(files(text({ loki: withoutStore })));
    assert.match(found.join(), /values\.loki\.compactor\.delete_request_store is missing/);
    const none = { replicas: 0 };
    const whole = {
      loki: { ...withoutStore, storage: { type: "filesystem" } },
      read: none,
      write: none,
      backend: none,
    };
    const one = text({ ...whole, singleBinary: { replicas: 1 } });
    assert.deepEqual(await findings(configurationsCanBeRead, files(one)), []);
  });

  it("that a preview doesn't know are not known yet, and no fault", async () => {
    const later = files(new asset.StringAsset(unknown));
    for (const policy of [configurationsCanBeRead, retentionRequiresDeleteRequestStore, piNodesRunArm64Images]) {
      const config = policy === piNodesRunArm64Images ? { piNodes: [{}] } : {};
      for (const found of await findings(policy, later, config))
        assert.match(found, /^advisory: string value at \.valueYamlFiles\.0\.text can't be known/);
    }
    assert.equal((await findings(configurationsCanBeRead, later)).length, 1);
  });

  it("are laid one over the other, and the values over all", async () => {
    const store = (name: string) => ({ loki: { compactor: { delete_request_store: name } } });
    const compactor = { retention_enabled: true, delete_request_store: "gcs" };
    const first = text({ loki: { schemaConfig, compactor } });
    assert.match((await check(files(first, text(store("azure"))))).join(), /delete_request_store is "azure"/);
    const over = files(first);
    assert.match((await check({ ...over, props: { ...over.props, values: store("swift") } })).join(), /is "swift"/);
    const mended = { loki: { compactor: { retention_enabled: true, delete_request_store: "s3" } } };
    assert.deepEqual(await check(files(first, text(mended))), []);
  });

  it("in a file or at an address are said not to be seen, and the others are read", async () => {
    for (const unseen of [
      new asset.FileAsset("values.yaml"),
      new asset.RemoteAsset("https://example.com/values.yaml"),
    ]) {
      const given = files(unseen, text({ loki: withoutStore }));
      assert.match(
        (await findings(configurationsCanBeRead, given)).join(),
        /valueYamlFiles\[0\] is .*a file, which a policy doesn't see/,
      );
      assert.match((await check(given)).join(), /delete_request_store is missing/);
    }
  });
});
