import { createRequire } from "node:module";
import { specialSigKey } from "@pulumi/pulumi/runtime/rpc";

/** Of google-protobuf's reader, what is used here. */
interface Reader {
  nextField(): boolean;
  isEndGroup(): boolean;
  getFieldNumber(): number;
  skipField(): void;
  readMessage<Into>(into: Into, read: (into: Into, reader: Reader) => void): void;
  readString(): string;
  readDouble(): number;
  readBool(): boolean;
}

/** A Struct of google-protobuf: what a resource's properties travel in. */
export interface Message {
  toJavaScript(): Record<string, unknown>;
  /** Whether there is no asset and no secret in it, by the marks that Pulumi puts into those: its values are the properties. */
  isPlain?: boolean;
}

/** What the messages of a service are made by. */
interface Method {
  requestDeserialize?(bytes: Uint8Array): unknown;
}

/**
 * Has the messages that ask for a check read a resource's properties straight into plain values. google-protobuf makes a message, with its maps and
 * wrappers, of each single value first, and makes plain values of these when it is asked for them: that was the larger part of what the protocol took
 * for each resource, and of the garbage.
 *
 * Only what is read of these messages changes, by replacing google-protobuf's own reader of a Struct for so long. A version of the packages that is
 * built otherwise is left alone, and slower.
 */
export function readStructsPlainly(): void {
  const { service, Struct } = found() ?? {};
  if (!service || typeof Struct?.deserializeBinaryFromReader !== "function") return;
  for (const method of [service.analyze, service.analyzeStack, service.remediate]) {
    const original = method?.requestDeserialize;
    if (!original) continue;
    method.requestDeserialize = (bytes) => {
      const own = Struct.deserializeBinaryFromReader;
      Struct.deserializeBinaryFromReader = readInto;
      try {
        return original(bytes);
      } finally {
        Struct.deserializeBinaryFromReader = own;
      }
    };
  }
}

let hasMark = false;

function readInto(message: Message, reader: Reader): Message {
  hasMark = false;
  const properties = readStruct(reader);
  message.toJavaScript = () => properties;
  message.isPlain = !hasMark;
  return message;
}

// The numbers of fields are those of google/protobuf/struct.proto.
const isField = (reader: Reader): boolean => reader.nextField() && !reader.isEndGroup();

interface Entry {
  key: string;
  value: unknown;
}

function readStruct(reader: Reader): Record<string, unknown> {
  const entries: Entry[] = [];
  let isSorted = true;
  while (isField(reader)) {
    if (reader.getFieldNumber() !== 1) {
      reader.skipField();
      continue;
    }
    const entry: Entry = { key: "", value: undefined };
    reader.readMessage(entry, readEntry);
    if (entry.key === specialSigKey) hasMark = true;
    isSorted &&= entries.length === 0 || entries[entries.length - 1].key < entry.key;
    entries.push(entry);
  }
  // The engine writes them in any order; google-protobuf gives them in that of their names.
  if (!isSorted) entries.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  const properties: Record<string, unknown> = {};
  for (const { key, value } of entries) properties[key] = value;
  return properties;
}

function readEntry(entry: Entry, reader: Reader): void {
  while (isField(reader)) {
    const field = reader.getFieldNumber();
    if (field === 1) entry.key = reader.readString();
    else if (field === 2) reader.readMessage(entry, readValue);
    else reader.skipField();
  }
}

function readValue(into: { value: unknown }, reader: Reader): void {
  while (isField(reader)) {
    const field = reader.getFieldNumber();
    if (field === 3) into.value = reader.readString();
    else if (field === 2) into.value = reader.readDouble();
    else if (field === 4) into.value = reader.readBool();
    else if (field === 5) reader.readMessage(into, readStructValue);
    else if (field === 6) reader.readMessage(into, readList);
    else {
      if (field === 1) into.value = null;
      reader.skipField();
    }
  }
}

function readStructValue(into: { value: unknown }, reader: Reader): void {
  into.value = readStruct(reader);
}

function readList(into: { value: unknown }, reader: Reader): void {
  const list: unknown[] = [];
  const item: { value: unknown } = { value: undefined };
  while (isField(reader)) {
    if (reader.getFieldNumber() !== 1) {
      reader.skipField();
      continue;
    }
    item.value = undefined;
    reader.readMessage(item, readValue);
    list.push(item.value);
  }
  into.value = list;
}

/** What the policy runtime takes the engine's requests with; undefined where its packages are built otherwise. */
export function analyzerService(): Record<string, Method | undefined> | undefined {
  return found()?.service;
}

// The modules themselves, as the policy runtime loads them: another copy would be another class.
function found():
  | {
      service: Record<string, Method | undefined>;
      Struct?: { deserializeBinaryFromReader: (message: Message, reader: Reader) => Message };
    }
  | undefined {
  try {
    const ofRuntime = createRequire(createRequire(__filename).resolve("@pulumi/policy/server"));
    const { AnalyzerService } = ofRuntime("@pulumi/pulumi/proto/analyzer_grpc_pb");
    const ofMessages = createRequire(ofRuntime.resolve("@pulumi/pulumi/proto/analyzer_pb"));
    return { service: AnalyzerService, Struct: ofMessages("google-protobuf/google/protobuf/struct_pb.js").Struct };
  } catch {
    return undefined;
  }
}
