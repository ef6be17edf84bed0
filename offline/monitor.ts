import { Callback } from "@pulumi/pulumi/proto/callback_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/resource_pb";
import { Answers } from "./answers";
import { Diagnostic, engineHandlers } from "./engine";
import { ProgramFailed } from "./errors";
import { Graph, Resource } from "./graph";
import { Registrar } from "./registrar";
import { empty, fromStruct, Handler, handler, serve, Server, toStruct } from "./rpc";
import { isStack } from "./urn";
import { downgrade, mapProperties, Properties } from "./values";

/** What the program is told about where it runs. */
export interface Deployment {
  project: string;
  stack: string;
  organization: string;
  /** true for a preview: outputs that only a provider knows are unknown */
  dryRun: boolean;
}

/** The servers that a running program talks to, and what it has told them. */
export interface Monitor extends Server {
  graph: Graph;
  diagnostics: Diagnostic[];
  /** The stack's outputs; empty until the program has ended. */
  outputs(): Properties;
  /** Rejects with {@link ProgramFailed} when a registration is refused: the program then waits for ever, as under the engine. */
  refused: Promise<never>;
}

/**
 * Starts Pulumi's resource monitor and engine on loopback: the two gRPC services by which a language runtime registers
 * resources, from the definitions that `@pulumi/pulumi` ships. Nothing is created.
 *
 * @param deployment what the program is told about where it runs
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
  const server = await serve([
    [
      ResourceMonitorService,
      {
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
        registerStackTransform: handler((request: Callback) => {
          registrar.stackTransforms.push(request);
          return empty();
        }),
      },
    ],
    [EngineService, engineHandlers(diagnostics)],
  ]);
  return {
    address: server.address,
    stop: () => {
      registrar.callbacks.close();
      server.stop();
    },
    graph: registrar.graph,
    diagnostics,
    outputs: () => [...registrar.graph.values()].find(({ urn }) => isStack(urn))?.outputs ?? {},
    refused,
  };
}

/** What a program asks about the monitor, or tells it, beside resources. */
function deploymentHandlers(deployment: Deployment): Record<string, Handler> {
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
    // Hooks run when a provider creates, changes or deletes something, which never happens here.
    registerResourceHook: handler(empty),
    registerErrorHook: handler(empty),
    signalAndWaitForShutdown: handler(empty),
  };
}

/** Data sources, and methods of resources. */
function invocationHandlers(registrar: Registrar, answers: Answers): Record<string, Handler> {
  const transforms: Callback[] = [];
  return {
    invoke: handler(async (request: proto.ResourceInvokeRequest) => {
      const response = new proto.ResourceInvokeResponse();
      const token = request.getTok();
      let args = fromStruct(request.getArgs());
      if (token === "pulumi:pulumi:getResource") {
        response.setReturn(toStruct(registrar.describe(String(args.urn))));
        return response;
      }
      for (const transform of transforms) {
        args = await registrar.callbacks.transformInvoke(transform, token, args);
      }
      const answer = registrar.pending(request.getDependsonList()) ? undefined : answers.invoke(token, args);
      if (answer === undefined) {
        response.setUnknown(true);
      } else {
        response.setReturn(toStruct(answer));
      }
      return response;
    }),
    registerStackInvokeTransform: handler((request: Callback) => {
      transforms.push(request);
      return empty();
    }),
    call: handler((request: proto.ResourceCallRequest) => {
      throw new Error(
        `${request.getTok()} is a method that only its provider can answer, so it has no offline preview.`,
      );
    }),
  };
}

const warnings = (request: proto.RegisterResourceRequest): Diagnostic[] =>
  request.getRemote()
    ? [
        {
          severity: "warning",
          message: `${request.getType()} ${request.getName()} is made by a provider: its children don't show offline`,
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
  transforms: feature.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
  invokeTransforms: feature.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
  parameterization: feature.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
  resourceHooks: feature.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
  errorHooks: feature.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
  sendsOptionsToHooks: feature.RESOURCE_MONITOR_FEATURE_SENDS_OPTIONS_TO_HOOKS,
  invokeDependsOn: feature.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON,
};
