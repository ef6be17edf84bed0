import { stripVTControlCharacters } from "node:util";
import * as proto from "@pulumi/pulumi/proto/engine_pb";
import { empty, handler, Handlers } from "./rpc";

/** A message of the program or of its runtime. */
export interface Diagnostic {
  severity: "info" | "warning" | "error";
  message: string;
  /** the resource it is about */
  urn?: string;
}

/**
 * Pulumi's engine as far as a program talks to it: logs, and the root resource.
 *
 * @param diagnostics what the program logs is added here
 */
export function engineHandlers(diagnostics: Diagnostic[]): Handlers {
  let root = "";
  return {
    log: handler((request: proto.LogRequest) => {
      const severity = severities[request.getSeverity()];
      if (severity !== undefined && !request.getEphemeral()) {
        const message = stripVTControlCharacters(request.getMessage());
        diagnostics.push({ severity, message, ...(request.getUrn() ? { urn: request.getUrn() } : {}) });
      }
      return empty();
    }),
    setRootResource: handler((request: proto.SetRootResourceRequest) => {
      root = request.getUrn();
      return new proto.SetRootResourceResponse();
    }),
    getRootResource: handler(() => {
      const response = new proto.GetRootResourceResponse();
      response.setUrn(root);
      return response;
    }),
    startDebugging: handler(empty),
    // The version of the CLI, which doesn't run here.
    requirePulumiVersion: handler(() => new proto.RequirePulumiVersionResponse()),
  };
}

/** Debug messages have no entry; the engine hides them too. */
const severities: Partial<Record<proto.LogSeverity, Diagnostic["severity"]>> = {
  [proto.LogSeverity.INFO]: "info",
  [proto.LogSeverity.WARNING]: "warning",
  [proto.LogSeverity.ERROR]: "error",
};
