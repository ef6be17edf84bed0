import type { PolicyResourceOptions, ResourceValidationArgs } from "@pulumi/policy";
import { at, originOf, plain, type Block } from "./unknown";

/** A resource as the policies read it. */
export interface Resource {
  /** The type as Pulumi writes it, such as `kubernetes:apps/v1:Deployment`. */
  readonly type: string;
  /** The last part of the type, such as `Deployment`. */
  readonly kind: string;
  /** What a message calls it, such as `ConfigMap monitoring/loki`. */
  readonly label: string;
  readonly urn: string;
  /** The name in the Pulumi program. */
  readonly name: string;
  /** The Pulumi stack that it is in. */
  readonly stack: string;
  /** The name of the Kubernetes object or Helm release, where the resource names one. */
  readonly objectName?: string;
  /** The Kubernetes namespace, where the resource names one. */
  readonly namespace?: string;
  /** Its inputs (in a check of the whole stack its outputs), out of the engine's proxy; read when first asked for. */
  readonly props: Block;
  /** What must be awaited before its properties are whole: assets, of which a chart's files of values are the only ones that policies read. */
  readonly pending: Promise<void> | undefined;
  /** Its options: `protect`, `ignoreChanges`, `parent` … */
  readonly options: PolicyResourceOptions;
}

type Given = Pick<ResourceValidationArgs, "type" | "urn" | "name" | "props" | "opts">;

// Every policy is shown every resource; `main.js` sees to it that they are shown the same.
const known = new WeakMap<object, Resource>();

/** The resource whose properties were read last: where a policy that ends with an error was. */
export const reading: { latest?: Resource } = {};

/** Reads what the engine hands to a policy, once for all of them. */
export function resourceOf(args: Given): Resource {
  const origin = originOf(args.props);
  const found = known.get(origin);
  if (found) return found;
  const resource = new ReadOnce(args);
  known.set(origin, resource);
  return resource;
}

// By the first of them.
const stacks = new WeakMap<Resource, readonly Resource[]>();

/** Reads a whole stack: the same list for all policies that are shown the same, so that what one finds in it, the others need not look for again. */
export function resourcesOf(all: readonly Given[]): readonly Resource[] {
  const resources = all.map(resourceOf);
  const known = resources.length > 0 ? stacks.get(resources[0]) : undefined;
  if (known?.length === resources.length && resources.every((each, index) => each === known[index])) return known;
  if (resources.length > 0) stacks.set(resources[0], resources);
  return resources;
}

class ReadOnce implements Resource {
  readonly type: string;
  readonly urn: string;
  readonly name: string;
  readonly kind: string;
  readonly stack: string;
  readonly options: PolicyResourceOptions;
  private readonly given: Given["props"];
  private readonly mayHaveAssets: boolean;
  private readonly later: Promise<void>[] = [];
  private whole?: Promise<void>;
  private read?: Block;
  private names?: Pick<Resource, "namespace" | "objectName">;

  constructor({ type, urn, name, opts, props }: Given) {
    this.type = type;
    this.urn = urn;
    this.name = name;
    this.options = opts;
    this.given = props;
    this.mayHaveAssets = type.startsWith("kubernetes:helm.sh/");
    this.kind = type.slice(type.lastIndexOf(":") + 1);
    // urn:pulumi:stack::project::type::name
    this.stack = urn.split("::")[0].split(":").slice(2).join(":");
  }

  get props(): Block {
    reading.latest = this;
    return (this.read ??= plain(this.given, this.later));
  }

  get pending(): Promise<void> | undefined {
    if (!this.mayHaveAssets) return undefined;
    try {
      if (this.props && this.later.length > 0) this.whole = settled(this.later).finally(() => (this.whole = undefined));
    } catch {
      // What can't be read at all is reported by the policy that reads it.
    }
    return this.whole;
  }

  get namespace(): string | undefined {
    return (this.names ??= namesIn(this)).namespace;
  }

  get objectName(): string | undefined {
    return (this.names ??= namesIn(this)).objectName;
  }

  get label(): string {
    try {
      return `${this.kind} ${this.namespace ? `${this.namespace}/` : ""}${this.objectName ?? this.name}`;
    } catch {
      // Its properties can't be read; what is said of that must name it all the same.
      return `${this.kind} ${this.name}`;
    }
  }
}

function namesIn({ props, type, name }: Resource): Pick<Resource, "namespace" | "objectName"> {
  return {
    namespace: text(at(props, "metadata.namespace")) ?? text(props.namespace),
    // A Chart's release is called as the resource; a Release gets a name of its own.
    objectName: text(at(props, "metadata.name")) ?? text(props.name) ?? (isChart.test(type) ? name : undefined),
  };
}

const isChart = /^kubernetes:helm\.sh\/v\d+:Chart$/;

async function settled(later: Promise<void>[]): Promise<void> {
  while (later.length > 0) await Promise.all(later.splice(0));
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value ? value : undefined;
}
