import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engine from "@pulumi/pulumi/proto/engine_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/resource_pb";
import { Callback } from "@pulumi/pulumi/proto/callback_pb";
import { Answers } from "./answers";
import { Graph, Resource } from "./graph";
import { Registrar } from "./registrar";
import { empty, fromStruct, handler, Server, serve, toStruct } from "./rpc";
import { isStack } from "./urn";
import { downgrade, mapProperties, Properties } from "./values";

/** A message of the program or of its runtime. */
export interface Diagnostic {
  severity: "info" | "warning" | "error";
  message: string;
  /** the resource it is about */
  urn?: string;
}

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
  /** the stack's outputs */
  outputs: Properties;
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
  const packages = new Map<string, string>();
  const invokeTransforms: Callback[] = [];
  const state = { outputs: {} as Properties, root: "" };

  const monitorHandlers = {
    getDeploymentInfo: handler<unknown, proto.DeploymentInfo>(() => {
      const info = new proto.DeploymentInfo();
      info.setProject(deployment.project);
      info.setStack(deployment.stack);
      info.setOrganization(deployment.organization);
      info.setDryrun(deployment.dryRun);
      info.setSupportedfeaturesList(Object.values(features));
      return info;
    }),
    supportsFeature: handler<proto.SupportsFeatureRequest, proto.SupportsFeatureResponse>((request) => {
      const response = new proto.SupportsFeatureResponse();
      response.setHassupport(request.getId() in features);
      return response;
    }),
    registerResource: handler((request: proto.RegisterResourceRequest) => {
      if (request.getRemote()) {
        diagnostics.push({
          severity: "warning",
          message: `${request.getType()} ${request.getName()} is made by a provider: its children don't show offline`,
        });
      }
      return registrar.register(request);
    }),
    readResource: handler((request: proto.ReadResourceRequest) => registrar.read(request)),
    registerResourceOutputs: handler((request: proto.RegisterResourceOutputsRequest) => {
      const outputs = mapProperties(fromStruct(request.getOutputs()), downgrade);
      const resource = registrar.graph.get(request.getUrn());
      if (resource) {
        resource.outputs = { ...resource.outputs, ...outputs };
      }
      if (isStack(request.getUrn())) {
        state.outputs = outputs;
      }
      return empty();
    }),
    invoke: handler(async (request: proto.ResourceInvokeRequest) => {
      const response = new proto.ResourceInvokeResponse();
      const token = request.getTok();
      let args = fromStruct(request.getArgs());
      if (token === "pulumi:pulumi:getResource") {
        response.setReturn(toStruct(registrar.describe(String(args.urn))));
        return response;
      }
      for (const transform of invokeTransforms) {
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
    call: handler((request: proto.ResourceCallRequest) => {
      throw new Error(
        `${request.getTok()} is a method that only its provider can answer, so it has no offline preview.`,
      );
    }),
    registerStackTransform: handler((request: Callback) => {
      registrar.stackTransforms.push(request);
      return empty();
    }),
    registerStackInvokeTransform: handler((request: Callback) => {
      invokeTransforms.push(request);
      return empty();
    }),
    // Hooks run when a provider creates, changes or deletes something, which never happens here.
    registerResourceHook: handler(empty),
    registerErrorHook: handler(empty),
    registerPackage: handler((request: proto.RegisterPackageRequest) => {
      const response = new proto.RegisterPackageResponse();
      const parameter = request.getParameterization();
      const [name, version] = parameter
        ? [parameter.getName(), parameter.getVersion()]
        : [request.getName(), request.getVersion()];
      const reference = `${name}@${version}`;
      packages.set(reference, version);
      response.setRef(reference);
      return response;
    }),
    signalAndWaitForShutdown: handler(empty),
  };

  const engineHandlers = {
    log: handler((request: engine.LogRequest) => {
      const severity = severities[request.getSeverity()];
      if (severity !== undefined && !request.getEphemeral()) {
        diagnostics.push({ severity, message: request.getMessage(), urn: request.getUrn() || undefined });
      }
      return empty();
    }),
    setRootResource: handler((request: engine.SetRootResourceRequest) => {
      state.root = request.getUrn();
      return new engine.SetRootResourceResponse();
    }),
    getRootResource: handler(() => {
      const response = new engine.GetRootResourceResponse();
      response.setUrn(state.root);
      return response;
    }),
    startDebugging: handler(empty),
    // The language runtime's own version decides what runs offline; the CLI checks this range.
    requirePulumiVersion: handler(() => new engine.RequirePulumiVersionResponse()),
  };

  const server = await serve([
    [ResourceMonitorService, monitorHandlers],
    [EngineService, engineHandlers],
  ]);
  return {
    address: server.address,
    stop: () => {
      registrar.callbacks.close();
      server.stop();
    },
    graph: registrar.graph,
    diagnostics,
    get outputs() {
      return state.outputs;
    },
  };
}

/** Debug messages, which the engine hides too, have no entry. */
const severities: Partial<Record<engine.LogSeverity, Diagnostic["severity"]>> = {
  [engine.LogSeverity.INFO]: "info",
  [engine.LogSeverity.WARNING]: "warning",
  [engine.LogSeverity.ERROR]: "error",
};

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
};
