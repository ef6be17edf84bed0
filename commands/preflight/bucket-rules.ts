import { failed, ok, unsure, type Found } from "../shared/api/result";
import { count } from "../shared/words";

/** What a bucket's server is asked for: the names of S3's subresources. */
export const bucketSubresources = ["versioning", "lifecycle", "object-lock"] as const;

/** The answers, as XML; empty where the bucket, or the store, has no such thing. */
export type BucketRules = Readonly<Record<(typeof bucketSubresources)[number], string>>;

/**
 * What a bucket does by itself with what Loki and Mimir have in it, or delete; undefined if nothing. The policy `bucket-lifecycles-spare-data` says
 * the same of what a program declares.
 * @param rules the bucket's own
 * @param fix what to do about versions that nothing removes
 * @param keepDeleted the setting, whose rule takes the place of the bucket's
 */
export function judgeBucketRules(rules: BucketRules, fix: string, keepDeleted?: string): Found | undefined {
  const enabled = all("Rule", rules.lifecycle).filter((rule) => one("Status", rule) === "Enabled");
  const harmful = keepDeleted ? undefined : enabled.find(touchesObjectsInUse);
  if (harmful)
    // Under a prefix there may be something else.
    return (isForSome(harmful) ? unsure : failed)(
      `its lifecycle rule ${one("ID", harmful) ?? "without a name"} removes or moves objects by their age`,
      "remove that rule: Loki and Mimir delete by loki.retention and mimir.retention, and look for what their index names",
    );
  if (one("Status", rules.versioning) !== "Enabled") return undefined;
  const lock = lockOf(rules["object-lock"]);
  const kept = keepDeleted ?? expiryOf(enabled);
  if (kept === undefined)
    return unsure(`keeps versions${lock}, and no rule removes old ones: it only grows, whatever is deleted`, fix);
  return lock === withoutPeriod
    ? unsure(
        `keeps versions${lock}: none is locked; old ones go after ${kept}`,
        "set a period: docs/backup.md#object-lock",
      )
    : ok(`keeps versions${lock}; old ones go after ${kept}`);
}

const withoutPeriod = " with object lock, which has no period";

/** Whether a rule is for some of a bucket's objects only. */
const isForSome = (rule: string) => /<Tag>|<(Prefix|ObjectSize\w+)>[^<\s]/.test(rule);

/** An expiration of delete markers or old versions touches none. */
const touchesObjectsInUse = (rule: string) =>
  [...all("Expiration", rule), ...all("Transition", rule)].some((action) => /<(Days|Date)>/.test(action));

/** After how long the rules remove old versions; a rule for some of the objects leaves those of all others. */
function expiryOf(rules: readonly string[]): string | undefined {
  const days = rules
    .filter((rule) => !isForSome(rule))
    .flatMap((rule) =>
      all("NoncurrentVersionExpiration", rule).flatMap((expiry) => one("NoncurrentDays", expiry) ?? []),
    );
  return days.length > 0 ? count(Math.min(...days.map(Number)), "day") : undefined;
}

function lockOf(objectLock: string): string {
  if (one("ObjectLockEnabled", objectLock) !== "Enabled") return "";
  const [retention = ""] = all("DefaultRetention", objectLock);
  const [days, years] = [one("Days", retention), one("Years", retention)];
  const period = days ? count(Number(days), "day") : years ? count(Number(years), "year") : undefined;
  return period ? ` with object lock (${one("Mode", retention)?.toLowerCase()}, ${period})` : withoutPeriod;
}

const all = (tag: string, xml: string): string[] =>
  [...xml.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, "gs"))].map(([, content]) => content);

const one = (tag: string, xml: string): string | undefined => all(tag, xml)[0]?.trim();
