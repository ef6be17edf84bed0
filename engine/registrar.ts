import * as proto from "@pulumi/pulumi/proto/resource_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { aliasUrns } from "./aliases";
import { Answers } from "./answers";
import { Graph, Options, Resource } from "./graph";
import { fromStruct, toStruct } from "./rpc";
import { urnOf } from "./urn";
import { downgrade, isSecret, mapProperties, Properties, secret, unknownValue } from "./values";

/**
 * Turns registrations into a graph as Pulumi's engine does (`pkg/resource/deploy/source_eval.go`): inherits from parents,
 * resolves providers and aliases, refuses a URN that is taken.
 */
export class Registrar {
  readonly graph: Graph = new Map();

  /**
   * @param where the stack and project
   * @param answers what providers would answer
   * @param inspect called with each resource before the program learns its outputs; returns its inputs, perhaps changed
   */
  constructor(
    private readonly where: { stack: string; project: string; dryRun: boolean },
    private readonly answers: Answers,
    private readonly inspect: (resource: Resource) => Promise<Properties>,
  ) {}

  /** Registers a resource. Throws if there is already a resource with that type and name. */
  async register(request: proto.RegisterResourceRequest): Promise<proto.RegisterResourceResponse> {
    const type = request.getType();
    const name = request.getName();
    const custom = request.getCustom();
    const parent = this.graph.get(request.getParent());
    const propertyDependencies = dependenciesOf(request);
    const urn = urnOf(this.where, parent?.urn, type, name);
    const resource: Resource = {
      ...{ urn, type, name, custom, parent: parent?.urn },
      provider: isProvider(type) || !(custom || request.getRemote()) ? undefined : providerOf(request, parent),
      providers: custom ? {} : { ...parent?.providers, ...Object.fromEntries(request.getProvidersMap().entries()) },
      read: false,
      inputs: mapProperties(fromStruct(request.getObject()), downgrade),
      outputs: {},
      id: "",
      propertyDependencies,
      options: optionsOf(
        request,
        parent,
        propertyDependencies,
        aliasUrns(
          this.where,
          urn,
          parent && { urn: parent.urn, aliases: parent.options.aliases },
          request.getAliasesList(),
        ),
      ),
    };
    this.add(resource);
    resource.inputs = await this.inspect(resource);
    if (custom) {
      Object.assign(resource, this.answers.create(resource));
      resource.outputs = this.withSecrets(resource);
    }

    const response = new proto.RegisterResourceResponse();
    response.setUrn(urn);
    response.setId(resource.id);
    // A component's outputs follow later, from registerOutputs; the runtime keeps what the program set.
    response.setObject(custom ? toStruct(resource.outputs) : new Struct());
    return response;
  }

  /** Reads an existing object: `Type.get`. It is in the graph, but not managed. */
  read(request: proto.ReadResourceRequest): proto.ReadResourceResponse {
    const parent = this.graph.get(request.getParent());
    const type = request.getType();
    const resource: Resource = {
      urn: urnOf(this.where, parent?.urn, type, request.getName()),
      type,
      name: request.getName(),
      custom: true,
      parent: parent?.urn,
      provider: request.getProvider() || parent?.providers[packageOf(type)],
      providers: {},
      read: true,
      inputs: mapProperties(fromStruct(request.getProperties()), downgrade),
      outputs: {},
      id: request.getId(),
      propertyDependencies: {},
      options: {
        ignoreChanges: [],
        replaceOnChanges: [],
        additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
        dependsOn: sorted(request.getDependenciesList()),
        aliases: [],
        version: request.getVersion() || undefined,
        customTimeouts: {},
      },
    };
    this.add(resource);
    resource.outputs = this.answers.read(resource);
    resource.outputs = this.withSecrets(resource);
    const response = new proto.ReadResourceResponse();
    response.setUrn(resource.urn);
    response.setProperties(toStruct(resource.outputs));
    return response;
  }

  /** Adds the outputs of a component (`registerOutputs`) or of the stack. */
  setOutputs(urn: string, outputs: Properties): void {
    const resource = this.graph.get(urn);
    if (resource) {
      resource.outputs = { ...resource.outputs, ...outputs };
    }
  }

  /** The answer of `pulumi:pulumi:getResource`, which turns a resource reference into a resource again. */
  describe(urn: string): Properties {
    const resource = this.graph.get(urn);
    if (!resource) {
      throw new Error(`unknown resource ${urn}`);
    }
    return { urn, id: resource.id, state: resource.outputs };
  }

  /** Whether one of the resources, or a child of one, doesn't exist yet, so that no invocation may depend on it. */
  pending(urns: string[]): boolean {
    const roots = new Set(urns);
    return [...this.graph.values()].some(
      (resource) =>
        resource.custom && !isProvider(resource.type) && resource.id === "" && this.isUnder(resource, roots),
    );
  }

  private isUnder(resource: Resource, roots: Set<string>): boolean {
    const parent = resource.parent === undefined ? undefined : this.graph.get(resource.parent);
    return roots.has(resource.urn) || (parent !== undefined && this.isUnder(parent, roots));
  }

  private add(resource: Resource): void {
    if (this.graph.has(resource.urn)) {
      throw new Error(`Duplicate resource URN '${resource.urn}'; try giving it a unique name`);
    }
    this.graph.set(resource.urn, resource);
  }

  private withSecrets(resource: Resource): Properties {
    const outputs = { ...resource.outputs };
    for (const key of resource.options.additionalSecretOutputs) {
      if (key in outputs) {
        outputs[key] = isSecret(outputs[key]) ? outputs[key] : secret(outputs[key]);
      } else if (this.where.dryRun) {
        outputs[key] = secret(unknownValue);
      }
    }
    return outputs;
  }
}

/** The package of a type: `kubernetes` of `kubernetes:apps/v1:Deployment`. */
const packageOf = (type: string): string => type.split(":")[0];

/** Whether the type is that of a provider. */
export const isProvider = (type: string): boolean => type.startsWith("pulumi:providers:");

const sorted = (urns: string[]): string[] => [...new Set(urns)].sort();

function dependenciesOf(request: proto.RegisterResourceRequest): Record<string, string[]> {
  const entries = [...request.getPropertydependenciesMap().entries()] as [string, { getUrnsList(): string[] }][];
  return Object.fromEntries(entries.map(([key, dependencies]) => [key, sorted(dependencies.getUrnsList())]));
}

/** The provider that is named, or the parent's. */
function providerOf(request: proto.RegisterResourceRequest, parent: Resource | undefined): string | undefined {
  const name = packageOf(request.getType());
  return (request.getProvider() || request.getProvidersMap().get(name)) ?? parent?.providers[name];
}

/** The options, with what is inherited from the parent (`inheritFromParent`). */
function optionsOf(
  request: proto.RegisterResourceRequest,
  parent: Resource | undefined,
  propertyDependencies: Record<string, string[]>,
  aliases: string[],
): Options {
  const timeouts = request.getCustomtimeouts();
  return {
    protect: request.hasProtect() ? request.getProtect() : parent?.options.protect,
    retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : parent?.options.retainOnDelete,
    deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    dependsOn: sorted([...request.getDependenciesList(), ...Object.values(propertyDependencies).flat()]),
    aliases,
    import: request.getImportid() || undefined,
    deletedWith: request.getDeletedwith() || parent?.options.deletedWith || undefined,
    version: request.getVersion() || undefined,
    customTimeouts: {
      create: timeouts?.getCreate() || undefined,
      update: timeouts?.getUpdate() || undefined,
      delete: timeouts?.getDelete() || undefined,
      read: timeouts?.getRead() || undefined,
    },
  };
}
