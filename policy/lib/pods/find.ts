import { along, inner } from "../paths";
import { once } from "../once";
import type { Resource } from "../resource";
import { at, isBlock, Unknown, type Block } from "../unknown";
import { placesOf, usual, type Operated, type OperatedImage, type Place } from "./kinds";

/** An image that a pod runs. */
export interface ImageUse {
  /** Where it is named, such as `spec.template.spec.containers[0].image`. */
  path: string;
  /** What stands there; undefined where nothing does. */
  image: unknown;
  /** The repository that a chart or an operator takes by default, where that is known. */
  repository?: string;
}

/** A container of a pod. */
export interface Container {
  /** Where it is, such as `spec.template.spec.containers[0]`. */
  path: string;
  /** Its fields; an {@link Unknown} for one that a preview can't know. */
  fields: Block | Unknown;
  list: "containers" | "initContainers" | "ephemeralContainers";
  /** Whether something else completes it: what a patch is laid over, or what an operator makes. */
  isPartial: boolean;
}

/** Pods that a resource makes, all alike. */
export interface Pods {
  /** Their spec: what the scheduler reads. */
  spec: Block;
  /** Where it is, such as `spec.template.spec`. */
  path: string;
  containers: Container[];
  images: ImageUse[];
  ofDaemonSet: boolean;
  /** Whether an operator makes the pods, and decides what their resource leaves open. */
  ofOperator: boolean;
}

const containerLists = ["containers", "initContainers", "ephemeralContainers"] as const;
const placement = ["nodeSelector", "affinity", "tolerations"] as const;
const workloads =
  /^kubernetes:(core|apps|batch|extensions)\/\w+:(Pod|PodTemplate|ReplicationController|Deployment|StatefulSet|DaemonSet|ReplicaSet|Job|CronJob)(Patch)?$/;

/**
 * The pods of a Kubernetes resource: of every kind of workload and of lists of them, and of custom resources that embed a pod template or that an
 * operator makes pods of (`kinds.ts`).
 *
 * @returns an {@link Unknown} in place of pods that a preview can't know
 */
export const podsOf: (resource: Resource) => readonly (Pods | Unknown)[] = once(podsIn);

function podsIn({ type, kind, props }: Pick<Resource, "type" | "kind" | "props">): (Pods | Unknown)[] {
  if (!type.startsWith("kubernetes:")) return [];
  if (kind.endsWith("List") && Array.isArray(props.items))
    return props.items.flatMap((item, index) => ofItem(type, item, index));
  const isPatch = kind.endsWith("Patch");
  const places = placesOf(type.slice("kubernetes:".length, type.indexOf("/")), isPatch ? kind.slice(0, -5) : kind);
  if (places) {
    return places.flatMap((place) =>
      eachAt(props, place.at).flatMap(({ value, path }): (Pods | Unknown)[] =>
        value instanceof Unknown ? [value] : ofPlace(place, value, path, props, isPatch),
      ),
    );
  }
  const found = podSpecOf(props);
  if (found) return [pods(found.spec, found.path, kind, isPatch)];
  const unknown = usual.map((place) => at(props, place.at)).find((spec) => spec instanceof Unknown);
  return unknown && workloads.test(type) ? [unknown] : [];
}

/** The spec of the pods that a workload makes, and where it is; undefined where a resource has none. */
export function podSpecOf(props: Block): { spec: Block; path: string } | undefined {
  for (const { at: path } of usual) {
    const spec = at(props, path);
    if (isBlock(spec) && spec.containers !== undefined) return { spec, path };
  }
  return undefined;
}

function pods(spec: Block, path: string, kind: string, isPatch: boolean): Pods {
  const containers = containersOf(spec, path, isPatch);
  const images = containers.flatMap(imageOf);
  return { spec, path, containers, images, ofDaemonSet: kind.startsWith("DaemonSet"), ofOperator: false };
}

// What stands at dotted keys, of which `[]` goes through a list; nothing where nothing does.
function eachAt(value: unknown, keys: string, path = ""): { value: Block | Unknown; path: string }[] {
  const [first, ...rest] = keys.split(/\[\]\.?/);
  const found = first === "" ? value : at(value, first);
  const place = first === "" ? path : along(path, first);
  if (found instanceof Unknown) return [{ value: found, path: place }];
  if (rest.length === 0) return isBlock(found) ? [{ value: found, path: place }] : [];
  return (Array.isArray(found) ? found : []).flatMap((each, index) =>
    eachAt(each, rest.join("[]."), inner(place, index)),
  );
}

function ofPlace(place: Place, block: Block, path: string, props: Block, isPatch: boolean): Pods[] {
  if (!place.operated) return block.containers === undefined ? [] : [pods(block, path, "", isPatch)];
  const { operated } = place;
  if (operated.isOn?.(block) === false) return [];
  const containers = containersIn(operated, block, path, isPatch);
  const images = [...imagesIn(operated, block, path, isPatch), ...containers.flatMap(imageOf)];
  return [
    {
      spec: placed(operated, block, props),
      path,
      containers: operated.onlyImages ? containers.map((each) => ({ ...each, isPartial: true })) : containers,
      images,
      ofDaemonSet: operated.onEachNode?.(block) ?? false,
      ofOperator: true,
    },
  ];
}

// A container in a list changes what the operator makes, so one without an image keeps that which it would have.
function containersIn(operated: Operated, block: Block, path: string, isPatch: boolean): Container[] {
  const alone = (operated.containers ?? []).flatMap((key): Container[] => {
    if (key === ".") return [{ path, fields: ownOf(block), list: "containers", isPartial: isPatch }];
    const fields = at(block, key);
    if (!isBlock(fields) && !(fields instanceof Unknown)) return [];
    return [{ path: along(path, key), fields, list: "containers", isPartial: isPatch || operated.onlyImages === true }];
  });
  return [...alone, ...containersOf(block, path, isPatch, operated.lists ?? containerLists)];
}

const ownOf = ({ image, resources }: Block): Block => ({ image, resources });

function imagesIn(operated: Operated, block: Block, path: string, isPatch: boolean): ImageUse[] {
  return (operated.images ?? []).flatMap((image) => {
    const given = at(block, image.key);
    const isNeeded = !isPatch && image.isNeeded?.(block) === true;
    const named = operatorsImage(given, image);
    if (named === undefined && !isNeeded) return [];
    return [{ path: along(path, image.key), image: named, ...(image.repository && { repository: image.repository }) }];
  });
}

function operatorsImage(given: unknown, { repository: byDefault, isTag }: OperatedImage): unknown {
  if (given instanceof Unknown) return given;
  if (!isBlock(given)) {
    const isWhole = !isTag || typeof given !== "string" || /[:/@]/.test(given);
    return isWhole ? given || undefined : byDefault && given && `${byDefault}:${given}`;
  }
  const { repository = byDefault, tag } = given;
  const unknown = [repository, tag].find((part) => part instanceof Unknown);
  if (unknown) return unknown;
  const isComplete = [repository, tag].every((part) => typeof part === "string" && part !== "");
  return isComplete ? `${repository as string}:${tag as string}` : undefined;
}

// The spec of the pods as the scheduler reads it.
function placed({ placement: places = ["."] }: Operated, block: Block, props: Block): Block {
  const all = places.map((place) => (place === "." ? block : at(props, place)));
  if (places.length === 1 && all[0] === block) return block;
  return Object.fromEntries(placement.map((key) => [key, all.map((each) => ofKey(each, key)).find(isGiven)]));
}

// CloudNativePG has the affinity to nodes beside the selector.
function ofKey(block: unknown, key: string): unknown {
  const value = at(block, key);
  const nodeAffinity = key === "affinity" && value === undefined ? at(block, "nodeAffinity") : undefined;
  return nodeAffinity === undefined ? value : { nodeAffinity };
}

function isGiven(value: unknown): boolean {
  return value instanceof Unknown || (typeof value === "object" && value !== null && Object.keys(value).length > 0);
}

function containersOf(spec: Block, path: string, isPatch: boolean, lists?: readonly string[]): Container[] {
  return (lists ?? containerLists).flatMap((key) => {
    const list = containerLists.find((each) => each === key) ?? "containers";
    const place = along(path, key);
    const containers = at(spec, key);
    if (containers instanceof Unknown) return [{ path: place, fields: containers, list, isPartial: isPatch }];
    return (Array.isArray(containers) ? containers : []).map((each: unknown, index) => ({
      path: inner(place, index),
      fields: isBlock(each) || each instanceof Unknown ? each : {},
      list,
      isPartial: isPatch || (lists !== undefined && isBlock(each) && each.image === undefined),
    }));
  });
}

function imageOf({ path, fields, isPartial }: Container): ImageUse[] {
  if (fields instanceof Unknown) return [{ path, image: fields }];
  return isPartial && fields.image === undefined ? [] : [{ path: inner(path, "image"), image: fields.image }];
}

function ofItem(listType: string, item: unknown, index: number): (Pods | Unknown)[] {
  if (!isBlock(item)) return item instanceof Unknown ? [item] : [];
  const type = listType.replace(/List$/, "");
  const within = podsIn({ type, kind: type.slice(type.lastIndexOf(":") + 1), props: item });
  const placed = <Placed extends { path: string }>(each: Placed) => ({ ...each, path: `items[${index}].${each.path}` });
  return within.map((each) =>
    each instanceof Unknown
      ? each
      : { ...placed(each), containers: each.containers.map(placed), images: each.images.map(placed) },
  );
}
