import { chartsOwn, lokiBuckets, mimirBuckets, type BucketUse } from "./buckets";
import type { Config } from "./config/config";
import { isFile } from "./config/find";
import { inForce } from "./config/in-force";
import { byOrigin, hasOrigins, originsIn, unknownParts } from "./config/placeholders";
import type { Program } from "./config/program";
import type { Setting } from "./config/read";
import { loki } from "./loki/program";
import { mimir } from "./mimir/program";
import type { Resource } from "./resource";
import { namespacesOf, serviceOf } from "./services";

/** A use of a bucket, and whose it is. */
interface Use extends BucketUse {
  resource: Resource;
  program: Program;
  /** The file that it is from, with or without arguments over it. */
  file: Config;
}

/** Two uses of what is, or may be, the same bucket with the same prefix. */
export interface SharedBucket {
  use: Use;
  /** Another use of it, which the stack has before. */
  other: Use;
  /** The setting that leaves open whether it is the same; none where it is. */
  doubt?: Setting<string>;
}

const programs = [
  { program: loki, bucketsOf: lokiBuckets },
  { program: mimir, bucketsOf: mimirBuckets },
];

/** The buckets of a stack that two programs use, or two installations of one, or two of Mimir's stores in files of their own. */
export function* sharedBuckets(resources: readonly Resource[]): Iterable<SharedBucket> {
  const namespaces = namespacesOf(resources);
  const uses = resources.flatMap((resource) => usesOf(resource, resources, namespaces));
  for (const [index, use] of uses.entries()) {
    for (const other of uses.slice(0, index)) {
      if (!isMeant(other, use)) yield* shared(other, use);
    }
  }
}

/**
 * Which buckets Loki and Mimir of a stack use, by the names that their configurations have, or by the claim that their pods have a name from.
 * @returns whether a bucket is one; of a name that isn't known before the update, not
 */
export function bucketNames(
  resources: readonly Resource[],
): (bucket: unknown, isClaim: boolean, namespace?: string) => boolean {
  const namespaces = namespacesOf(resources);
  const uses = resources.flatMap((resource) => usesOf(resource, resources, namespaces));
  return (bucket, isClaim, namespace) =>
    uses.some(({ names: [name], resource }) => {
      if (!isClaim) return "value" in name && name.value === bucket;
      const origins = originsIn("raw" in name ? (name.raw ?? "") : "");
      const named = `"name":${JSON.stringify(bucket)}`;
      return resource.namespace === namespace && origins.some((origin) => origin.includes(named));
    });
}

function usesOf(resource: Resource, resources: readonly Resource[], namespaces: Set<string>): Use[] {
  return programs.flatMap(({ program, bucketsOf }) =>
    inForce(resource, program, resources).flatMap(({ config, file, reader }) =>
      bucketsOf(config).map((use) => {
        const isArgument = [...(config.flags?.values() ?? [])].includes(use.path);
        const endpoint = hostOf(use.endpoint, resource, namespaces);
        return { ...use, endpoint, program, file, resource: isArgument && reader ? reader.resource : resource };
      }),
    ),
  );
}

function isMeant(one: Use, two: Use): boolean {
  if (one.file === two.file) return true;
  // Each chart that is installed is an installation; a file of values may be that of one.
  if ([one, two].every(({ file, resource }) => file.chart && !isFile(resource))) return false;
  if (one.program !== two.program || one.resource.namespace !== two.resource.namespace) return false;
  if (one.program === loki || one.content === two.content) return true;
  // Rules and alerts lie in folders of their own.
  return one.content !== "blocks_storage" && two.content !== "blocks_storage";
}

function* shared(other: Use, use: Use): Iterable<SharedBucket> {
  const [one, two] = [other, use].map(({ backend, endpoint, prefix, names }) => [backend, endpoint, prefix, ...names]);
  // Of two backends, which differ, the one may have fewer names.
  const likeness = one.slice(0, two.length).map((setting, index) => compare(setting, two[index], index > 2));
  if (likeness.includes("different")) return;
  const unread = [...two, ...one].find((setting) => "unreadable" in setting);
  yield { use, other, doubt: likeness.includes("untold") ? unread : undefined };
}

// Names that come from two places are two: a bucket's name is not generated twice. Hosts may be one all the same.
function compare(one: Setting<string>, two: Setting<string>, isName: boolean): "same" | "different" | "untold" {
  if (!("unreadable" in one) && !("unreadable" in two)) return valueOf(one) === valueOf(two) ? "same" : "different";
  const [a, b] = [one, two].map((setting) => ("raw" in setting && setting.raw ? byOrigin(setting.raw) : undefined));
  if (a === undefined || b === undefined) return "untold";
  const areKnown = hasOrigins(a) && hasOrigins(b);
  if (a === b) return areKnown ? "same" : "untold";
  const [partsOfOne, partsOfTwo] = [unknownParts(a), unknownParts(b)];
  if (partsOfOne.join() === partsOfTwo.join()) return "different";
  const areTwoNames = isName && areKnown && partsOfOne.length > 0 && partsOfTwo.length > 0;
  return areTwoNames ? "different" : "untold";
}

function valueOf(setting: Setting<string>): string {
  return "value" in setting ? setting.value : "";
}

// minio:9000, http://minio.monitoring:9000 and minio.monitoring.svc.cluster.local:9000 are one; and so is Amazon, named or not.
function hostOf(endpoint: Setting<string>, { namespace, urn }: Resource, namespaces: Set<string>): Setting<string> {
  if (!("value" in endpoint)) return endpoint;
  if (endpoint.value.startsWith(chartsOwn)) return { value: `${endpoint.value} ${urn}` };
  const host = endpoint.value.toLowerCase().replace(/\/+$/, "");
  if (/(^|[./])amazonaws\.com(\.cn)?(:443)?$/.test(host)) return { missing: "missing" };
  const name = serviceOf(host, namespace, (each) => namespaces.has(each));
  if (name) return { value: `${name.service}.${name.namespace}` };
  return { value: host.replace(/^http:\/\/(.*):80$|^https:\/\/(.*):443$/, "$1$2").replace(/^https?:\/\//, "") };
}
