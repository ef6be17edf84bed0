import type { Rule } from "./rule";

/** Rules of object storage. */
export const objectStoreRules: readonly Rule[] = [
  {
    must: "no two uses share a bucket",
    check: ({ buckets }) => {
      const entries = Object.entries(buckets);
      return entries.flatMap(([use, name], i) => {
        const [first] = entries.find(([, other]) => other === name) ?? [use];
        return entries.findIndex(([, other]) => other === name) === i
          ? []
          : [
              {
                key: `buckets.${use}`,
                what: `"${name}" is used by buckets.${first} already; one application could read and delete what the other wrote`,
                allowed: "a bucket of its own for each use",
                example: `${name}-${use.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`,
              },
            ];
      });
    },
  },
  {
    must: "a bucket that is imported is one of the stack's",
    check: ({ objectStore, buckets }) => {
      if (objectStore.kind !== "minio") return [];
      const used = Object.values(buckets);
      return objectStore.importBuckets.flatMap((name, i) =>
        used.includes(name)
          ? []
          : [
              {
                key: `objectStore.importBuckets[${i}]`,
                what: `"${name}" is no bucket of this stack`,
                allowed: `buckets of the section buckets: ${used.join(", ")}`,
                example: used[0],
              },
            ],
      );
    },
  },
  {
    must: "pods can reach the object store's endpoint",
    check: ({ objectStore }) => {
      if (objectStore.kind === "embedded") return [];
      const { hostname } = new URL(objectStore.endpoint);
      return /^(localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0)$/.test(hostname)
        ? [
            {
              key: "objectStore.endpoint",
              what: `"${objectStore.endpoint}" is each pod itself, as pods see it`,
              allowed: "the address by which pods reach the server",
              example: "http://10.0.40.10:9000",
            },
          ]
        : [];
    },
  },
  {
    must: "one address is said to speak TLS or not to, not both",
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
];
