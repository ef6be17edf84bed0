import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import * as proxy from "@pulumi/policy/proxy";

// What the policy runtime does to properties; its declarations leave these out.
const { unknownCheckingProxy, unknownStringValue } = proxy as unknown as {
  unknownCheckingProxy(props: object): object;
  unknownStringValue: string;
};

/** The value that stands for "not known in a preview" when a resource reaches a policy. */
export const unknown = unknownStringValue;

/** A resource as a test writes it. */
export interface TestResource {
  type: string;
  name: string;
  props: object;
}

/** What a policy says of a resource: its violations, and the engine's advisory one where it met an unknown value. */
export async function findings(
  policy: ResourceValidationPolicy,
  resource: TestResource,
  config: object = {},
): Promise<string[]> {
  const messages: string[] = [];
  const { type, name } = resource;
  const args: ResourceValidationArgs = {
    type,
    name,
    // As the policy runtime does it, so that an unknown value throws when it is read.
    props: unknownCheckingProxy(structuredClone(resource.props)),
    urn: `urn:pulumi:staging::observability::${type}::${name}`,
    opts: {
      protect: false,
      ignoreChanges: [],
      aliases: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      additionalSecretOutputs: [],
    },
    stackTags: new Map(),
    isType: () => false,
    asType: () => undefined,
    getConfig: <T extends object>() => config as T,
    notApplicable: () => {
      throw new Error("not applicable");
    },
  };
  const validate = policy.validateResource;
  if (typeof validate !== "function") throw new Error(`${policy.name} has no single validation`);
  try {
    await validate(args, (message) => messages.push(message));
  } catch (error) {
    if ((error as Error).constructor.name !== "UnknownValueError") throw error;
    messages.push(`advisory: ${(error as Error).message}`);
  }
  return messages;
}

/** A ConfigMap `monitoring/loki` with one file. */
export function configMap(file: string, key = "config.yaml"): TestResource {
  return object("core/v1", "ConfigMap", { metadata: { namespace: "monitoring", name: "loki" }, data: { [key]: file } });
}

/** A Kubernetes object; its name in the program is `loki`. */
export function object(apiVersion: string, kind: string, props: object): TestResource {
  return {
    type: `kubernetes:${apiVersion}:${kind}`,
    name: "loki",
    props: { apiVersion: apiVersion.replace(/^core\//, ""), kind, ...props },
  };
}

/** A Helm release in the namespace `monitoring`. */
export function release(chart: string, values: object): TestResource {
  return {
    type: "kubernetes:helm.sh/v3:Release",
    name: chart,
    props: { chart, name: chart, namespace: "monitoring", values },
  };
}
