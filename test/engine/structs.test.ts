import "../../engine/structs.js";
import assert from "node:assert/strict";
import { Struct, Value, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

const every = {
  z: null,
  list: [[], {}, null, 0, "", false, true, -1.5],
  "": { b: 1e300, a: [{ deep: "ß" }] },
  10: 1,
  9: 2,
};
// A map is read in the order of its keys; those that are numbers come first in any object.
const sorted = '{"9":2,"10":1,"":{"a":[{"deep":"ß"}],"b":1e+300},"list":[[],{},null,0,"",false,true,-1.5],"z":null}';

describe("a Struct of protobuf, made and read in the fast way", () => {
  const made = (): Struct => Struct.fromJavaScript(every);

  it("holds every kind of value, with its keys in order", () => {
    assert.equal(JSON.stringify(made().toJavaScript()), sorted);
    assert.deepEqual(Struct.fromJavaScript({}).toJavaScript(), {});
    assert.deepEqual(new Struct().toJavaScript(), {});
  });

  it("says the same over the network", () => {
    const received = Struct.deserializeBinary(made().serializeBinary());
    assert.equal(JSON.stringify(received.toJavaScript()), sorted);
    const sent = (struct: Struct) => Buffer.from(struct.serializeBinary()).toString("hex");
    assert.equal(sent(received), sent(made()));
  });

  it("can be read and changed by protobuf's own methods", () => {
    const struct = made();
    assert.equal(struct.getFieldsMap().get("")?.getStructValue()?.getFieldsMap().get("b")?.getNumberValue(), 1e300);
    assert.deepEqual(struct.getFieldsMap().get("list")?.toJavaScript(), every.list);
    struct.getFieldsMap().set("z", Value.fromJavaScript("later"));
    assert.equal((struct.toJavaScript() as { z?: unknown }).z, "later");
  });

  it("refuses what JSON doesn't have, as protobuf does", () => {
    for (const value of [undefined, () => 1, [undefined], 1n])
      assert.throws(() => Struct.fromJavaScript({ value: value as JavaScriptValue }), /Unexpected struct type/);
  });
});
