import * as grpc from "@grpc/grpc-js";
import type { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import { configured, packIn, type startAnalyzer } from "../../../engine/analyzer";
import type { Handler, Handlers } from "../../../engine/rpc";
import { direct, inState } from "./inline";

/** A method of a gRPC service as @pulumi/policy implements it. */
type Method = (call: { request: unknown }, done: (error: unknown, response: unknown) => void) => void;

/**
 * Starts a policy pack in this process: `startPack` of `offlinePreview`. The policy runtime's own functions answer, as in the pack's process. Its main
 * file is run each time, with a policy runtime to itself, and what that imports is kept.
 */
export const startPackInline: typeof startAnalyzer = (folder, deployment, configuration, settings) => {
  const pack = packIn(folder);
  const inPack = <T>(act: () => Promise<T>) => inState(deployment, configuration, act);
  const answered =
    (method: Method): Handler =>
    (request) =>
      inPack(
        () =>
          new Promise((found, failed) =>
            method({ request }, (error, response) => (error ? failed(error as Error) : found(response))),
          ),
      );
  const serve = async () => {
    const methods = await inPack(async () => served(pack));
    const handlers: Handlers = Object.fromEntries(
      Object.entries(methods).map(([name, method]) => [name, answered(method)]),
    );
    return configured(direct(handlers) as AnalyzerClient, deployment, settings, () => undefined);
  };
  const ready = serve();
  ready.catch(() => undefined);
  return { ready, pid: undefined, stop: () => undefined };
};

const runtime = /[\\/]node_modules[\\/]@pulumi[\\/]policy[\\/]/;

/** Runs a pack's main file, as `run-policy-pack` does in the pack's folder. @returns what it would answer on a port */
function served(pack: string): Record<string, Method> {
  const main = require.resolve(pack);
  for (const file of Object.keys(require.cache)) if (file === main || runtime.test(file)) delete require.cache[file];
  const server = grpc.Server.prototype;
  const { addService, bindAsync } = server;
  const before = process.cwd();
  let methods: Record<string, Method> = {};
  try {
    server.addService = (_, all) => void (methods = all as unknown as typeof methods);
    server.bindAsync = () => undefined;
    process.chdir(pack);
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- as Pulumi's runtime does
    require(main);
  } finally {
    Object.assign(server, { addService, bindAsync });
    process.chdir(before);
  }
  return methods;
}
