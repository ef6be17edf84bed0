import type {
  ApplicationStorage,
  BucketUse,
  LokiStorage,
  MimirStorage,
  OwnAccess,
  S3Connection,
} from "../object-storage/types";
import {
  asideFile,
  backupSteps,
  bucketsFile,
  folderOf,
  incomingOf,
  noObject,
  silence,
  unfinishedFile,
} from "./copying";

/** Where the backup goes. */
export interface ScriptTarget {
  stack: string;
  /** `bucket/prefix`. */
  place: string;
  /** URL of its server. */
  endpoint: string;
}

// POSIX sh and mc only, as the image has little else. Keys come by the environment: arguments show in the process list. What a variable of mc's
// needs is put together here, as no key is known before.
/**
 * What each script begins with.
 * @param target where the backup goes
 */
export const prelude = ({ stack, place, endpoint }: ScriptTarget) => `#!/bin/sh
set -eu

export MC_HOST_target="${withKey(endpoint, "$TARGET_ACCESS_KEY_ID", "$TARGET_SECRET_ACCESS_KEY")}"
stack=${stack}
to=target/${place}
state=\${TMPDIR:-/tmp}/state
mkdir -p "$state"

fail() { echo "$*" >&2; exit 1; }

# A small file of the backup, or nothing where there is none: of a place that can't be reached, or that refuses, nobody knows what it has.
saved() {
  if text=$(mc cat "$to/$1" 2>"$state/error"); then echo "$text"; return; fi
  error=$(cat "$state/error")
  case $error in
  ${noObject.map((words) => `*"${words}"*`).join(" | ")}) ;;
  *) fail "$to/$1 can't be read (backup.endpoint, backup.to, the key in backup.secret): $error" ;;
  esac
}

# What mc du says of objects below a name; to S3 a folder without any isn't there.
usage() {
  if found=$(mc du --json "$1" 2>/dev/null); then echo "$found"; return; fi
  case $found in
  *"is not a folder"*) echo '{"size":0,"objects":0,"status":"none"}' ;;
  *) echo "$found" >&2; return 1 ;;
  esac
}
number() { rest=\${1#*\\"$2\\":}; echo "\${rest%%[,\\}]*}"; }

# What the application deletes meanwhile is an error to mc; looked at again, it is no longer there.
copy() {
  for attempt in 1 2 3; do
    mc mirror --quiet "$@" >/dev/null && return
  done
  fail "could not copy: $*"
}
`;

const withKey = (endpoint: string, id: string, key: string) => endpoint.replace("://", `://${id}:${key}@`);

/**
 * The script that begins a backup: it refuses another stack's, and tests whether the place can be written to.
 * @param target where it goes
 */
export const beginScript = (target: ScriptTarget): string => `${prelude(target)}
before=$(saved ${bucketsFile})
if [ -n "$before" ]; then
  case $before in
  *"\\"stack\\": \\"$stack\\""*) ;;
  *) fail "$to has the backup of another stack, which this one would replace: backup.to needs a prefix for each stack" ;;
  esac
fi
# Two at once would remove what the other one copies. npm run backup says every minute that it is still at it, and begins none while this Job is there.
waits=
while :; do
  found=$(saved ${unfinishedFile})
  case $found in *'"alive":'*) ;; *) break ;; esac
  [ $(($(date +%s) - $(number "$found" alive))) -lt ${silence} ] || break
  [ -n "$waits" ] || echo "waiting for npm run backup: $found"
  waits=1
  sleep 5
done
date -u +%Y-%m-%dT%H:%M:%SZ >"$state/began"
echo "{\\"version\\": 1, \\"stack\\": \\"$stack\\", \\"began\\": \\"$(cat "$state/began")\\"}" | mc pipe --quiet "$to/${unfinishedFile}"
`;

/**
 * The script that copies an application's buckets. It stops before the first where most of a bucket is gone: after a fire, the schedule would
 * replace the backup by what the new and empty stack has.
 * @param target where it goes
 * @param its the application's storage, with the variables that its configuration has
 */
export function copyScript(target: ScriptTarget, its: LokiStorage | MimirStorage): string {
  // Each has names for its own uses only, and only those are asked for.
  const storage = its as ApplicationStorage<BucketUse>;
  const uses = Object.keys(storage.buckets) as BucketUse[];
  const firsts = uses.filter(
    (use, i) => uses.findIndex((each) => storage.buckets[each] === storage.buckets[use]) === i,
  );
  const buckets = firsts.map((use) => {
    const access: Pick<S3Connection, "endpoint"> & Partial<OwnAccess> = storage.own?.[use] ?? storage.connection;
    const { accessKey = "$AWS_ACCESS_KEY_ID", secretKey = "$AWS_SECRET_ACCESS_KEY" } = access;
    return { use, alias: use, host: withKey(access.endpoint, accessKey, secretKey), name: storage.buckets[use] };
  });
  const looks = buckets.map(
    ({ use, alias, host, name }) => `export MC_HOST_${alias}="${host}"
said=$(mc du --json "${alias}/${name}") || fail "bucket ${name} can't be read: $said"
has=$(number "$said" size)
# A server has many addresses: one bucket is behind both where what has begun is in both.
if [ "${name}" = "${target.place.split("/")[0]}" ] && [ "$(mc cat "${alias}/${target.place}/${unfinishedFile}" 2>/dev/null)" = "$(mc cat "$to/${unfinishedFile}")" ]; then
  mc rm --quiet "$to/${unfinishedFile}"
  fail "$to is the stack's own bucket (${use}): backup.to and backup.endpoint need a bucket on another server"
fi
said=$(usage "$to/${folderOf(use)}") || fail "the backup of bucket ${name} can't be read"
had=$(number "$said" size)
if [ "$had" -gt 1048576 ] && [ "$has" -lt $((had / 2)) ]; then
  fail "bucket ${name} has $has bytes, and the backup $had: what is gone would be removed from the backup; npm run restore, or npm run backup with --accept-loss"
fi
`,
  );
  const copies = (which: "first" | "then") =>
    buckets.flatMap(({ use, alias, name }) => {
      const places = { stack: `${alias}/${name}`, backup: `$to/${folderOf(use)}`, incoming: `$to/${incomingOf(use)}` };
      const steps = backupSteps(use);
      return (which === "first" ? [steps.first] : steps.then).flatMap(({ what, flags, from, to }) => [
        `# ${use}: ${what}`,
        ...(to === "incoming" ? [`mc pipe --quiet "${places.incoming}/${asideFile}" </dev/null`] : []),
        `copy ${flags.map((flag) => (flag.includes("*") ? `'${flag}'` : flag)).join(" ")} "${places[from]}" "${places[to]}"`,
      ]);
    });
  const notes = buckets.map(
    ({ use, name }) =>
      `said=$(usage "$to/${folderOf(use)}") || fail "the backup of bucket ${name} can't be read"
echo "\\"${use}\\": {\\"name\\": \\"${name}\\", \\"objects\\": $(number "$said" objects), \\"size\\": $(number "$said" size)}" >"$state/bucket-${use}"
`,
  );
  return [prelude(target), ...looks, ...copies("first"), ...copies("then"), "", ...notes].join("\n");
}

/**
 * The script that writes what the backup has, after everything else.
 * @param target where it goes
 */
export const endScript = (target: ScriptTarget): string => `${prelude(target)}
all=
for file in "$state"/bucket-*; do all="$all\${all:+, }$(cat "$file")"; done
finished=$(date -u +%Y-%m-%dT%H:%M:%SZ)
echo "{\\"version\\": 1, \\"stack\\": \\"$stack\\", \\"began\\": \\"$(cat "$state/began")\\", \\"finished\\": \\"$finished\\", \\"buckets\\": {$all}}" |
  mc pipe --quiet "$to/${bucketsFile}"
mc rm --quiet "$to/${unfinishedFile}"
`;
