import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/resource_pb";
import { Answers } from "./answers";
import { Diagnostic, engineHandlers } from "./engine";
import { ProgramFailed } from "./errors";
import { Graph, Resource } from "./graph";
import { Registrar } from "./registrar";
import { empty, fromStruct, Handler, handler, Handlers, serve, Server, toStruct } from "./rpc";
import { isStack } from "./urn";
import { downgrade, mapProperties, Properties } from "./values";

/** The stack and project in which the program runs. */
export interface Deployment {
  project: string;
  stack: string;
  organization: string;
  /** true for a preview: outputs that only a provider knows are unknown */
  dryRun: boolean;
}

/** The servers that a running program talks to, and what it has sent to them. */
export interface Monitor extends Server {
  /** What they answer, for a program that runs in this process. */
  handlers: { monitor: Handlers; engine: Handlers };
  graph: Graph;
  diagnostics: Diagnostic[];
  /** The stack's outputs; empty until the program has ended. */
  outputs(): Properties;
  /** Rejects with {@link ProgramFailed} if a registration is refused: the program then waits forever, as with the engine. */
  refused: Promise<never>;
}

/**
 * Starts Pulumi's resource monitor and engine on loopback: the two gRPC services by which a language runtime registers
 * resources, from the definitions that `@pulumi/pulumi` ships. Nothing is created.
 *
 * @param deployment the stack and project in which the program runs
 * @param answers what providers would answer
 * @param inspect called with each resource before the program learns its outputs; returns its inputs, perhaps changed
 */
export async function startMonitor(
  deployment: Deployment,
  answers: Answers,
  inspect: (resource: Resource) => Promise<Properties>,
): Promise<Monitor> {
  const registrar = new Registrar(deployment, answers, inspect);
  const diagnostics: Diagnostic[] = [];
  let refuse: (error: ProgramFailed) => void;
  const refused = new Promise<never>((_, reject) => (refuse = reject));
  refused.catch(() => undefined);
  const orRefuse = (register: Handler): Handler =>
    handler(async (request) => {
      try {
        return await register(request);
      } catch (error) {
        refuse(new ProgramFailed(error instanceof Error ? error.message : String(error)));
        throw error;
      }
    });
  const monitor: Handlers = {
    ...deploymentHandlers(deployment),
    ...invocationHandlers(registrar, answers),
    registerResource: orRefuse((request: proto.RegisterResourceRequest) => {
      diagnostics.push(...warnings(request));
      return registrar.register(request);
    }),
    readResource: orRefuse((request: proto.ReadResourceRequest) => registrar.read(request)),
    registerResourceOutputs: handler((request: proto.RegisterResourceOutputsRequest) => {
      registrar.setOutputs(request.getUrn(), mapProperties(fromStruct(request.getOutputs()), downgrade));
      return empty();
    }),
  };
  const engine = engineHandlers(diagnostics);
  const server = await serve([
    [ResourceMonitorService, monitor],
    [EngineService, engine],
  ]);
  return {
    address: server.address,
    handlers: { monitor, engine },
    stop: () => server.stop(),
    graph: registrar.graph,
    diagnostics,
    outputs: () => [...registrar.graph.values()].find(({ urn }) => isStack(urn))?.outputs ?? {},
    refused,
  };
}

/** A program's other calls to the monitor, without resources. */
function deploymentHandlers(deployment: Deployment): Handlers {
  return {
    getDeploymentInfo: handler(() => {
      const info = new proto.DeploymentInfo();
      info.setProject(deployment.project);
      info.setStack(deployment.stack);
      info.setOrganization(deployment.organization);
      info.setDryrun(deployment.dryRun);
      info.setSupportedfeaturesList(Object.values(features));
      return info;
    }),
    supportsFeature: handler((request: proto.SupportsFeatureRequest) => {
      const response = new proto.SupportsFeatureResponse();
      response.setHassupport(request.getId() in features);
      return response;
    }),
    registerPackage: handler((request: proto.RegisterPackageRequest) => {
      const response = new proto.RegisterPackageResponse();
      const named = request.getParameterization() ?? request;
      response.setRef(`${named.getName()}@${named.getVersion()}`);
      return response;
    }),
    // Hooks run when a provider creates, changes or deletes something; this never happens here.
    registerResourceHook: handler(empty),
    registerErrorHook: handler(empty),
    signalAndWaitForShutdown: handler(empty),
  };
}

/** Data sources, and methods of resources. */
function invocationHandlers(registrar: Registrar, answers: Answers): Handlers {
  return {
    invoke: handler((request: proto.ResourceInvokeRequest) => {
      const response = new proto.ResourceInvokeResponse();
      const token = request.getTok();
      const args = fromStruct(request.getArgs());
      if (token === "pulumi:pulumi:getResource") {
        response.setReturn(toStruct(registrar.describe(String(args.urn))));
        return response;
      }
      const answer = registrar.pending(request.getDependsonList()) ? undefined : answers.invoke(token, args);
      if (answer === undefined) {
        response.setUnknown(true);
      } else {
        response.setReturn(toStruct(answer));
      }
      return response;
    }),
    call: handler((request: proto.ResourceCallRequest) => {
      throw new Error(
        `${request.getTok()} is a method that only its provider can answer, so there is no offline preview.`,
      );
    }),
  };
}

const warnings = (request: proto.RegisterResourceRequest): Diagnostic[] =>
  request.getRemote()
    ? [
        {
          severity: "warning",
          message: `${request.getType()} ${request.getName()} is created by a provider: its children are not shown offline`,
        },
      ]
    : [];

const feature = proto.ResourceMonitorFeature;
/** What this monitor understands: the ids of older runtimes (`SupportsFeature`) and the numbers of newer ones. */
const features: Record<string, proto.ResourceMonitorFeature> = {
  secrets: feature.RESOURCE_MONITOR_FEATURE_SECRETS,
  resourceReferences: feature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
  outputValues: feature.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
  aliasSpecs: feature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
  replacementTrigger: feature.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
  deletedWith: feature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
  replaceWith: feature.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
  parameterization: feature.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
  resourceHooks: feature.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
  errorHooks: feature.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
  sendsOptionsToHooks: feature.RESOURCE_MONITOR_FEATURE_SENDS_OPTIONS_TO_HOOKS,
  invokeDependsOn: feature.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON,
};
