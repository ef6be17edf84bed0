import { show, unknownOf } from "./lib/config/show";
import { definePolicy } from "./lib/policy";
import { sharedBuckets } from "./lib/shared-buckets";

/**
 * Refuses two programs, or two installations of one program, in the same bucket of the same object store with the same prefix: the compactor
 * and the retention of each delete what the other wrote, or fail on it. The same holds for two of Mimir's stores that are configured in
 * separate files; `mimir-storage-is-separate` checks those of one file.
 *
 * Files of one program in one namespace belong to one installation, whose parts share a bucket. Arguments of the workloads that mount a file
 * override it. Buckets of a workload that mounts no file of the stack are not compared.
 */
export const bucketsAreNotShared = definePolicy({
  name: "buckets-are-not-shared",
  description: "Each installation of Loki and Mimir has its own buckets, or its own prefixes in a shared one.",
  url: "https://grafana.com/docs/mimir/latest/configure/configure-object-storage-backend/",
  severity: "critical",
  *checkStack(resources) {
    for (const { use, other, doubt } of sharedBuckets(resources)) {
      const { resource, path, names } = use;
      const place = other.resource === resource ? other.path : `${other.resource.label}, ${other.path}`;
      const wanted = `a different bucket than ${other.content} (${place}), or a different prefix`;
      if (doubt) {
        yield (
          unknownOf(doubt) ?? {
            resource,
            path,
            found: show(doubt),
            wanted,
            why: "They may share a bucket. If they do, each deletes what the other wrote.",
            fix: "Write the literal names.",
          }
        );
      } else {
        yield {
          resource,
          path,
          found: `${show(names[0])}, which ${other.content} also uses (${place}), in the same object store and with the same prefix`,
          wanted,
          why: "Each deletes what the other wrote: compaction and retention treat everything there as their own data.",
          fix: "Give each a separate bucket.",
        };
      }
    }
  },
});
