import assert from "node:assert/strict";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import * as server from "@pulumi/policy/server";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { readRequestsOnce } from "../../../policy/lib/read-request";

type Methods = Record<"analyze" | "analyzeStack", { requestDeserialize(bytes: Uint8Array): unknown }>;
type Seen = Record<string, unknown>;
type Handler = (call: { request: unknown }, done: (error: unknown) => void) => unknown;
type MakeHandler = (name: string, version: string, level: string, policies: object[]) => Handler;

// Its declarations leave them out.
const { makeAnalyzeRpcFun, makeAnalyzeStackRpcFun } = server as unknown as Record<string, MakeHandler>;

describe("what the engine says of a resource besides its properties", () => {
  const service = AnalyzerService as unknown as Methods;
  const own = Object.values({ ...service }).map((method) => [method, method.requestDeserialize] as const);
  afterEach(() => own.forEach(([method, original]) => (method.requestDeserialize = original)));

  const filled = <Message extends proto.AnalyzeRequest | proto.AnalyzerResource>(message: Message): Message => {
    message.setType("kubernetes:core/v1:ConfigMap");
    message.setUrn("urn:pulumi:production::project::kubernetes:core/v1:ConfigMap::a");
    message.setName("a");
    message.setProperties(Struct.fromJavaScript({ a: 1 }));
    const options = new proto.AnalyzerResourceOptions();
    options.setProtect(true);
    options.setIgnorechangesList(["data"]);
    options.setAliasesList(["b"]);
    options.setAdditionalsecretoutputsList(["c"]);
    options.setDeletebeforereplacedefined(true);
    options.setDeletebeforereplace(true);
    options.setParent("urn:parent");
    const timeouts = new proto.AnalyzerResourceOptions.CustomTimeouts();
    timeouts.setCreate(60);
    options.setCustomtimeouts(timeouts);
    message.setOptions(options);
    const provider = new proto.AnalyzerProviderResource();
    provider.setProperties(Struct.fromJavaScript({ kubeconfig: "a" }));
    message.setProvider(provider);
    return message;
  };
  const request = filled(new proto.AnalyzeRequest()).serializeBinary();

  /** What two policies are told, one after the other. */
  const told = async (): Promise<Seen[]> => {
    const seen: Seen[] = [];
    const policy = (name: string) => ({
      name,
      enforcementLevel: "mandatory",
      validateResource: ({ type, urn, name, opts, provider }: Seen) =>
        void seen.push({ type, urn, name, opts, provider }),
    });
    const handler = makeAnalyzeRpcFun("pack", "1", "mandatory", [policy("one"), policy("two")]);
    await new Promise<void>((done, failed) => {
      const call = { request: service.analyze.requestDeserialize(request) };
      void handler(call, (error) => (error ? failed(error as Error) : done()));
    });
    return seen;
  };

  it("is told to each policy as ever, but for the provider", async () => {
    const before = await told();
    assert.equal((before[0].opts as Seen).protect, true);
    readRequestsOnce();
    assert.deepEqual(
      await told(),
      before.map((each) => ({ ...each, provider: undefined })),
    );
  });

  it("is told of each resource of a stack, without what it depends on", async () => {
    const resource = filled(new proto.AnalyzerResource());
    resource.setParent("urn:parent");
    resource.setDependenciesList([resource.getUrn()]);
    const all = new proto.AnalyzeStackRequest();
    all.setResourcesList([resource]);
    let seen: Seen[] = [];
    const policy = {
      name: "stack",
      enforcementLevel: "mandatory",
      validateStack: ({ resources }: { resources: Seen[] }) => void (seen = resources),
    };
    readRequestsOnce();
    const handler = makeAnalyzeStackRpcFun("pack", "1", "mandatory", [policy]);
    await new Promise<void>((done, failed) => {
      const call = { request: service.analyzeStack.requestDeserialize(all.serializeBinary()) };
      void handler(call, (error) => (error ? failed(error as Error) : done()));
    });
    assert.equal(seen.length, 1);
    const { name, opts, dependencies, provider } = seen[0];
    assert.deepEqual([name, (opts as Seen).parent, dependencies, provider], ["a", "urn:parent", [], undefined]);
  });
});
