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
  const resource = known.get(origin) ?? newResource(args);
  known.set(origin, resource);
  return resource;
}

function newResource(args: Given): Resource {
  const { type, urn, name, opts } = args;
  let props: Block | undefined;
  const later: Promise<void>[] = [];
  let whole: Promise<void> | undefined;
  return {
    type,
    urn,
    name,
    kind: type.slice(type.lastIndexOf(":") + 1),
    // urn:pulumi:stack::project::type::name
    stack: urn.split("::")[0].split(":").slice(2).join(":"),
    options: opts,
    get props() {
      reading.latest = this;
      return (props ??= plain(args.props, later));
    },
    get pending() {
      if (!mayHaveAssets.test(type)) return undefined;
      try {
        if (this.props && later.length > 0) whole = settled(later).finally(() => (whole = undefined));
      } catch {
        // What can't be read at all is reported by the policy that reads it.
      }
      return whole;
    },
    get namespace() {
      return text(at(this.props, "metadata.namespace")) ?? text(this.props.namespace);
    },
    get objectName() {
      // A Chart's release is called as the resource; a Release gets a name of its own.
      return text(at(this.props, "metadata.name")) ?? text(this.props.name) ?? (isChart.test(type) ? name : undefined);
    },
    get label() {
      try {
        return `${this.kind} ${this.namespace ? `${this.namespace}/` : ""}${this.objectName ?? name}`;
      } catch {
        // Its properties can't be read; what is said of that must name it all the same.
        return `${this.kind} ${name}`;
      }
    },
  };
}

const isChart = /^kubernetes:helm\.sh\/v\d+:Chart$/;
const mayHaveAssets = /^kubernetes:helm\.sh\//;

async function settled(later: Promise<void>[]): Promise<void> {
  while (later.length > 0) await Promise.all(later.splice(0));
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value ? value : undefined;
}
