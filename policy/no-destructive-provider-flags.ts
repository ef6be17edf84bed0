import { flagsOf } from "./lib/destructive";
import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";

/**
 * Refuses provider settings that destroy something on an ordinary update, in any stack. `lib/destructive.ts` lists them with their sources.
 */
export const noDestructiveProviderFlags = definePolicy({
  name: "no-destructive-provider-flags",
  description:
    "No resource has a setting that makes its provider delete something or lock users out on an ordinary update.",
  url: "https://github.com/aminueza/terraform-provider-minio/blob/main/minio/resource_minio_iam_user.go",
  severity: "critical",
  *check(resource) {
    for (const { path, value, effect, instead } of flagsOf(resource)) {
      if (value instanceof Unknown) yield value;
      else yield { path, found: String(value), wanted: "false, or unset", why: effect, fix: instead };
    }
  },
});
