import "./structs.js";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Properties } from "./values";

/** Pulumi's own limit, 400 MB (`rpcutil.GrpcChannelOptions`); gRPC's default of 4 MB is too small for a dashboard. */
export const channelOptions: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": 400 * 1024 * 1024,
};

/** Properties as a protobuf message. */
export const toStruct = (properties: Properties): Struct => Struct.fromJavaScript(properties);

/** A protobuf message as properties; an absent one is empty. */
export const fromStruct = (struct: Struct | undefined): Properties => (struct?.toJavaScript() ?? {}) as Properties;

/** The empty answer. */
export const empty = (): Empty => new Empty();

/** An answer to one method of a gRPC service; what it throws is the caller's error. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each method has its own message types, see `handler`
export type Handler = (request: any) => unknown;

/** Types a handler by its request. */
export const handler = <Request>(answer: (request: Request) => unknown): Handler => answer;

/** Answers to the methods of a gRPC service, by name. */
export type Handlers = Record<string, Handler>;

/** A gRPC server on a free port of the loopback interface. */
export interface Server {
  /** host:port */
  address: string;
  /** Ends the server and its connections at once. */
  stop(): void;
}

/**
 * Serves gRPC services on loopback.
 *
 * @param services pairs of a service's definition and the answers to its methods; a method without one is unimplemented
 * @throws Error if there is no free port
 */
export async function serve(services: [grpc.ServiceDefinition, Handlers][]): Promise<Server> {
  const server = new grpc.Server(channelOptions);
  for (const [definition, handlers] of services) {
    const implementation = Object.entries(handlers).map(([name, answer]) => [name, unary(answer)]);
    server.addService(definition, Object.fromEntries(implementation));
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}

const unary =
  (answer: Handler): grpc.handleUnaryCall<unknown, unknown> =>
  async (call, callback) => {
    try {
      callback(null, await answer(call.request));
    } catch (error) {
      const details = error instanceof Error ? error.message : String(error);
      callback({ code: grpc.status.UNKNOWN, details });
    }
  };

/** Calls one method of a client: `call<Response>((done) => client.invoke(request, done))`. */
export const call = <Response>(
  start: (done: (error: grpc.ServiceError | null, response: Response) => void) => void,
): Promise<Response> =>
  new Promise((resolve, reject) => start((error, response) => (error ? reject(error) : resolve(response))));
