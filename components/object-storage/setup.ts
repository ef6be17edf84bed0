import type { Settings } from "../../settings/schema";
import { bucketsOf, type ApplicationName } from "./applications";
import { leastPrivilege } from "./policy";
import { versionsLifecycle } from "./versions";

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
const prelude = `#!/bin/sh
set -eu

MC_HOST_anybody="$MINIO_URL" mc ready anybody
printf '%s\\n%s\\n' "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" | mc alias set store "$MINIO_URL"

bucket() { # name
  mc mb --ignore-existing --region "$MINIO_REGION" "store/$1"
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

/**
 * The script that makes buckets, users and policies, and the policies that it reads: file name → text.
 * @param names names of all buckets
 * @param applications whose buckets it makes
 * @param keepDeleted how long the buckets keep what was deleted, a duration of whole days; not given: they are left as they are
 * @see https://github.com/minio/mc/blob/RELEASE.2025-08-13T08-35-41Z/cmd/admin-policy-attach.go why attaching may be repeated
 */
export function setupFiles(
  names: Settings["buckets"],
  applications: readonly ApplicationName[],
  keepDeleted?: string,
): Record<string, string> {
  const json = (file: string, content: object) => [file, `${JSON.stringify(content, undefined, 2)}\n`];
  const all = applications.flatMap((name) => bucketsOf(name, names));
  const users = applications.map((name) => {
    const { accessKey, secretKey } = keyVariables(name);
    return `application ${name} "$${accessKey}" "$${secretKey}"`;
  });
  const policies = applications.map((name) => json(`${name}.json`, leastPrivilege(bucketsOf(name, names))));
  const steps = [
    ...all.map((bucket) => `bucket ${bucket}`),
    ...(keepDeleted ? all.map((bucket) => `versions ${bucket}`) : []),
    ...["", ...users, ""],
  ];
  return {
    "setup.sh": [keepDeleted ? prelude + versions : prelude, ...steps].join("\n"),
    ...Object.fromEntries(policies),
    ...(keepDeleted && Object.fromEntries([json("lifecycle.json", versionsLifecycle(keepDeleted))])),
  };
}
