import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { EnforcementLevel } from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { configurationFieldsAreKnown } from "../../policy/configuration-fields-are-known";
import { policies } from "../../policy/index";
import { currentReadme } from "../../policy/readme";
import { configMap, object, release, unknown, type TestResource } from "./support";

const advisory = [
  "settings-take-effect",
  "replication-factor-survives-a-writer",
  "victoria-metrics-is-on-a-local-volume",
  "series-have-one-writer",
  "monitors-find-a-service",
  "monitors-have-definitions",
];
const folder = path.resolve(__dirname, "../../policy");

describe("the policy pack", () => {
  it("has every policy described, mandatory but for those that only advise, with a page that says why and parameters that are described", () => {
    for (const { name, description, url, severity, enforcementLevel, configSchema } of policies) {
      assert.match(name, /^[a-z0-9-]+$/);
      assert.match(description, /\.$/, name);
      assert.match(url ?? "", /^https:\/\//, name);
      assert.ok(severity, name);
      assert.equal(enforcementLevel, advisory.includes(name) ? "advisory" : "mandatory", name);
      for (const [parameter, schema] of Object.entries(configSchema?.properties ?? {})) {
        assert.ok(schema.description, `${name}.${parameter} has no description`);
        assert.notEqual(schema.default, undefined, `${name}.${parameter} has no default`);
      }
    }
  });

  it("names no policy twice", () => {
    assert.equal(new Set(policies.map(({ name }) => name)).size, policies.length);
  });

  it("has its table of policies in its README as the code has it", () => {
    const written = readFileSync(path.join(folder, "README.md"), "utf8");
    assert.equal(written, currentReadme(), "run `npm run readme --workspace policy`");
  });

  describe("served to the engine", () => {
    let pack: ChildProcess;
    let engine: AnalyzerClient;
    const ask = <Answer>(call: (done: (error: Error | null, answer: Answer) => void) => void) =>
      new Promise<Answer>((resolve, reject) => call((error, answer) => (error ? reject(error) : resolve(answer))));

    before(async () => {
      const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
      pack = spawn(process.execPath, [runner, "127.0.0.1:0", folder], {
        cwd: folder,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [port] = (await once(createInterface(pack.stdout!), "line")) as [string];
      engine = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
    });
    after(() => {
      engine.close();
      pack.kill();
    });

    function filled<Message extends proto.AnalyzeRequest | proto.AnalyzerResource>(
      message: Message,
      { type, name, props }: TestResource,
    ): Message {
      message.setType(type);
      message.setName(name);
      message.setUrn(`urn:pulumi:staging::observability::${type}::${name}`);
      message.setProperties(Struct.fromJavaScript(props as Record<string, JavaScriptValue>));
      message.setOptions(new proto.AnalyzerResourceOptions());
      return message;
    }

    async function analyze(resource: TestResource): Promise<proto.AnalyzeDiagnostic.AsObject[]> {
      const request = filled(new proto.AnalyzeRequest(), resource);
      const answer = await ask<proto.AnalyzeResponse>((done) => engine.analyze(request, done));
      return answer.toObject().diagnosticsList;
    }

    async function configure(
      policy: string,
      level: proto.EnforcementLevel,
      parameters: Record<string, JavaScriptValue>,
    ): Promise<void> {
      const config = new proto.PolicyConfig();
      config.setEnforcementlevel(level);
      config.setProperties(Struct.fromJavaScript(parameters));
      const request = new proto.ConfigureAnalyzerRequest();
      request.getPolicyconfigMap().set(policy, config);
      await ask((done) => engine.configure(request, done));
    }

    const schema =
      "schema_config: {configs: [{from: 2024-04-01, store: tsdb, object_store: s3, schema: v13, index: {period: 24h}}]}\n";
    const good = configMap(`${schema}compactor: {retention_enabled: true, delete_request_store: s3}\n`);
    const bad = configMap(`${schema}compactor: {retention_enable: true}\n`);

    it("tells the engine its policies, their level and their parameters", async () => {
      const info = await ask<proto.AnalyzerInfo>((done) => engine.getAnalyzerInfo(new Empty(), done));
      assert.equal(info.getName(), "observability");
      assert.deepEqual(
        info
          .getPoliciesList()
          .map((policy) => [
            policy.getName(),
            policy.getEnforcementlevel(),
            policy.getConfigschema()?.getProperties()?.toJavaScript(),
          ]),
        policies.map(({ name, configSchema }) => [
          name,
          advisory.includes(name) ? EnforcementLevel.ADVISORY : EnforcementLevel.MANDATORY,
          configSchema?.properties,
        ]),
      );
    });

    it("lets a good resource pass, and refuses a bad one", async () => {
      assert.deepEqual(await analyze(good), []);
      const [violation, ...others] = await analyze(bad);
      assert.deepEqual(others, []);
      assert.equal(violation.policyname, "configuration-fields-are-known");
      assert.equal(violation.enforcementlevel, EnforcementLevel.MANDATORY);
      assert.match(
        violation.message,
        /^ConfigMap monitoring\/loki: data\["config\.yaml"\]: compactor\.retention_enable is a setting that Loki/,
      );
    });

    it("lets a text pass that only has a word of Loki's or Mimir's in it, alone and in the whole stack", async () => {
      const words = [
        "compactor:8080",
        '["compactor:8080"]',
        "UPSTREAM=compactor:3100",
        "store_gateway:9095",
        "See compactor: it merges.",
      ];
      const maps = words.map((word) => configMap(word));
      for (const each of maps) assert.deepEqual(await analyze(each), []);
      const request = new proto.AnalyzeStackRequest();
      request.setResourcesList(maps.map((each) => filled(new proto.AnalyzerResource(), each)));
      const answer = await ask<proto.AnalyzeResponse>((done) => engine.analyzeStack(request, done));
      assert.deepEqual(answer.toObject().diagnosticsList, []);
    });

    it("reads the text of an asset with values, and says of a file that it isn't seen", async () => {
      const asset = (content: object) => ({
        "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17",
        ...content,
      });
      const given = (...valueYamlFiles: object[]) => {
        const loki = release("loki", {});
        return { ...loki, props: { ...loki.props, version: "6.0.0", valueYamlFiles } };
      };
      const messages = async (resource: TestResource, policy: string) =>
        (await analyze(resource)).filter(({ policyname }) => policyname === policy).map(({ message }) => message);
      const text = asset({ text: JSON.stringify({ loki: { compactor: { retention_enabled: true } } }) });
      const [refused] = await messages(given(text), "retention-requires-delete-request-store");
      assert.match(refused, /values\.loki\.compactor\.delete_request_store is missing/);
      assert.deepEqual(await messages(given(text), "configurations-can-be-read"), []);
      const [unseen] = await messages(given(asset({ path: "values.yaml" }), text), "configurations-can-be-read");
      assert.match(unseen, /valueYamlFiles\[0\] is .*a file, which a policy doesn't see/);
    });

    it("looks at the whole stack where one resource can't show it", async () => {
      const metadata = { namespace: "monitoring", name: "loki" };
      const volumes = [{ name: "config", configMap: { name: "loki" } }];
      const pods = object("apps/v1", "StatefulSet", {
        metadata,
        spec: { replicas: 1, template: { spec: { containers: [{ name: "loki" }], volumes } } },
      });
      const three = configMap(`${schema}common: {path_prefix: /loki, replication_factor: 3}\n`);
      const request = new proto.AnalyzeStackRequest();
      request.setResourcesList([three, pods].map((each) => filled(new proto.AnalyzerResource(), each)));
      const answer = await ask<proto.AnalyzeResponse>((done) => engine.analyzeStack(request, done));
      const [violation, ...others] = answer.toObject().diagnosticsList;
      assert.deepEqual(others, []);
      assert.equal(violation.policyname, "replication-factor-fits-replicas");
      assert.equal(violation.enforcementlevel, EnforcementLevel.MANDATORY);
      assert.match(violation.urn, /ConfigMap::loki$/);
    });

    it("reports what a preview doesn't know as advisory", async () => {
      const [violation] = await analyze(configMap(unknown));
      assert.equal(violation.enforcementlevel, EnforcementLevel.ADVISORY);
      assert.match(violation.message, /string value at \.data\.config\.yaml can't be known during preview/);
    });

    it("takes a level and parameters from the engine", async () => {
      const { name } = configurationFieldsAreKnown;
      await configure(name, EnforcementLevel.ADVISORY, {});
      assert.deepEqual(
        (await analyze(bad)).map(({ enforcementlevel }) => enforcementlevel),
        [EnforcementLevel.ADVISORY],
      );
      await configure(name, EnforcementLevel.MANDATORY, { exclude: [{ namespace: "monitoring" }] });
      assert.deepEqual(await analyze(bad), []);
      await configure(name, EnforcementLevel.DISABLED, {});
      assert.deepEqual(await analyze(bad), []);
    });

    it("fails, and passes nothing, when a parameter is of the wrong type", async () => {
      await configure("pi-nodes-run-arm64-images", EnforcementLevel.MANDATORY, { charts: ["x"] });
      await assert.rejects(analyze(good), /The configuration of the policy pi-nodes-run-arm64-images is not valid/);
    });

    it("fails when a policy is told to look at resources by something that they don't have", async () => {
      const { name } = configurationFieldsAreKnown;
      await configure(name, EnforcementLevel.MANDATORY, { exclude: [{ label: "loki" }] });
      await assert.rejects(analyze(good), /Unrecognized key: "label"[^]*at exclude\[0\]/);
    });
  });
});
