import assert from "node:assert/strict";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { readStructsPlainly, type Message } from "../../../policy/lib/read-struct";

type Methods = Record<"analyze" | "analyzeStack" | "remediate", { requestDeserialize(bytes: Uint8Array): unknown }>;

describe("the properties of a resource, read straight out of the engine's message", () => {
  const service = AnalyzerService as unknown as Methods;
  const own = Object.values({ ...service }).map((method) => [method, method.requestDeserialize] as const);
  before(() => readStructsPlainly());
  after(() => own.forEach(([method, original]) => (method.requestDeserialize = original)));

  const read = (bytes: Uint8Array): Message =>
    (service.analyze.requestDeserialize(bytes) as proto.AnalyzeRequest).getProperties() as unknown as Message;
  const sent = (properties: Record<string, JavaScriptValue>): Uint8Array => {
    const request = new proto.AnalyzeRequest();
    request.setType("kubernetes:core/v1:ConfigMap");
    request.setProperties(Struct.fromJavaScript(properties));
    return request.serializeBinary();
  };

  it("are what google-protobuf makes of them", () => {
    const values: Record<string, JavaScriptValue> = {
      "": "no key",
      bool: [true, false],
      empty: { block: {}, list: [], text: "" },
      nested: { list: [[], [{ a: null }, ["b"]], null], "dotted.key": { deep: { deeper: [1, -0.5, 1e300, 0] } } },
      number: 36,
      text: "Grüße, 世界 🎉\n\u0000",
    };
    const bytes = sent(values);
    const message = proto.AnalyzeRequest.deserializeBinary(bytes).getProperties()!;
    assert.deepEqual(read(bytes).toJavaScript(), message.toJavaScript());
    assert.deepEqual(read(bytes).toJavaScript(), values);
  });

  it("are there for a whole stack and for a remediation, too", () => {
    const request = new proto.AnalyzeStackRequest();
    const resource = new proto.AnalyzerResource();
    resource.setName("a");
    resource.setProperties(Struct.fromJavaScript({ a: 1 }));
    request.setResourcesList([resource]);
    const all = service.analyzeStack.requestDeserialize(request.serializeBinary()) as proto.AnalyzeStackRequest;
    const [first] = all.getResourcesList();
    assert.equal(first.getName(), "a");
    assert.deepEqual(first.getProperties()?.toJavaScript(), { a: 1 });
    const remediation = service.remediate.requestDeserialize(sent({ a: 1 })) as proto.AnalyzeRequest;
    assert.deepEqual(remediation.getProperties()?.toJavaScript(), { a: 1 });
  });

  it("are in the order of their names, as the engine sends them in any", () => {
    const [last, first] = [Struct.fromJavaScript({ z: 1, m: 2 }), Struct.fromJavaScript({ a: 3 })];
    const properties = [...last.serializeBinary(), ...first.serializeBinary()];
    const bytes = Uint8Array.from([0x12, properties.length, ...properties]);
    assert.deepEqual(Object.keys(read(bytes).toJavaScript()), ["a", "m", "z"]);
  });

  it("are known to have an asset or a secret in them, which the policy runtime makes of a mark", () => {
    const mark = "4dabf18193072939515e22adb298388d";
    assert.equal(read(sent({ a: [{ b: "c" }] })).isPlain, true);
    assert.equal(read(sent({ a: [{ b: { [mark]: "c", text: "d" } }] })).isPlain, false);
    assert.equal(read(sent({})).isPlain, true);
  });

  it("are read as ever by everyone else", () => {
    read(sent({ a: 1 }));
    const fields = proto.AnalyzeRequest.deserializeBinary(sent({ a: 1 }))
      .getProperties()!
      .getFieldsMap();
    assert.equal(fields.get("a")?.getNumberValue(), 1);
  });
});
