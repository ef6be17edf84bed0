import { Callback } from "@pulumi/pulumi/proto/callback_pb";
import * as proto from "@pulumi/pulumi/proto/resource_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { aliasUrns } from "./aliases";
import { Answers } from "./answers";
import { Graph, Options, Resource } from "./graph";
import { fromStruct, toStruct } from "./rpc";
import { Callbacks } from "./transforms";
import { urnOf } from "./urn";
import {
  downgrade,
  isSecret,
  mapProperties,
  outputDependencies,
  Properties,
  secret,
  unknownValue,
  upgrade,
} from "./values";

/**
 * Turns registrations into a graph as Pulumi's engine does (`pkg/resource/deploy/source_eval.go`): inherits from parents,
 * runs transforms, resolves providers and aliases, refuses a URN that is taken.
 */
export class Registrar {
  readonly graph: Graph = new Map();
  readonly callbacks = new Callbacks();
  /** Transforms of the stack: they run after a resource's own and its parents'. */
  readonly stackTransforms: Callback[] = [];
  private readonly transforms = new Map<string, Callback[]>();

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

  /** Registers a resource. Throws when a resource of that type and name is already there. */
  async register(request: proto.RegisterResourceRequest): Promise<proto.RegisterResourceResponse> {
    const type = request.getType();
    const name = request.getName();
    const custom = request.getCustom();
    const parent = this.graph.get(request.getParent());
    const own = request.getTransformsList();
    const identity = { type, name, custom, parent: parent?.urn };

    let propertyDependencies = dependenciesOf(request);
    let transformed = {
      properties: fromStruct(request.getObject()),
      options: this.transformable(request, parent),
    };
    const transforms = [...own, ...this.inheritedTransforms(parent), ...this.stackTransforms];
    if (transforms.length > 0) {
      transformed.properties = upgrade(transformed.properties, propertyDependencies);
      for (const transform of transforms) {
        transformed = await this.callbacks.transform(transform, identity, transformed);
      }
      propertyDependencies = Object.fromEntries(
        Object.entries(transformed.properties).map(([key, value]) => [key, sorted(outputDependencies(value))]),
      );
    }

    const urn = urnOf(this.where, parent?.urn, type, name);
    const resource: Resource = {
      urn,
      ...identity,
      provider: isProvider(type)
        ? undefined
        : this.providerOf(transformed.options, custom || request.getRemote(), type, parent),
      providers: custom
        ? {}
        : { ...parent?.providers, ...Object.fromEntries(transformed.options.getProvidersMap().entries()) },
      read: false,
      inputs: mapProperties(transformed.properties, downgrade),
      outputs: {},
      id: "",
      propertyDependencies,
      options: optionsOf(
        transformed.options,
        propertyDependencies,
        aliasUrns(
          this.where,
          urn,
          parent && { urn: parent.urn, aliases: parent.options.aliases },
          transformed.options.getAliasesList(),
        ),
      ),
    };
    this.add(resource);
    this.transforms.set(urn, own);
    resource.inputs = await this.inspect(resource);
    if (custom) {
      Object.assign(resource, this.answers.create(resource));
      resource.outputs = this.withSecrets(resource);
    }

    const response = new proto.RegisterResourceResponse();
    response.setUrn(urn);
    response.setId(resource.id);
    // A component's outputs come later, from registerOutputs; the runtime keeps what the program set.
    response.setObject(custom ? toStruct(resource.outputs) : new Struct());
    return response;
  }

  /** Reads an existing object: `Type.get`. It shows in the graph, and is not managed. */
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

  /** Adds what `registerOutputs` gave to a component, or the program to the stack. */
  setOutputs(urn: string, outputs: Properties): void {
    const resource = this.graph.get(urn);
    if (resource) {
      resource.outputs = { ...resource.outputs, ...outputs };
    }
  }

  /** What `pulumi:pulumi:getResource` answers, by which a resource reference becomes a resource again. */
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

  private inheritedTransforms(parent: Resource | undefined): Callback[] {
    if (!parent) {
      return [];
    }
    const above = parent.parent === undefined ? undefined : this.graph.get(parent.parent);
    return [...(this.transforms.get(parent.urn) ?? []), ...this.inheritedTransforms(above)];
  }

  /** The options that a transform may change, with what is inherited from the parent (`inheritFromParent`). */
  private transformable(request: proto.RegisterResourceRequest, parent: Resource | undefined) {
    const options = new proto.TransformResourceOptions();
    const protect = request.hasProtect() ? request.getProtect() : parent?.options.protect;
    const retain = request.hasRetainondelete() ? request.getRetainondelete() : parent?.options.retainOnDelete;
    if (protect !== undefined) {
      options.setProtect(protect);
    }
    if (retain !== undefined) {
      options.setRetainOnDelete(retain);
    }
    if (request.getDeletebeforereplacedefined()) {
      options.setDeleteBeforeReplace(request.getDeletebeforereplace());
    }
    options.setDeletedWith(request.getDeletedwith() || (parent?.options.deletedWith ?? ""));
    options.setImport(request.getImportid());
    options.setDependsOnList(request.getDependenciesList());
    options.setIgnoreChangesList(request.getIgnorechangesList());
    options.setReplaceOnChangesList(request.getReplaceonchangesList());
    options.setAdditionalSecretOutputsList(request.getAdditionalsecretoutputsList());
    options.setAliasesList(request.getAliasesList());
    options.setVersion(request.getVersion());
    options.setPluginDownloadUrl(request.getPlugindownloadurl());
    options.setCustomTimeouts(request.getCustomtimeouts());
    const providers = options.getProvidersMap();
    request.getProvidersMap().forEach((reference: string, name: string) => providers.set(name, reference));
    options.setProvider(request.getProvider());
    return options;
  }

  private providerOf(
    options: proto.TransformResourceOptions,
    managed: boolean,
    type: string,
    parent: Resource | undefined,
  ): string | undefined {
    if (!managed) {
      return undefined;
    }
    const name = packageOf(type);
    const explicit = options.getProvider() || options.getProvidersMap().get(name);
    return explicit ?? parent?.providers[name];
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

function optionsOf(
  options: proto.TransformResourceOptions,
  propertyDependencies: Record<string, string[]>,
  aliases: string[],
): Options {
  const timeouts = options.getCustomTimeouts();
  return {
    protect: options.hasProtect() ? options.getProtect() : undefined,
    retainOnDelete: options.hasRetainOnDelete() ? options.getRetainOnDelete() : undefined,
    deleteBeforeReplace: options.hasDeleteBeforeReplace() ? options.getDeleteBeforeReplace() : undefined,
    ignoreChanges: options.getIgnoreChangesList(),
    replaceOnChanges: options.getReplaceOnChangesList(),
    additionalSecretOutputs: options.getAdditionalSecretOutputsList(),
    dependsOn: sorted([...options.getDependsOnList(), ...Object.values(propertyDependencies).flat()]),
    aliases,
    import: options.getImport() || undefined,
    deletedWith: options.getDeletedWith() || undefined,
    version: options.getVersion() || undefined,
    customTimeouts: {
      create: timeouts?.getCreate() || undefined,
      update: timeouts?.getUpdate() || undefined,
      delete: timeouts?.getDelete() || undefined,
      read: timeouts?.getRead() || undefined,
    },
  };
}
