import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { PolicyPackFailed } from "./errors";
import { Graph, Resource } from "./graph";
import { Deployment } from "./monitor";
import { levelOf, PolicySettings, reconcile } from "./policy-config";
import { Configuration } from "./project";
import { Loader, startRuntime } from "./runtime";
import { call, channelOptions, fromStruct, toStruct } from "./rpc";
import { providerUrn } from "./urn";
import { downgrade, mapProperties, Properties } from "./values";

/** What a policy found. `remediate` says that the policy changed the resource. */
export interface Violation {
  policy: string;
  level: "advisory" | "mandatory" | "remediate";
  /** null: about the whole stack */
  urn: string | null;
  message: string;
}

/** A policy pack in its own process, behind Pulumi's analyzer protocol. */
export interface Analyzer {
  /** Whether a policy may change resources (level `remediate`). */
  remediates(): boolean;
  /** Lets policies change a resource. */
  remediate(resource: Resource, graph: Graph): Promise<{ inputs: Properties; violations: Violation[] }>;
  /** Findings about one resource. */
  analyze(resource: Resource, graph: Graph): Promise<Violation[]>;
  /** Findings about the stack. */
  analyzeStack(graph: Graph): Promise<Violation[]>;
  /** Ends the process. */
  stop(): void;
}

/** A policy pack that starts up, in its own process. */
interface Starting<Ready> {
  /** the pack, as soon as it answers; rejects with {@link PolicyPackFailed} */
  ready: Promise<Ready>;
  /** id of the process; undefined if it could not be started */
  pid: number | undefined;
  /** Ends it. */
  stop(): void;
}

/**
 * Starts a policy pack, and configures it.
 *
 * @param settings levels and properties of policies
 * @see {@link startPack} for the other parameters
 * @throws {PolicyPackFailed} if there is no pack
 */
export function startAnalyzer(
  folder: string,
  deployment: Deployment,
  configuration: Configuration,
  settings: PolicySettings,
  loader: Loader,
): Starting<Analyzer> {
  const { ready: served, pid, stop } = startPack(folder, deployment, configuration, loader);
  const ready = served.then((client) => configured(client, deployment, settings, stop));
  ready.catch(() => undefined);
  return { ready, pid, stop };
}

/**
 * Starts a policy pack as Pulumi does (`NewPolicyAnalyzer` in pkg/resource/plugin/analyzer_plugin.go).
 *
 * @param folder the pack: PulumiPolicy.yaml and package.json
 * @param deployment the stack's name and configuration, as the pack sees them
 * @param loader how its TypeScript is loaded
 * @returns a client of it, for {@link configured}
 * @throws {PolicyPackFailed} if there is no pack
 */
export function startPack(
  folder: string,
  deployment: Deployment,
  configuration: Configuration,
  loader: Loader,
): Starting<AnalyzerClient> {
  const pack = packIn(folder);
  const runtime = startRuntime({
    name: "run-policy-pack",
    folder: pack,
    loader,
    nodeArguments: ["--require", "tsx/cjs"],
    args: ["", "."],
    environment: { PULUMI_CONFIG: JSON.stringify(configuration.values), ...environment(deployment) },
  });
  let client: AnalyzerClient | undefined;
  const stop = () => {
    client?.close();
    runtime.stop();
  };
  const port = new Promise<string>((found, failed) => {
    const { child, printed } = runtime;
    // The pack first prints the port that it listens on; warnings of node may come before it.
    child.stdout?.on("data", () => {
      const line = /^(\d+)$/m.exec(printed());
      if (line) {
        found(line[1]);
      }
    });
    child.once("error", (error) => failed(new PolicyPackFailed(`${pack} could not be run: ${error.message}`)));
    child.once("close", (code) =>
      failed(new PolicyPackFailed(`The policy pack ${pack} ended with exit code ${code}.\n${printed()}`)),
    );
  });
  const ready = port.then((found) => {
    client = new AnalyzerClient(`127.0.0.1:${found}`, grpc.credentials.createInsecure(), channelOptions);
    return client;
  });
  ready.catch(() => undefined);
  return { ready, pid: runtime.child.pid, stop };
}

/**
 * The policy pack of a folder: its absolute path.
 * @throws {PolicyPackFailed} if there is none
 */
export function packIn(folder: string): string {
  const pack = resolve(folder);
  if (existsSync(join(pack, "PulumiPolicy.yaml"))) return pack;
  throw new PolicyPackFailed(`There is no policy pack in ${pack}: PulumiPolicy.yaml is missing.`);
}

const environment = ({ organization, project, stack, dryRun }: Deployment): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ORGANIZATION: organization, PROJECT: project, STACK: stack, DRY_RUN: String(dryRun) }).flatMap(
      ([name, value]) => [
        [`PULUMI_NODEJS_${name}`, value],
        [`PULUMI_${name}`, value],
      ],
    ),
  );

/**
 * Configures a running policy pack; may be called again.
 *
 * @param client asks it
 * @param settings levels and properties of policies
 * @param stop ends it
 * @throws {PolicyPackFailed} if it fails, or refuses the settings
 */
export async function configured(
  client: AnalyzerClient,
  deployment: Deployment,
  settings: PolicySettings,
  stop: () => void,
): Promise<Analyzer> {
  const ask = async <Response>(start: Parameters<typeof call<Response>>[0]): Promise<Response> => {
    try {
      return await call<Response>(start);
    } catch (error) {
      throw new PolicyPackFailed(`The policy pack failed: ${(error as grpc.ServiceError).details}`);
    }
  };
  const stack = new proto.AnalyzerStackConfigureRequest();
  stack.setStack(deployment.stack);
  stack.setProject(deployment.project);
  stack.setOrganization(deployment.organization);
  stack.setDryRun(deployment.dryRun);
  await ask<proto.AnalyzerStackConfigureResponse>((done) => client.configureStack(stack, done));
  const info = await ask<proto.AnalyzerInfo>((done) => client.getAnalyzerInfo(new Empty(), done));
  const initial = [...info.getInitialconfigMap().entries()] as [string, proto.PolicyConfig][];
  const config = await reconcile(info.getPoliciesList(), initial, settings);
  const request = new proto.ConfigureAnalyzerRequest();
  config.forEach((value, name) => request.getPolicyconfigMap().set(name, value));
  await ask<Empty>((done) => client.configure(request, done));

  return {
    remediates: () => [...config.values()].some((c) => c.getEnforcementlevel() === proto.EnforcementLevel.REMEDIATE),
    async remediate(resource, graph) {
      const response = await ask<proto.RemediateResponse>((done) => client.remediate(asRequest(resource, graph), done));
      let inputs = resource.inputs;
      const violations = response.getRemediationsList().map((remediation): Violation => {
        const found = { policy: remediation.getPolicyname(), urn: resource.urn };
        if (remediation.getDiagnostic() !== "") {
          return { ...found, level: "advisory", message: remediation.getDiagnostic() };
        }
        inputs = mapProperties(fromStruct(remediation.getProperties()), downgrade);
        return { ...found, level: "remediate", message: remediation.getDescription() };
      });
      return { inputs, violations };
    },
    async analyze(resource, graph) {
      const response = await ask<proto.AnalyzeResponse>((done) => client.analyze(asRequest(resource, graph), done));
      return response.getDiagnosticsList().map((diagnostic) => violation(diagnostic, resource.urn));
    },
    async analyzeStack(graph) {
      const all = new proto.AnalyzeStackRequest();
      all.setResourcesList([...graph.values()].map((resource) => asStackResource(resource, graph)));
      const response = await ask<proto.AnalyzeResponse>((done) => client.analyzeStack(all, done));
      return response.getDiagnosticsList().map((diagnostic) => violation(diagnostic, diagnostic.getUrn() || null));
    },
    stop,
  };
}

function violation(diagnostic: proto.AnalyzeDiagnostic, urn: string | null): Violation {
  const level = levelOf(diagnostic.getEnforcementlevel());
  return {
    policy: diagnostic.getPolicyname(),
    // A policy that still finds something after its remediation counts as mandatory.
    level: level === "advisory" ? "advisory" : "mandatory",
    urn,
    message: diagnostic.getMessage(),
  };
}

/** Analyzers get everything but Pulumi's internal properties (`SkipInternalKeys`). */
const analyzable = (properties: Properties): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([key]) => !key.startsWith("__")));

function asRequest(resource: Resource, graph: Graph): proto.AnalyzeRequest {
  return fill(new proto.AnalyzeRequest(), resource, graph, resource.inputs);
}

function asStackResource(resource: Resource, graph: Graph): proto.AnalyzerResource {
  const result = fill(new proto.AnalyzerResource(), resource, graph, resource.outputs);
  result.setParent(resource.parent ?? "");
  result.setDependenciesList(resource.options.dependsOn);
  for (const [key, urns] of Object.entries(resource.propertyDependencies)) {
    const dependencies = new proto.AnalyzerPropertyDependencies();
    dependencies.setUrnsList(urns);
    result.getPropertydependenciesMap().set(key, dependencies);
  }
  return result;
}

function fill<Message extends proto.AnalyzeRequest | proto.AnalyzerResource>(
  message: Message,
  resource: Resource,
  graph: Graph,
  properties: Properties,
): Message {
  message.setType(resource.type);
  message.setUrn(resource.urn);
  message.setName(resource.name);
  message.setProperties(toStruct(analyzable(properties)));
  message.setOptions(optionsOf(resource));
  const provider = resource.provider === undefined ? undefined : graph.get(providerUrn(resource.provider));
  if (provider) {
    const described = new proto.AnalyzerProviderResource();
    described.setType(provider.type);
    described.setUrn(provider.urn);
    described.setName(provider.name);
    described.setProperties(toStruct(analyzable(provider.inputs)));
    message.setProvider(described);
  }
  return message;
}

function optionsOf({ options, parent }: Resource): proto.AnalyzerResourceOptions {
  const result = new proto.AnalyzerResourceOptions();
  result.setProtect(options.protect ?? false);
  result.setIgnorechangesList(options.ignoreChanges);
  result.setDeletebeforereplace(options.deleteBeforeReplace ?? false);
  result.setDeletebeforereplacedefined(options.deleteBeforeReplace !== undefined);
  result.setAdditionalsecretoutputsList(options.additionalSecretOutputs);
  result.setAliasesList(options.aliases);
  result.setParent(parent ?? "");
  const timeouts = new proto.AnalyzerResourceOptions.CustomTimeouts();
  timeouts.setCreate(seconds(options.customTimeouts.create));
  timeouts.setUpdate(seconds(options.customTimeouts.update));
  timeouts.setDelete(seconds(options.customTimeouts.delete));
  timeouts.setRead(seconds(options.customTimeouts.read));
  result.setCustomtimeouts(timeouts);
  return result;
}

const secondsIn: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };

/** A duration in Go's notation (`1h30m`), in seconds. */
const seconds = (duration = ""): number =>
  [...duration.matchAll(/([\d.]+)(h|ms|m|s|us|µs|ns)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * secondsIn[unit],
    0,
  );
