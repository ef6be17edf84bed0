import { claimName, claimsOf } from "../claims";
import type { ParsedSettings } from "../schema";
import type { BucketUse } from "../sections/object-store";
import { seconds } from "../units";
import type { Rule } from "./rule";

const mimirUses = ["mimirBlocks", "mimirRuler", "mimirAlertmanager"] as const satisfies readonly BucketUse[];

/** What stands for a bucket: its name, or its claim's. */
function placeOf(objectStore: ParsedSettings["objectStore"], buckets: ParsedSettings["buckets"], use: BucketUse) {
  if (objectStore.kind !== "claim") return { key: `buckets.${use}`, name: buckets[use] };
  const key = objectStore.claims[use] ? `objectStore.claims.${use}` : `buckets.${use}`;
  return { key, name: claimName(objectStore, buckets, use) };
}

const kebabCase = (use: string) => use.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

// Rook reads the names of S3 in any case, as Go does: "expiration" expires as well.
const harmless =
  /^(id|status|prefix|filter|noncurrentversion(expiration|transitions?)|abortincompletemultipartupload)$/i;

/**
 * What in lifecycle rules deletes or moves objects in use, or can't be a rule.
 * @param lifecycle as `PutBucketLifecycleConfiguration` takes it
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
 */
function harmIn(lifecycle: Record<string, unknown> | null): string[] {
  const rules = Object.entries(lifecycle ?? {}).find(([key]) => /^rules$/i.test(key))?.[1];
  if (!Array.isArray(rules) || !rules.every((rule) => typeof rule === "object" && rule !== null))
    return ['has no list "Rules" of rules'];
  return (rules as object[]).flatMap((rule, i) =>
    Object.entries(rule)
      .filter(([key, value]) => !harmless.test(key) && !isOfMarkers(key, value))
      .map(
        ([key]) =>
          `Rules[${i}].${key} expires or moves objects in use: Loki and Mimir would still look for them, and they delete by their own retention`,
      ),
  );
}

/** Markers that stand where an object was, and hide no version any more. */
const isOfMarkers = (key: string, value: unknown): boolean =>
  /^expiration$/i.test(key) &&
  Object.keys((value ?? {}) as object).every((each) => /^expiredobjectdeletemarker$/i.test(each));

/** Rules of object storage. */
export const objectStoreRules: readonly Rule[] = [
  {
    must: "Loki and Mimir share no bucket",
    check: ({ objectStore, buckets }) =>
      mimirUses.flatMap((use) => {
        const [own, lokis] = [use, "loki" as const].map((each) => placeOf(objectStore, buckets, each));
        return own.name === lokis.name
          ? [
              {
                key: own.key,
                what: `"${own.name}" is already used by ${lokis.key}: one application could read and delete what the other wrote`,
                allowed:
                  "a different bucket for each application; Mimir's uses may share one, each under a separate prefix",
                example: `${own.name}-${kebabCase(use)}`,
              },
            ]
          : [];
      }),
  },
  {
    must: "an imported bucket is one of the stack's",
    check: ({ objectStore, buckets }) => {
      if (objectStore.kind !== "minio") return [];
      const used = Object.values(buckets);
      return objectStore.importBuckets.flatMap((name, i) =>
        used.includes(name)
          ? []
          : [
              {
                key: `objectStore.importBuckets[${i}]`,
                what: `"${name}" is not a bucket of this stack`,
                allowed: `the names in the section buckets: ${used.join(", ")}`,
                example: used[0],
              },
            ],
      );
    },
  },
  {
    must: "settings for Mimir's buckets need a Mimir",
    check: ({ objectStore, buckets, metrics: { backend } }) => {
      if (backend === "mimir") return [];
      const problem = (key: string) => ({
        key,
        what: `is for Mimir, and has no effect with metrics.backend: ${backend}: the stack has no bucket for Mimir`,
        allowed: "nothing for Mimir's buckets; or metrics.backend: mimir",
        example: "left out",
      });
      if (objectStore.kind === "claim")
        return (["claims", "additionalConfig"] as const).flatMap((setting) =>
          mimirUses.filter((use) => objectStore[setting][use]).map((use) => problem(`objectStore.${setting}.${use}`)),
        );
      const mimirs = mimirUses.map((use) => buckets[use]).filter((name) => name !== buckets.loki);
      return objectStore.kind === "minio"
        ? objectStore.importBuckets.flatMap((name, i) =>
            mimirs.includes(name) ? problem(`objectStore.importBuckets[${i}]`) : [],
          )
        : [];
    },
  },
  {
    must: "pods can reach the object store's endpoint",
    check: ({ objectStore }) => {
      if (!("endpoint" in objectStore)) return [];
      const { hostname } = new URL(objectStore.endpoint);
      return /^(localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0)$/.test(hostname)
        ? [
            {
              key: "objectStore.endpoint",
              what: `"${objectStore.endpoint}" leads each pod to itself`,
              allowed: "the address at which pods reach the server",
              example: "http://10.0.40.10:9000",
            },
          ]
        : [];
    },
  },
  {
    must: "both settings of one address agree about TLS",
    check: ({ objectStore }) => {
      if (objectStore.kind !== "minio") return [];
      const { host, protocol, port } = new URL(objectStore.endpoint);
      const tls = protocol === "https:";
      const address = port ? host : `${host}:${tls ? 443 : 80}`;
      return address === objectStore.providerAddress && tls !== objectStore.providerTls
        ? [
            {
              key: "objectStore.providerTls",
              what: `${objectStore.providerTls} contradicts objectStore.endpoint, where the same address starts with ${protocol}//`,
              allowed: String(tls),
              example: tls,
            },
          ]
        : [];
    },
  },
  {
    must: "objectStore.ca needs objectStore.tls",
    check: ({ objectStore }) =>
      objectStore.kind === "claim" && objectStore.ca && !objectStore.tls
        ? [
            {
              key: "objectStore.tls",
              what: "is false, but objectStore.ca is set: without TLS no certificate is checked",
              allowed: "true; or leave objectStore.ca out",
              example: true,
            },
          ]
        : [],
  },
  {
    must: "an existing claim is not one that the stack creates for another bucket",
    check: ({ objectStore, buckets }) => {
      if (objectStore.kind !== "claim") return [];
      const { claims } = objectStore;
      const made = (Object.keys(buckets) as BucketUse[]).filter((use) => !claims[use]);
      return (Object.keys(claims) as BucketUse[]).flatMap((use) => {
        const other = made.find((each) => claimName(objectStore, buckets, each) === claims[use]);
        return other
          ? [
              {
                key: `objectStore.claims.${use}`,
                what: `"${claims[use]}" is the claim that the stack creates for ${other}: if it is named here, it would no longer be created`,
                allowed: `a claim that the stack doesn't create; or, to share that bucket, leave this out and set buckets.${use}: ${buckets[other]}`,
                example: "left out",
              },
            ]
          : [];
      });
    },
  },
  {
    must: "additionalConfig is given once, for claims that the stack creates",
    check: ({ objectStore, buckets }) =>
      objectStore.kind === "claim"
        ? (Object.keys(objectStore.additionalConfig) as BucketUse[]).flatMap((use) => {
            const key = `objectStore.additionalConfig.${use}`;
            const [first] = claimsOf(objectStore, buckets).find(({ uses }) => uses.includes(use))?.uses ?? [use];
            if (objectStore.claims[use])
              return [
                {
                  key,
                  what: `is for the existing claim "${objectStore.claims[use]}", which this program doesn't change`,
                  allowed: "uses of buckets whose claims the stack creates",
                  example: "left out",
                },
              ];
            return first === use
              ? []
              : [
                  {
                    key,
                    what: `is for a bucket shared with ${first}: both have one claim`,
                    allowed: `objectStore.additionalConfig.${first}, for all that share it`,
                    example: "left out",
                  },
                ];
          })
        : [],
  },
  {
    must: "no lifecycle rule touches what Loki and Mimir still need",
    check: ({ objectStore }) =>
      objectStore.kind === "claim"
        ? Object.entries(objectStore.additionalConfig).flatMap(([use, { bucketLifecycle }]) => {
            const wrong = bucketLifecycle === undefined ? [] : harmIn(JSON.parse(bucketLifecycle));
            return wrong.length > 0
              ? [
                  {
                    key: `objectStore.additionalConfig.${use}.bucketLifecycle`,
                    what: wrong.join("; "),
                    allowed:
                      "NoncurrentVersionExpiration, AbortIncompleteMultipartUpload, and Expiration with only ExpiredObjectDeleteMarker; loki.retention and mimir.retention delete old data",
                    example: JSON.stringify({
                      Rules: [
                        {
                          ...{ ID: "a", Status: "Enabled", Prefix: "" },
                          NoncurrentVersionExpiration: { NoncurrentDays: 7 },
                        },
                      ],
                    }),
                  },
                ]
              : [];
          })
        : [],
  },
  {
    must: "locked versions are removed some day",
    check: ({ objectStore }) =>
      objectStore.kind === "embedded" && objectStore.objectLock && !objectStore.keepDeleted
        ? [
            {
              key: "objectStore.keepDeleted",
              what: "is missing, but objectStore.objectLock is set: with object lock, what Loki and Mimir delete stays as a version, and without keepDeleted no rule removes old versions",
              allowed: "whole days: old versions go after them, or when their lock ends, if that is later",
              example: "1d",
            },
          ]
        : [],
  },
  {
    must: "no lock lasts longer than the retention",
    check: ({ objectStore, loki, mimir, metrics: { backend } }) => {
      if (objectStore.kind !== "embedded" || !objectStore.objectLock) return [];
      const { period } = objectStore.objectLock;
      const retentions = {
        "loki.retention": loki.retention,
        ...(backend === "mimir" && { "mimir.retention": mimir.retention }),
      };
      return Object.entries(retentions)
        .filter(([, retention]) => seconds(period) > seconds(retention))
        .map(([key, retention]) => ({
          key: "objectStore.objectLock.period",
          what: `"${period}" is longer than ${key} ("${retention}"): deleting before the end of the lock would free no room, and a lock can't be undone`,
          allowed: `at most ${retention}; or a longer ${key}`,
          example: `${Math.max(1, Math.floor(seconds(retention) / 86_400))}d`,
        }));
    },
  },
  {
    must: "a claim's key comes from the claim",
    check: ({ objectStore, secrets }) =>
      objectStore.kind === "claim"
        ? (["lokiObjectStore", "mimirObjectStore"] as const).flatMap((secret) =>
            secrets.existing[secret]
              ? [
                  {
                    key: `secrets.existing.${secret}`,
                    what: "is not used with objectStore.kind claim: a claim's own Secret has its key",
                    allowed: "for an existing claim objectStore.claims; or objectStore.kind existing with this Secret",
                    example: "left out",
                  },
                ]
              : [],
          )
        : [],
  },
];
