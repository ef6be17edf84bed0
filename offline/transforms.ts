import * as grpc from "@grpc/grpc-js";
import { CallbacksClient } from "@pulumi/pulumi/proto/callback_grpc_pb";
import { Callback, CallbackInvokeRequest, CallbackInvokeResponse } from "@pulumi/pulumi/proto/callback_pb";
import {
  TransformInvokeRequest,
  TransformInvokeResponse,
  TransformRequest,
  TransformResourceOptions,
  TransformResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { call, channelOptions, fromStruct, toStruct } from "./rpc";
import { Properties } from "./values";

/** What a transform may change of a resource. */
export interface Transformed {
  properties: Properties;
  options: TransformResourceOptions;
}

/** Calls functions of the program (`transforms`) over the protocol's callbacks; keeps one connection per server. */
export class Callbacks {
  private readonly clients = new Map<string, CallbacksClient>();

  /** Runs one transform on a resource that is being registered. Throws what the transform throws. */
  async transform(
    callback: Callback,
    resource: { type: string; name: string; custom: boolean; parent: string | undefined },
    current: Transformed,
  ): Promise<Transformed> {
    const request = new TransformRequest();
    request.setType(resource.type);
    request.setName(resource.name);
    request.setCustom(resource.custom);
    request.setParent(resource.parent ?? "");
    request.setProperties(toStruct(current.properties));
    request.setOptions(current.options);
    const response = TransformResponse.deserializeBinary(await this.invoke(callback, request.serializeBinary()));
    return {
      properties: response.hasProperties() ? fromStruct(response.getProperties()) : current.properties,
      options: response.getOptions() ?? current.options,
    };
  }

  /** Runs one transform on the arguments of an invocation. */
  async transformInvoke(callback: Callback, token: string, args: Properties): Promise<Properties> {
    const request = new TransformInvokeRequest();
    request.setToken(token);
    request.setArgs(toStruct(args));
    const response = TransformInvokeResponse.deserializeBinary(await this.invoke(callback, request.serializeBinary()));
    return response.hasArgs() ? fromStruct(response.getArgs()) : args;
  }

  /** Closes the connections. */
  close(): void {
    this.clients.forEach((client) => client.close());
  }

  private async invoke(callback: Callback, request: Uint8Array): Promise<Uint8Array> {
    const message = new CallbackInvokeRequest();
    message.setToken(callback.getToken());
    message.setRequest(request);
    const client = this.client(callback.getTarget());
    const response = await call<CallbackInvokeResponse>((done) => client.invoke(message, done));
    return response.getResponse_asU8();
  }

  private client(target: string): CallbacksClient {
    const known = this.clients.get(target);
    if (known) {
      return known;
    }
    const client = new CallbacksClient(target, grpc.credentials.createInsecure(), channelOptions);
    this.clients.set(target, client);
    return client;
  }
}
