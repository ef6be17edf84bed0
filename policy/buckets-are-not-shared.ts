import { chartsOwn, lokiBuckets, mimirBuckets, type BucketUse } from "./lib/buckets";
import type { Config } from "./lib/config/config";
import { inForce } from "./lib/config/in-force";
import { fillIn, hasOrigins, unknownParts, unreadable } from "./lib/config/placeholders";
import type { Program } from "./lib/config/program";
import type { Setting } from "./lib/config/read";
import { show, unknownOf } from "./lib/config/show";
import { loki } from "./lib/loki/program";
import { mimir } from "./lib/mimir/program";
import { variablesOf } from "./lib/pods/variables";
import { definePolicy, type StackFinding } from "./lib/policy";
import type { Resource } from "./lib/resource";
import { namespacesOf, serviceOf } from "./lib/services";

/** A use of a bucket, and whose it is. */
interface Use extends BucketUse {
  resource: Resource;
  program: Program;
  /** The file that it is from, by itself or with arguments over it. */
  file: Config;
}

const programs = [
  { program: loki, bucketsOf: lokiBuckets },
  { program: mimir, bucketsOf: mimirBuckets },
];

/**
 * Refuses two programs, or two installations of one, in the same bucket of the same object store with the same prefix: what one has not
 * written itself its compactor and its retention delete, or stumble over. Also two of Mimir's stores whose settings are in files of their
 * own; within one file `mimir-storage-is-separate` tells.
 *
 * Files of one program in one namespace are those of one installation, whose parts share a bucket. Arguments of the workloads that mount a
 * file override it; buckets of a workload that mounts none of the stack are not compared.
 */
export const bucketsAreNotShared = definePolicy({
  name: "buckets-are-not-shared",
  description: "Loki and Mimir, and each installation of them, have buckets of their own, or prefixes in one.",
  url: "https://grafana.com/docs/mimir/latest/configure/configure-object-storage-backend/",
  severity: "critical",
  *checkStack(resources) {
    const namespaces = namespacesOf(resources);
    const uses = resources.flatMap((resource) => usesOf(resource, resources, namespaces));
    for (const [index, use] of uses.entries()) {
      for (const other of uses.slice(0, index)) if (!isMeant(other, use)) yield* apart(other, use);
    }
  },
});

function usesOf(resource: Resource, resources: readonly Resource[], namespaces: Set<string>): Use[] {
  const found = programs.flatMap(({ program, bucketsOf }) =>
    inForce(resource, program, resources).flatMap(({ config, file, reader }) =>
      bucketsOf(config).map((use) => {
        const isArgument = [...(config.flags?.values() ?? [])].includes(use.path);
        return { ...use, program, file, resource: isArgument && reader ? reader.resource : resource };
      }),
    ),
  );
  if (found.length === 0) return [];
  const variables = variablesOf(resource, resources);
  const filled = (setting: Setting<string>): Setting<string> => {
    if (!("raw" in setting) || setting.raw === undefined) return setting;
    const raw = fillIn(setting.raw, variables);
    return unreadable(raw) === undefined ? { value: raw } : { ...setting, raw };
  };
  return found.map((use) => ({
    ...use,
    endpoint: hostOf(filled(use.endpoint), resource, namespaces),
    names: use.names.map(filled),
    prefix: filled(use.prefix),
  }));
}

function isMeant(one: Use, two: Use): boolean {
  if (one.file === two.file) return true;
  if (one.program !== two.program || one.resource.namespace !== two.resource.namespace) return false;
  // Rules and alerts lie in folders of their own.
  return (
    one.program === loki ||
    one.content === two.content ||
    ![one, two].some(({ content }) => content === "blocks_storage")
  );
}

function* apart(other: Use, use: Use): Iterable<StackFinding> {
  const [one, two] = [other, use].map(({ backend, endpoint, prefix, names }) => [backend, endpoint, prefix, ...names]);
  // Of two backends, which differ, the one may have fewer names.
  const likeness = one.slice(0, two.length).map((setting, index) => compare(setting, two[index], index > 2));
  if (likeness.includes("different")) return;
  const { resource, path, names } = use;
  const place = `${other.resource === resource ? "" : `${other.resource.label}, `}${other.path}`;
  const untold = likeness.includes("untold") && [...two, ...one].find((setting) => "unreadable" in setting);
  const wanted = `another bucket than that of ${other.content} (${place}), or another prefix`;
  if (untold) {
    yield (
      unknownOf(untold) ?? {
        resource,
        path,
        found: show(untold),
        wanted,
        fix: "Whether they share a bucket can't be told; if they do, one deletes what the other wrote. Write the names themselves.",
      }
    );
  } else {
    yield {
      resource,
      path,
      found: `${show(names[0])}, which ${other.content} has too (${place}), in the same object store and with the same prefix`,
      wanted,
      fix: "One deletes what the other wrote: compaction and retention take all that lies there for their own. Give each a bucket of its own.",
    };
  }
}

// Names that come from two places are two: nobody generates a bucket's name twice. Hosts may be one all the same.
function compare(one: Setting<string>, two: Setting<string>, isName: boolean): "same" | "different" | "untold" {
  if (!("unreadable" in one) && !("unreadable" in two)) return valueOf(one) === valueOf(two) ? "same" : "different";
  const [a, b] = [one, two].map((setting) => ("raw" in setting ? setting.raw : undefined));
  if (a === undefined || b === undefined) return "untold";
  const areKnown = hasOrigins(a) && hasOrigins(b);
  if (a === b) return areKnown ? "same" : "untold";
  const isSameUnknown = unknownParts(a).join() === unknownParts(b).join();
  return isSameUnknown || (isName && areKnown && unknownParts(a).length > 0 && unknownParts(b).length > 0)
    ? "different"
    : "untold";
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
