import type { PolicyResourceOptions, ResourceValidationArgs } from "@pulumi/policy";
import { at, plain, type Block } from "./unknown";

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
  /** Its options: `protect`, `ignoreChanges`, `parent` … */
  readonly options: PolicyResourceOptions;
}

/** Reads what the engine hands to a policy. */
export function resourceOf(args: Pick<ResourceValidationArgs, "type" | "urn" | "name" | "props" | "opts">): Resource {
  const { type, urn, name, opts } = args;
  let props: Block | undefined;
  return {
    type,
    urn,
    name,
    kind: type.slice(type.lastIndexOf(":") + 1),
    // urn:pulumi:stack::project::type::name
    stack: urn.split("::")[0].split(":").slice(2).join(":"),
    options: opts,
    get props() {
      return (props ??= plain(args.props));
    },
    get namespace() {
      return text(at(this.props, "metadata.namespace")) ?? text(this.props.namespace);
    },
    get objectName() {
      return text(at(this.props, "metadata.name")) ?? text(this.props.name);
    },
    get label() {
      return `${this.kind} ${this.namespace ? `${this.namespace}/` : ""}${this.objectName ?? name}`;
    },
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value ? value : undefined;
}
