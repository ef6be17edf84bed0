import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import { isSecret, mapParts, type Value } from "../../engine/values";
import { inStage, previewedOf } from "../program/support/previews";
import type { Values } from "./fixtures";
import type { TestResource } from "./support";
import type { StageName } from "../../stages";
import { type Stack } from "../stacks/stacks";

// Real graphs, taken into memory, and the ways to spoil them.

/** The resources of a stack in a stage. */
export interface RealGraph {
  stack: Stack;
  stage: StageName;
  resources: readonly TestResource[];
}

/** A change to a graph, which is frozen: the graph with some resources in place of others. The given one stays as it is. */
export type How = (resources: readonly TestResource[]) => readonly TestResource[];

/** Properties of a resource, which a change may write to. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- of any type of resource
export type Props = Record<string, any>;

// One object for what a stack has alike in several stages, so that it is judged once.
const known = new Map<string, TestResource>();

const graphs = new Map<string, Promise<RealGraph>>();

/** The graph of a stack in a stage, secrets out of their envelopes as a policy gets them. */
export function graphOf(stack: Stack, stage: StageName): Promise<RealGraph> {
  const key = `${stack} ${stage}`;
  const graph = graphs.get(key) ?? read(stack, stage);
  graphs.set(key, graph);
  return graph;
}

async function read(stack: Stack, stage: StageName): Promise<RealGraph> {
  // What other tests look at as well, and without the pack: the policies are asked here.
  const { graph } = await previewedOf(stack, ...inStage(stage));
  const resources = [...graph.values()].map(({ type, name, inputs, options }): TestResource => {
    const made = { type, name, props: open(inputs) as object, opts: { protect: options.protect ?? false } };
    const key = JSON.stringify([stack, made]);
    const resource = known.get(key) ?? Object.freeze(made);
    known.set(key, resource);
    return resource;
  });
  return { stack, stage, resources };
}

const open = (value: Value): Value =>
  isSecret(value) ? open((value as { value: Value }).value) : mapParts(value, open);

const kindOf = ({ type }: TestResource): string => type.slice(type.lastIndexOf(":") + 1);
const nameOf = ({ name, props }: TestResource): string => ((props as Props).metadata?.name ?? name) as string;

/** Whether a resource is the one that is called `<kind> <name>`; the name is that of the Kubernetes object, or else that in the program. */
export const is =
  (called: string) =>
  (resource: TestResource): boolean =>
    called === `${kindOf(resource)} ${nameOf(resource)}`;

/** Changes one resource, `<kind> <name>`. Throws where the graph hasn't got it, or the change does nothing. */
const resource = (called: string, change: (copy: TestResource) => TestResource): How => {
  // What several stages have alike is changed once, and so read once by the policies.
  const made = new WeakMap<TestResource, TestResource>();
  return (resources) => {
    const index = resources.findIndex(is(called));
    assert.ok(index >= 0, `the graph has no ${called}`);
    const original = resources[index];
    // Frozen, as those of the graph are: handed over once to all policies.
    const changed = made.get(original) ?? Object.freeze(change(structuredClone(original)));
    if (!made.has(original)) assert.ok(!isDeepStrictEqual(changed, original), `${called} is as it was`);
    made.set(original, changed);
    return resources.with(index, changed);
  };
};

/** Changes the properties of one resource. */
export const props = (called: string, change: (props: Props) => void): How =>
  resource(called, (copy) => {
    change(copy.props);
    return copy;
  });

/** Sets one property, by dotted keys; those of a list are numbers. Undefined removes it. */
export const set = (called: string, path: string, value: unknown): How => props(called, put(path, value));

const put =
  (path: string, value: unknown) =>
  (block: Props): void => {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    const place = keys.reduce((inner, key) => (inner[key] ??= {}) as Props, block);
    if (value === undefined) delete place[last];
    else place[last] = value;
  };

/** Takes `protect` from a resource. */
export const unprotected = (called: string): How =>
  resource(called, (copy) => ({ ...copy, opts: { ...copy.opts, protect: false } }));

/** Rewrites the only file of a ConfigMap whose name ends in `.yaml`, as text. */
export const text = (map: string, change: (text: string) => string): How =>
  props(`ConfigMap ${map}`, ({ data }) => {
    const [file] = Object.keys(data as object).filter((key) => key.endsWith(".yaml"));
    data[file] = change(data[file] as string);
  });

/** Rewrites it as what it says. */
export const file = (map: string, change: (content: Props) => void): How =>
  text(map, (before) => {
    const content = parse(before) as Values;
    change(content);
    return stringify(content);
  });

/** Sets one setting in it, by dotted keys. Undefined removes it. */
export const setting = (map: string, path: string, value: unknown): How => file(map, put(path, value));

/** Adds arguments to the first container of a workload. */
export const argument = (workload: string, ...words: string[]): How =>
  container(workload, (first) => (first.args = [...((first.args as string[] | undefined) ?? []), ...words]));

/** Changes the first container of a workload. */
export const container = (workload: string, change: (container: Props) => void): How =>
  props(workload, ({ spec }) => change(spec.template.spec.containers[0] as Props));

/** Adds a container that runs before the others of a workload: the first one's likeness, changed. */
export const initContainer = (workload: string, change: (container: Props) => void): How =>
  props(workload, ({ spec }) => {
    const { containers, initContainers = [] } = spec.template.spec;
    const copy = { ...structuredClone(containers[0]), name: "more" };
    change(copy);
    spec.template.spec.initContainers = [...initContainers, copy];
  });

/** Adds a resource. */
export const added =
  (more: TestResource): How =>
  (resources) => [...resources, more];

/** Takes a resource out. */
export const without =
  (called: string): How =>
  (resources) => {
    assert.ok(resources.some(is(called)), `the graph has no ${called}`);
    return resources.filter((each) => !is(called)(each));
  };

/** One change after another. */
export const all =
  (...changes: How[]): How =>
  (resources) =>
    changes.reduce((graph, change) => change(graph), resources);
