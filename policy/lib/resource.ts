import type { ResourceValidationArgs } from "@pulumi/policy";
import { at, plain, type Block } from "./unknown";

/** A resource as the policies read it. */
export interface Resource {
  /** The type as Pulumi writes it, such as `kubernetes:apps/v1:Deployment`. */
  type: string;
  /** The last part of the type, such as `Deployment`. */
  kind: string;
  /** What a message calls it, such as `ConfigMap monitoring/loki`. */
  label: string;
  urn: string;
  /** The name in the Pulumi program. */
  name: string;
  /** The Kubernetes namespace, where the resource names one. */
  namespace?: string;
  /** Its inputs, out of the engine's proxy. */
  props: Block;
}

/** Reads what the engine hands to a policy. */
export function resourceOf(args: Pick<ResourceValidationArgs, "type" | "urn" | "name" | "props">): Resource {
  const props = plain(args.props);
  const kind = args.type.slice(args.type.lastIndexOf(":") + 1);
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  const namespace = text(at(props, "metadata.namespace")) ?? text(props.namespace);
  const object = text(at(props, "metadata.name")) ?? text(props.name) ?? args.name;
  const { type, urn, name } = args;
  return { type, kind, label: `${kind} ${namespace ? `${namespace}/` : ""}${object}`, urn, name, namespace, props };
}
