/**
 * Preloaded where Pulumi's SDK only previews: makes protobuf's Struct faster, in which every resource's properties travel. Its own way from JavaScript
 * and back makes a message, with its maps and wrappers, of each single value: a quarter of a preview's time. Here a Struct is made of the nested arrays
 * that a message is inside (jspb, `google-protobuf/map.js`: a field is at its number less one, a map is a list of entries), and read from those;
 * the messages are only made when one goes over the network. The results are the same, also the order of keys.
 */
const Module = require("node:module");

const load = Module._load;
const changed = new WeakSet();

Module._load = function (request, parent, isMain) {
  const loaded = load.call(Module, request, parent, isMain);
  if (/[\\/]struct_pb(\.js)?$/.test(request) && !changed.has(loaded.Struct)) hasten(loaded.Struct);
  return loaded;
};

function hasten(Struct) {
  changed.add(Struct);
  Struct.fromJavaScript = (properties) => new Struct(structOf(properties));
  Struct.prototype.toJavaScript = function () {
    return fromStruct(this.toArray());
  };
}

// Fields of `Value`, less one: google/protobuf/struct.proto.
const kind = { null: 0, number: 1, string: 2, boolean: 3, struct: 4, list: 5 };

/** The fields of a Struct: its map alone, sorted as it is when it is read. */
function structOf(properties) {
  const entries = [];
  for (const key in properties) entries.push([key, valueOf(properties[key])]);
  return [entries.sort(byKey)];
}

const byKey = ([a], [b]) => (a < b ? -1 : 1);

/** The fields of a Value, one of which is there. @throws Error for what JSON doesn't have */
function valueOf(value) {
  const fields = [];
  if (value === null) fields[kind.null] = 0;
  else if (Array.isArray(value)) fields[kind.list] = [Array.from(value, valueOf)];
  else if (typeof value === "object") fields[kind.struct] = structOf(value);
  else if (["number", "string", "boolean"].includes(typeof value)) fields[kind[typeof value]] = value;
  else throw new Error("Unexpected struct type.");
  return fields;
}

function fromStruct([entries]) {
  const properties = {};
  for (const [key, value] of entries ?? []) properties[key] = fromValue(value);
  return properties;
}

function fromValue(fields) {
  if (present(fields[kind.struct])) return fromStruct(fields[kind.struct]);
  if (present(fields[kind.list])) return (fields[kind.list][0] ?? []).map(fromValue);
  for (const scalar of [kind.string, kind.boolean, kind.number]) if (present(fields[scalar])) return fields[scalar];
  if (present(fields[kind.null])) return null;
  throw new Error("Unexpected struct type");
}

const present = (field) => field !== undefined && field !== null;
