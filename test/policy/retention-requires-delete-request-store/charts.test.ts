import assert from "node:assert/strict";
import { stringify } from "yaml";
import { release } from "../support";
import { check, fromEnvironment, missing, store, unused } from "./fixtures";

describe("retention-requires-delete-request-store", () => {
  describe("in chart values", () => {
    const schemaConfig = { configs: [{ from: "2024-04-01", store: "tsdb", object_store: "s3", schema: "v13" }] };
    const compactor = { retention_enabled: true, delete_request_store: "s3" };
    const at = (path: string, found = "missing", label = "Release monitoring/loki") =>
      missing(found).replace('ConfigMap monitoring/loki: data["config.yaml"]: compactor', `${label}: ${path}`);

    it("accepts the values of seed 004", async () => {
      const limits_config = { retention_period: "7d", allow_structured_metadata: true };
      assert.deepEqual(await check(release("loki", { loki: { schemaConfig, limits_config, compactor } })), []);
    });

    it("refuses loki.compactor without a store", async () => {
      const values = { loki: { schemaConfig, compactor: { retention_enabled: true } } };
      assert.deepEqual(await check(release("loki", values)), [at("values.loki.compactor")]);
    });

    it("refuses a Chart's as a Release's", async () => {
      const values = { loki: { schemaConfig, compactor: { retention_enabled: true } } };
      for (const version of ["v3", "v4"]) {
        const chart = { ...release("loki", values), type: `kubernetes:helm.sh/${version}:Chart` };
        assert.deepEqual(await check(chart), [at("values.loki.compactor", "missing", "Chart monitoring/loki")]);
      }
    });

    it("lays structuredConfig over the other values, as the chart does", async () => {
      const structuredConfig = { compactor: { delete_request_store: "s3" } };
      const values = { loki: { schemaConfig, compactor: { retention_enabled: true }, structuredConfig } };
      assert.deepEqual(await check(release("loki", values)), []);
    });

    it("refuses structuredConfig without a store", async () => {
      const structuredConfig = { schema_config: schemaConfig, compactor: { retention_enabled: true } };
      assert.deepEqual(await check(release("loki", { loki: { structuredConfig } })), [
        at("values.loki.structuredConfig.compactor"),
      ]);
    });

    it("refuses the text loki.config without a store", async () => {
      assert.deepEqual(await check(release("loki", { loki: { config: store("") } })), [
        at("values.loki.config: compactor"),
      ]);
    });

    it("reads the text loki.config between its template's actions", async () => {
      const config = store("").replace(
        "auth_enabled: false",
        "{{- if .Values.x }}\nauth_enabled: {{ .Values.loki.auth_enabled }}\n{{- end }}",
      );
      assert.deepEqual(await check(release("loki", { loki: { config } })), [at("values.loki.config: compactor")]);
    });

    it("reads the value that the text loki.config copies, as the chart's own template does", async () => {
      const config =
        "{{- with .Values.loki.compactor }}\ncompactor:\n  {{- tpl (. | toYaml) $ | nindent 4 }}\n{{- end }}\n{{ .Values.loki.schemaConfig }}\n";
      const values = { loki: { config, schemaConfig, compactor: { retention_enabled: true } } };
      assert.deepEqual(await check(release("loki", values)), [at("values.loki.compactor")]);
      assert.deepEqual(await check(release("loki", { loki: { ...values.loki, compactor } })), []);
    });

    it("accepts the chart's own template with its alternatives, and its defaults", async () => {
      const config =
        "{{- if .a }}\nschema_config:\n{{- toYaml .Values.loki.schemaConfig | nindent 2}}\n{{- end }}\n{{- if .b }}\nschema_config:\n{{- .Values.loki.testSchemaConfig }}\n{{- end }}\n{{- with .Values.loki.compactor }}\ncompactor:\n  {{- tpl (. | toYaml) $ }}\n{{- end }}\n";
      assert.deepEqual(await check(release("loki", { loki: { config, compactor: {}, limits_config: {} } })), []);
    });

    it("refuses a store that is a template", async () => {
      const values = {
        loki: { schemaConfig, compactor: { retention_enabled: true, delete_request_store: "{{ .Values.store }}" } },
      };
      assert.deepEqual(await check(release("loki", values)), [
        at("values.loki.compactor", "a template, which this policy can't run"),
      ]);
    });

    it("expands placeholders in structured values, as Loki will", async () => {
      const values = (store: string) => ({
        loki: { schemaConfig, compactor: { retention_enabled: "${ON:-true}", delete_request_store: store } },
      });
      assert.deepEqual(await check(release("loki", values("${STORE:-s3}"))), []);
      assert.deepEqual(await check(release("loki", values("${STORE}"))), [
        at("values.loki.compactor", fromEnvironment("STORE")),
      ]);
    });

    it("knows the variables that the chart sets for its containers", async () => {
      const values = (value: string) => ({
        loki: { schemaConfig, compactor: { retention_enabled: true, delete_request_store: "${STORE}" } },
        backend: { extraEnv: [{ name: "STORE", value }] },
      });
      assert.deepEqual(await check(release("loki", values("s3"))), []);
      assert.deepEqual(await check(release("loki", values("gcs"))), [
        unused('"gcs"').replace(/^.*?: compactor/, "Release monitoring/loki: values.loki.compactor"),
      ]);
    });

    it("finds loki as a sub-chart, where loki.compactor is a set of pods", async () => {
      const values = {
        logs: { loki: { compactor: { replicas: 1 }, loki: { schemaConfig, compactor: { retention_enabled: true } } } },
      };
      assert.deepEqual(await check(release("umbrella", values)), [
        at("values.logs.loki.loki.compactor", "missing", "Release monitoring/umbrella"),
      ]);
    });

    it("takes compactor at the top of the chart for the set of pods that it is", async () => {
      const values = { compactor: { replicas: 2 }, loki: { schemaConfig, compactor } };
      assert.deepEqual(await check(release("loki", values)), []);
    });

    it("reads loki.config of the chart loki-stack, which is the configuration itself, and of Loki 2 as the chart is", async () => {
      const config = { schema_config: schemaConfig, compactor: { retention_enabled: true } };
      const refused = [at("values.loki.config.compactor", "missing", "Release monitoring/loki-stack")];
      assert.deepEqual(await check(release("loki-stack", { loki: { config } })), refused);
      const version = "2.10.2";
      assert.deepEqual(await check(release("loki-stack", { loki: { config } }, { version })), []);
      const image = { tag: "3.4.2" };
      assert.deepEqual(await check(release("loki-stack", { loki: { config, image } }, { version })), refused);
    });

    it("knows the stores of the chart's test schema", async () => {
      const values = {
        loki: { useTestSchema: true, compactor: { retention_enabled: true, delete_request_store: "filesystem" } },
      };
      assert.deepEqual(await check(release("loki", values)), []);
    });

    it("refuses a retention period in values that no compactor carries out", async () => {
      const values = { loki: { schemaConfig, limits_config: { retention_period: "7d" }, compactor: {} } };
      assert.deepEqual(await check(release("loki", values)), [
        `Release monitoring/loki: values.loki.compactor.retention_enabled is missing; wanted true. retention_period in values.loki.limits_config is "7d", but only a compactor with retention on deletes anything, so the bucket would grow forever. Write retention_enabled: true there. Write delete_request_store: s3 there. If the bucket's lifecycle rules delete the data, set requireDeletion: false for this policy.`,
      ]);
    });

    it("says to move a compactor that stands where the chart drops it", async () => {
      const values = { compactor, loki: { schemaConfig, limits_config: { retention_period: "7d" } } };
      const [found, ...others] = await check(release("loki", values));
      assert.deepEqual(others, []);
      assert.match(found, / Move values\.compactor to values\.loki\.compactor\. If /);
    });

    it("lays values over the files of values", async () => {
      const text = stringify({ loki: { schemaConfig, compactor: { retention_enabled: true } } });
      const { props, ...rest } = release("loki", { loki: { compactor: { delete_request_store: "gcs" } } });
      assert.deepEqual(await check({ ...rest, props: { ...props, valueYamlFiles: [{ text }] } }), [
        unused('"gcs"').replace(/^.*?: compactor/, "Release monitoring/loki: values.loki.compactor"),
      ]);
    });

    it("refuses a placeholder that doesn't end", async () => {
      const values = { loki: { schemaConfig, compactor: { retention_enabled: true, delete_request_store: "${" } } };
      assert.deepEqual(await check(release("loki", values)), [
        unused("a text of 2 characters").replace(/^.*?: compactor/, "Release monitoring/loki: values.loki.compactor"),
      ]);
    });
  });
});
