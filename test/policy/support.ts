import assert from "node:assert/strict";
import type { PolicyResource, PolicyResourceOptions, ResourceValidationArgs } from "@pulumi/policy";
import * as proxy from "@pulumi/policy/proxy";
import { mostAtFirst } from "../../policy/lib/message";
import type { Policy } from "../../policy/lib/policy";
import { readIn } from "../../policy/lib/registered";

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
  readIn([]);
  return ofResource(policy, resource, config, stack);
}

/** What a policy says of each resource of a stack as it is registered, in this order, and then of the whole. */
export async function runFindings(
  policy: Policy,
  resources: TestResource[],
): Promise<{ registered: string[][]; stack: string[] }> {
  readIn([]);
  const registered: string[][] = [];
  for (const resource of resources) registered.push(await ofResource(policy, resource, {}, "staging"));
  return { registered, stack: await stackFindings(policy, resources) };
}

async function ofResource(policy: Policy, resource: TestResource, config: object, stack: string): Promise<string[]> {
  const args: ResourceValidationArgs = {
    ...seen(resource, stack),
    ...asked(config),
    asType,
  };
  const validate = policy.validateResource;
  if (typeof validate !== "function") throw new Error(`${policy.name} has no single validation`);
  return reported(async (report) => validate(args, report));
}

/** What a policy says of a resource, and then of a stack that has nothing else: what a file shows only with who mounts it comes last. */
export async function allFindings(
  policy: Policy,
  resource: TestResource,
  config: object = {},
  stack = "staging",
): Promise<string[]> {
  const own = await findings(policy, resource, config, stack);
  return policy.validateStack ? [...own, ...(await stackFindings(policy, [resource], config, stack))] : own;
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
  const all = resources.map((resource) => seen(resource, stack));
  return reported(async (report) => validateStack({ resources: all, ...asked(config) }, report));
}

// Of a frozen resource each policy gets the same, as the policy runtime does it (`policy/lib/read-once.ts`).
const handedOver = new WeakMap<TestResource, Map<string, PolicyResource>>();

/** A resource as the policy runtime hands it over, so that an unknown value throws when it is read. */
function seen(resource: TestResource, stack: string): PolicyResource {
  if (!Object.isFrozen(resource)) return handOver(resource, stack);
  const inStacks = handedOver.get(resource) ?? new Map<string, PolicyResource>();
  const made = inStacks.get(stack) ?? handOver(resource, stack);
  handedOver.set(resource, inStacks.set(stack, made));
  return made;
}

function handOver({ type, name, props, opts = {} }: TestResource, stack: string): PolicyResource {
  return {
    type,
    name,
    props: unknownCheckingProxy(copied(props) as object),
    urn: `urn:pulumi:${stack}::observability::${type}::${name}`,
    opts: {
      protect: false,
      ignoreChanges: [],
      aliases: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      additionalSecretOutputs: [],
      ...opts,
    },
    dependencies: [],
    propertyDependencies: {},
    isType,
    asType,
  };
}

const isType = () => false;
const asType = () => undefined;

// Assets stay what they are: they hold promises.
function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copied(each)]));
}

function asked(config: object) {
  return {
    stackTags: new Map<string, string>(),
    getConfig: <T extends object>() => config as T,
    notApplicable,
  };
}

const notApplicable = (): never => {
  throw new Error("not applicable");
};

/** A message as the short ones are, on one line: what is wrong, why, what to do (`test/policy/lib/message.test.ts` tests the paragraphs). */
function onOneLine(message: string): string {
  const [first, detail] = message.split("\n\n");
  assert.ok(first.length <= mostAtFirst, `the first paragraph has ${first.length} characters: ${message}`);
  if (detail === undefined) return message;
  const [wrong, todo] = first.split("\n");
  const lines = detail.split("\n");
  const inFull = lines.find((line) => line.startsWith("In full: "))?.slice("In full: ".length);
  const [why, more] = lines.filter((line) => !line.startsWith("In full: "));
  return [inFull ?? wrong, why, todo, more].filter(Boolean).join(" ");
}

// What the policy runtime takes beside a text; its declarations leave it out.
type Report = (violation: string | { message: string }) => void;

async function reported(run: (report: Report) => unknown): Promise<string[]> {
  const messages: string[] = [];
  try {
    await run((violation) => messages.push(onOneLine(typeof violation === "string" ? violation : violation.message)));
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
export function release(chart: string, values: object, more: object = {}): TestResource {
  return {
    type: "kubernetes:helm.sh/v3:Release",
    name: chart,
    props: { chart, name: chart, namespace: "monitoring", values, ...more },
  };
}
