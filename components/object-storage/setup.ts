import type { Settings } from "../../settings/schema";
import { bucketsOf, type ApplicationName } from "./applications";
import { leastPrivilege } from "./policy";
import type { ObjectStorageArgs } from "./types";
import { days, versionsLifecycle } from "./versions";

/**
 * What the embedded server's Job runs: files for a ConfigMap, and the environment that they read. Nothing in it is secret.
 */

/**
 * Variables of the environment that bring an application's key to the script.
 * @param name the application
 */
export function keyVariables(name: ApplicationName): { accessKey: string; secretKey: string } {
  return { accessKey: `${name.toUpperCase()}_ACCESS_KEY`, secretKey: `${name.toUpperCase()}_SECRET_KEY` };
}

// POSIX sh and mc only, as the image has little else. Secrets come by the environment and go to mc by its standard input: arguments
// show in the process list. `mc ready` waits for as long as it takes: the Job's deadline ends it. Every step may be repeated: a bucket that
// exists is left alone, a policy is overwritten, a user that exists gets the new key, a policy that is attached stays so.
const prelude = (flags: string) => `#!/bin/sh
set -eu

MC_HOST_anybody="$MINIO_URL" mc ready anybody
printf '%s\\n%s\\n' "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" | mc alias set store "$MINIO_URL"

bucket() { # name
  mc mb --ignore-existing ${flags}--region "$MINIO_REGION" "store/$1"
}

application() { # name, access key, secret key
  mc admin policy create store "$1" "\${0%/*}/$1.json"
  printf '%s\\n%s\\n' "$2" "$3" | mc admin user add store
  mc admin policy attach store "$1" --user "$2"
}
`;

// What was deleted stays as a version: an import takes the place of all rules that the bucket had.
const versions = `
versions() { # name
  mc version enable "store/$1"
  mc ilm rule import "store/$1" < "\${0%/*}/lifecycle.json"
}
`;

/** With which the script ends where a bucket exists without the lock that it should have: trying again doesn't help. */
export const exitUnlockable = 3;

// MinIO gives object lock only to a new bucket: said before anything is made or changed. `retention info` fails where there is no lock.
const lock = `
unlockable=""
lockable() { # name
  if mc stat "store/$1" >/dev/null 2>&1 && ! mc retention info --default "store/$1" >/dev/null 2>&1; then
    unlockable="$unlockable $1"
  fi
}

refuse() {
  if [ -n "$unlockable" ]; then
    echo "Not set up, and nothing was changed: objectStore.objectLock is set, but these buckets exist without object lock:$unlockable." >&2
    echo "MinIO gives it only to a new bucket. Remove the setting, or name new buckets in the section buckets: docs/backup.md#object-lock" >&2
    exit ${exitUnlockable}
  fi
}

lock() { # name, mode, period
  mc retention set --default "$2" "$3" "store/$1"
}
`;

/**
 * The script that makes buckets, users and policies, and the policies that it reads: file name → text.
 * @param names names of all buckets
 * @param applications whose buckets it makes
 * @param settings how long the buckets keep what was deleted, and for how long nobody can remove a version; not given: they are left as they are
 * @see https://github.com/minio/mc/blob/RELEASE.2025-08-13T08-35-41Z/cmd/admin-policy-attach.go why attaching may be repeated
 */
export function setupFiles(
  names: Settings["buckets"],
  applications: readonly ApplicationName[],
  { keepDeleted, objectLock }: Pick<ObjectStorageArgs<"embedded">["settings"], "keepDeleted" | "objectLock"> = {},
): Record<string, string> {
  const json = (file: string, content: object) => [file, `${JSON.stringify(content, undefined, 2)}\n`];
  const all = applications.flatMap((name) => bucketsOf(name, names));
  const users = applications.map((name) => {
    const { accessKey, secretKey } = keyVariables(name);
    return `application ${name} "$${accessKey}" "$${secretKey}"`;
  });
  const policies = applications.map((name) => json(`${name}.json`, leastPrivilege(bucketsOf(name, names))));
  const each = (step: string) => all.map((bucket) => step.replace("BUCKET", bucket));
  const steps = [
    ...(objectLock ? [...each("lockable BUCKET"), "refuse"] : []),
    ...each("bucket BUCKET"),
    ...(keepDeleted ? each("versions BUCKET") : []),
    ...(objectLock ? each(`lock BUCKET ${objectLock.mode} ${days(objectLock.period)}d`) : []),
    ...["", ...users, ""],
  ];
  const functions = [
    prelude(objectLock ? "--with-lock " : ""),
    ...(keepDeleted ? [versions] : []),
    ...(objectLock ? [lock] : []),
  ];
  return {
    "setup.sh": [functions.join(""), ...steps].join("\n"),
    ...Object.fromEntries(policies),
    ...(keepDeleted && Object.fromEntries([json("lifecycle.json", versionsLifecycle(keepDeleted))])),
  };
}
