import { Graph, Resource } from "../../engine/graph";
import { changedPaths, isBelow, parsePattern, Path, showPath, valueAt } from "./changes";
import { forbidden } from "./immutable";
import { isProvider } from "../../engine/registrar";
import { partOf } from "../shared/retain";
import { inTreeOrder } from "../../engine/tree";
import { providerUrn } from "../../engine/urn";

/** What an update does to a resource. */
export type Operation = "create" | "update" | "replace" | "delete" | "blocked" | "same";

/** One resource of a plan, as in the JSON contract. */
export interface Step {
  urn: string;
  op: Operation;
  /** paths of the inputs that differ, as Pulumi writes them; `provider` if another provider creates the resource again */
  changes: string[];
  /** in plain words; empty if there is nothing to say */
  why: string;
}

/** The usual `why` of each operation. */
export const usualReason: Readonly<Record<Operation, string>> = {
  create: "does not exist yet",
  update: "changed in place",
  replace: "",
  delete: "no longer in the program",
  blocked: "",
  same: "",
};

/** The reason of an update of a component, which has only its children in the cluster. */
export const recordOnly = "a component's arguments: they change only in Pulumi's state";

/**
 * What an update from one state of a stack to another does, as Pulumi's engine decides it
 * (`pkg/resource/deploy/step_generator.go`), from the inputs alone: what a provider's own diff adds is in the table of
 * immutable fields.
 *
 * @param source what exists
 * @param target what should exist
 * @returns a step for every resource of either: the target's in tree order, then those to delete
 */
export function stepsBetween(source: Graph, target: Graph): Step[] {
  const known = knownBefore(source, target);
  const steps = new Map<string, Step>();
  // In order of registration: a resource's step comes after those it depends on.
  for (const after of target.values()) {
    steps.set(after.urn, stepTo(after, known.get(after.urn)));
  }
  const kept = new Set(known.values());
  return [
    ...inTreeOrder(target).flatMap(({ urn }) => steps.get(urn) ?? []),
    ...inTreeOrder(source)
      .filter((resource) => !kept.has(resource))
      .map(stepAway),
  ];

  function stepTo(after: Resource, before: Resource | undefined): Step {
    const step = (op: Operation, changes: Path[], ...why: string[]): Step => {
      const alias = before && before.urn !== after.urn ? [`named ${before.urn} until now`] : [];
      const reasons = [...why, ...alias, ...(before && op !== "blocked" ? protection(before, after) : [])];
      return { urn: after.urn, op, changes: changes.map(showPath), why: reasons.filter(Boolean).join("; ") };
    };
    if (after.read) {
      return before === undefined || before.read
        ? step("same", [], "only read, never changed")
        : step(
            before.options.protect ? "blocked" : "replace",
            [],
            "only read from now on: Pulumi deletes what it created",
          );
    }
    if (before === undefined || before.read) {
      const { import: id } = after.options;
      return id === undefined
        ? step(
            "create",
            [],
            before ? "only read until now: fails if it exists and is not imported" : usualReason.create,
          )
        : step("create", [], `adopts ${id}, which exists: nothing is created`);
    }

    const changes = changesOf(before, after);
    const provider = providerOf(target, after);
    const rows = forbidden(before, after, changes, provider);
    const always = after.options.replaceOnChanges.map(parsePattern);
    const onChange = changes.filter((path) => always.some((pattern) => isBelow(path, pattern)));
    const moved = movedBy(before, after);
    if (rows.length === 0 && onChange.length === 0 && !moved) {
      return changes.length === 0 ? step("same", []) : step("update", changes, effect(after, changes));
    }
    const reasons = [
      ...rows.map(
        ({ row, paths }) => `${list(paths)} can't be changed${row.note === undefined ? "" : `: ${row.note}`}`,
      ),
      ...(onChange.length > 0
        ? [`${list(onChange)} changed, which the program asks to replace (replaceOnChanges)`]
        : []),
      ...(moved ? ["its provider uses another server"] : []),
    ];
    const all: Path[] = moved ? [...changes, ["provider"]] : changes;
    // The engine checks both states: unprotecting and replacing in one update is allowed.
    return before.options.protect && after.options.protect
      ? step("blocked", all, `protected, and would be replaced: ${reasons.join("; ")}. ${unprotect(after.urn)}`)
      : step("replace", all, ...reasons, order(before, after));
  }

  /** Where the inputs differ, without what the program ignores. */
  function changesOf(before: Resource, after: Resource): Path[] {
    const ignored = after.options.ignoreChanges.map(parsePattern);
    const renewed = (property: string): boolean =>
      (after.propertyDependencies[property] ?? []).some((urn) => {
        const op = steps.get(urn)?.op;
        return op === "create" || op === "replace";
      });
    return changedPaths(before.inputs, after.inputs, renewed).filter(
      (path) => !ignored.some((pattern) => isBelow(path, pattern)),
    );
  }

  /** Whether a change of the provider itself creates all its resources again. */
  function movedBy(before: Resource, after: Resource): boolean {
    const [old, now] = [providerOf(source, before), providerOf(target, after)];
    return old !== undefined && now !== undefined && forbidden(old, now, changesOf(old, now), undefined).length > 0;
  }
}

/** The step of a resource that the target doesn't have. */
function stepAway({ urn, type, read, options }: Resource): Step {
  const step = (op: Operation, why: string): Step => ({ urn, op, changes: [], why });
  if (read) {
    return step("same", "was only read: nothing is deleted");
  }
  if (options.protect) {
    return step("blocked", `protected, and would be deleted. ${unprotect(urn)}`);
  }
  if (options.retainOnDelete) {
    return step("delete", forgotten);
  }
  return step(
    "delete",
    type === "kubernetes:helm.sh/v3:Release"
      ? `${usualReason.delete}: Helm deletes everything that the chart installed`
      : usualReason.delete,
  );
}

/** The reason for a retained resource. */
const forgotten = "only forgotten by Pulumi: it stays in the cluster (retainOnDelete)";

/** Whether a step only removes something from Pulumi's state: the engine calls it `delete`, but nothing is deleted. */
export const isForgotten = ({ op, why }: Step): boolean => op === "delete" && why === forgotten;

/** Protection is part of the state: one update removes it, and only the next one can delete. */
function unprotect(urn: string): string {
  const part = partOf(urn);
  const refused =
    "Pulumi refuses the whole update, and nothing is changed: first remove the protection in a separate update";
  return part === undefined ? refused : `${refused}. removal.retain: [${part}] does this, and keeps the object`;
}

const list = (paths: Path[]): string => paths.map(showPath).join(", ");

function protection(before: Resource, after: Resource): string[] {
  const [old, now] = [before.options.protect ?? false, after.options.protect ?? false];
  if (old === now) return [];
  if (now) return ["protected from now on"];
  return [
    after.options.retainOnDelete
      ? "no longer protected, but retained: if it is removed later, it stays in the cluster"
      : "no longer protected",
  ];
}

/** What a change in place also means. */
function effect({ type, custom }: Resource, changes: Path[]): string {
  if (!custom) {
    return recordOnly;
  }
  if (isProvider(type)) {
    return "how Pulumi reaches it: no existing object changes";
  }
  const restarts = changes.some((path) => isBelow(path, ["spec", "template"]));
  return restarts ? `${usualReason.update}: its pods are replaced` : usualReason.update;
}

/** The order of a replacement. The Kubernetes provider deletes first if the object's name is given and stays the same. */
function order(before: Resource, after: Resource): string {
  if (before.options.retainOnDelete) {
    return "created again; the old one stays in the cluster (retainOnDelete)";
  }
  const named = (resource: Resource, key: string) => valueAt(resource.inputs, ["metadata", key]);
  const sameName = named(after, "name") !== undefined && named(before, "name") === named(after, "name");
  const sameObject = sameName && named(before, "namespace") === named(after, "namespace");
  return (after.options.deleteBeforeReplace ?? sameObject)
    ? "deleted, then created again"
    : "created again, then the old one is deleted";
}

function providerOf(graph: Graph, { provider }: Resource): Resource | undefined {
  return provider === undefined ? undefined : graph.get(providerUrn(provider));
}

/** For each URN of the target, the resource that has it or had one of its aliases. */
function knownBefore(source: Graph, target: Graph): Map<string, Resource> {
  const pairs = [...target.values()].flatMap(({ urn, options }): [string, Resource][] => {
    // An alias that is another resource's URN in the target belongs to that one.
    const name = [urn, ...options.aliases.filter((alias) => !target.has(alias))].find((each) => source.has(each));
    const before = name === undefined ? undefined : source.get(name);
    return before ? [[urn, before]] : [];
  });
  return new Map(pairs);
}
