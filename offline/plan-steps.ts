import { Graph, Resource } from "./graph";
import { changedPaths, isBelow, parsePattern, Path, showPath, valueAt } from "./plan-changes";
import { forbidden } from "./plan-immutable";
import { isProvider } from "./registrar";
import { inTreeOrder } from "./tree";
import { providerUrn } from "./urn";

/** What an update does to a resource. */
export type Operation = "create" | "update" | "replace" | "delete" | "blocked" | "same";

/** One resource of a plan, as in the JSON contract. */
export interface Step {
  urn: string;
  op: Operation;
  /** paths of the inputs that differ, as Pulumi writes them; `provider` where another provider makes the resource anew */
  changes: string[];
  /** in plain words; empty where there is nothing to say */
  why: string;
}

/** What `why` says of most steps of a kind. */
export const usualReason: Readonly<Record<Operation, string>> = {
  create: "not there before",
  update: "changed in place",
  replace: "",
  delete: "not there any more",
  blocked: "",
  same: "",
};

/**
 * What an update does that turns one state of a stack into another, as Pulumi's engine decides it
 * (`pkg/resource/deploy/step_generator.go`), from the inputs alone: what a provider's own diff would say is in the table of
 * immutable fields.
 *
 * @param source what is there
 * @param target what is to be there
 * @returns a step for every resource of either: the target's in tree order, then what goes
 */
export function stepsBetween(source: Graph, target: Graph): Step[] {
  const known = knownBefore(source, target);
  const steps = new Map<string, Step>();
  // In order of registration: what a resource depends on has its step before it.
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
      const alias = before && before.urn !== after.urn ? [`known as ${before.urn} until now`] : [];
      const reasons = [...why, ...alias, ...(before && op !== "blocked" ? protection(before, after) : [])];
      return { urn: after.urn, op, changes: changes.map(showPath), why: reasons.filter(Boolean).join("; ") };
    };
    if (after.read) {
      return before === undefined || before.read
        ? step("same", [], "only read, never changed")
        : step(
            before.options.protect ? "blocked" : "replace",
            [],
            "only read from then on: Pulumi deletes what it made",
          );
    }
    if (before === undefined || before.read) {
      const { import: id } = after.options;
      return id === undefined
        ? step(
            "create",
            [],
            before ? "only read until now: fails where it exists, unless it is imported" : usualReason.create,
          )
        : step("create", [], `takes over ${id}, which exists: nothing is made`);
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
      ...(onChange.length > 0 ? [`${list(onChange)} changed, for which the program asks (replaceOnChanges)`] : []),
      ...(moved ? ["its provider leads to another place"] : []),
    ];
    const all: Path[] = moved ? [...changes, ["provider"]] : changes;
    // The engine looks at both: what is unprotected and replaced in one update goes through.
    return before.options.protect && after.options.protect
      ? step("blocked", all, `protected, and would be replaced: ${reasons.join("; ")}. ${unprotect}`)
      : step("replace", all, ...reasons, order(before, after));
  }

  /** Where the inputs differ, without what the program wants ignored. */
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

  /** Whether the provider's own change makes everything of it anew. */
  function movedBy(before: Resource, after: Resource): boolean {
    const [old, now] = [providerOf(source, before), providerOf(target, after)];
    return old !== undefined && now !== undefined && forbidden(old, now, changesOf(old, now), undefined).length > 0;
  }
}

/** The step of what the target doesn't have. */
function stepAway({ urn, type, read, options }: Resource): Step {
  const step = (op: Operation, why: string): Step => ({ urn, op, changes: [], why });
  if (read) {
    return step("same", "was only read: nothing is deleted");
  }
  if (options.protect) {
    return step("blocked", `protected, and would be deleted. ${unprotect}`);
  }
  if (options.retainOnDelete) {
    return step("delete", "only forgotten by Pulumi: it stays where it is (retainOnDelete)");
  }
  return step(
    "delete",
    type === "kubernetes:helm.sh/v3:Release"
      ? `${usualReason.delete}: everything that the chart made goes with it, by Helm`
      : usualReason.delete,
  );
}

/** Protection is part of the state: it is lifted by an update, and only the next one can delete. */
const unprotect =
  "Pulumi refuses the whole update, and nothing is changed: lift the protection in an update of its own first";

const list = (paths: Path[]): string => paths.map(showPath).join(", ");

function protection(before: Resource, after: Resource): string[] {
  const [old, now] = [before.options.protect ?? false, after.options.protect ?? false];
  return old === now ? [] : [now ? "protected from then on" : "its protection is lifted"];
}

/** What a change in place means beside the change itself. */
function effect({ type, custom }: Resource, changes: Path[]): string {
  if (!custom) {
    return "a component's arguments: only Pulumi's record of them changes";
  }
  if (isProvider(type)) {
    return "how Pulumi reaches it: nothing that is there changes";
  }
  const restarts = changes.some((path) => isBelow(path, ["spec", "template"]));
  return restarts ? `${usualReason.update}: its pods are made anew` : usualReason.update;
}

/** Which of old and new is there first. The Kubernetes provider deletes an object first whose name is given and stays. */
function order(before: Resource, after: Resource): string {
  if (before.options.retainOnDelete) {
    return "made anew, the old one stays where it is (retainOnDelete)";
  }
  const named = (resource: Resource, key: string) => valueAt(resource.inputs, ["metadata", key]);
  const sameName = named(after, "name") !== undefined && named(before, "name") === named(after, "name");
  const sameObject = sameName && named(before, "namespace") === named(after, "namespace");
  return (after.options.deleteBeforeReplace ?? sameObject)
    ? "deleted first, then made anew"
    : "made anew first, then the old one is deleted";
}

function providerOf(graph: Graph, { provider }: Resource): Resource | undefined {
  return provider === undefined ? undefined : graph.get(providerUrn(provider));
}

/** For each URN of the target the resource that has it, or had one of its aliases. */
function knownBefore(source: Graph, target: Graph): Map<string, Resource> {
  const pairs = [...target.values()].flatMap(({ urn, options }): [string, Resource][] => {
    // An alias that the target uses for another resource is that one's.
    const name = [urn, ...options.aliases.filter((alias) => !target.has(alias))].find((each) => source.has(each));
    const before = name === undefined ? undefined : source.get(name);
    return before ? [[urn, before]] : [];
  });
  return new Map(pairs);
}
