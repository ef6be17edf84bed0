import type { PolicyResource, PolicyResourceOptions, ResourceValidationArgs } from "@pulumi/policy";
import * as proxy from "@pulumi/policy/proxy";
import type { Policy } from "../../policy/lib/policy";

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
  /** Its options, where they differ from Pulumi's defaults. */
  opts?: Partial<PolicyResourceOptions>;
}

/** What a policy says of a resource: its violations, and the engine's advisory one where it met an unknown value. */
export async function findings(
  policy: Policy,
  resource: TestResource,
  config: object = {},
  stack = "staging",
): Promise<string[]> {
  const args: ResourceValidationArgs = {
    ...seen(resource, stack),
    ...asked(config),
    isType: () => false,
    asType: () => undefined,
  };
  const validate = policy.validateResource;
  if (typeof validate !== "function") throw new Error(`${policy.name} has no single validation`);
  return reported(async (report) => validate(args, report));
}

/** What a policy says of a whole stack. */
export async function stackFindings(
  policy: Policy,
  resources: TestResource[],
  config: object = {},
  stack = "staging",
): Promise<string[]> {
  const { validateStack } = policy;
  if (!validateStack) throw new Error(`${policy.name} doesn't look at the whole stack`);
  const all = resources.map((resource): PolicyResource => ({
    ...seen(resource, stack),
    dependencies: [],
    propertyDependencies: {},
    isType: () => false,
    asType: () => undefined,
  }));
  return reported(async (report) => validateStack({ resources: all, ...asked(config) }, report));
}

/** A resource as the policy runtime hands it over, so that an unknown value throws when it is read. */
function seen({ type, name, props, opts = {} }: TestResource, stack: string) {
  return {
    type,
    name,
    props: unknownCheckingProxy(structuredClone(props)),
    urn: `urn:pulumi:${stack}::observability::${type}::${name}`,
    opts: {
      protect: false,
      ignoreChanges: [],
      aliases: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      additionalSecretOutputs: [],
      ...opts,
    },
  };
}

function asked(config: object) {
  return {
    stackTags: new Map<string, string>(),
    getConfig: <T extends object>() => config as T,
    notApplicable: (): never => {
      throw new Error("not applicable");
    },
  };
}

async function reported(run: (report: (message: string) => void) => unknown): Promise<string[]> {
  const messages: string[] = [];
  try {
    await run((message) => messages.push(message));
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
