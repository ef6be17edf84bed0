import { flagsOf } from "./lib/destructive";
import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";

/**
 * Refuses settings of providers that destroy something on an ordinary update, in any stack. The table of them, each with its source, is in
 * `lib/destructive.ts`.
 */
export const noDestructiveProviderFlags = definePolicy({
  name: "no-destructive-provider-flags",
  description: "No resource has a setting by which its provider deletes or locks out on an ordinary update.",
  url: "https://github.com/aminueza/terraform-provider-minio/blob/main/minio/resource_minio_iam_user.go",
  severity: "critical",
  *check(resource) {
    for (const { path, value, effect, instead } of flagsOf(resource)) {
      if (value instanceof Unknown) yield value;
      else yield { path, found: String(value), wanted: "false, or nothing", fix: `${effect} ${instead}` };
    }
  },
});
