import type { Settings } from "../schema";
import type { Rule } from "./rule";

const key = (...path: string[]) => ["monitors", ...path].join(".");

/** Parts of the control plane that are found at addresses or by their pods. */
const parts = [
  "scheduler",
  "controllerManager",
  "proxy",
  "etcd",
] as const satisfies readonly (keyof Settings["monitors"])[];

/** Rules of what of the cluster itself is scraped. */
export const monitorRules: readonly Rule[] = [
  // One for each: what is wrong of one must not silence what is to be said of the others.
  ...parts.map((part): Rule => ({
    must: `${key(part)}: its targets are found in one way`,
    check: ({ monitors: { [part]: settings } }) =>
      settings.endpoints && settings.selector
        ? [
            {
              key: key(part, "selector"),
              what: `is set as well as ${key(part, "endpoints")}, ${settings.endpoints.join(", ")}: each target would be scraped twice`,
              allowed: "one of the two: addresses, or labels of pods in kube-system",
            },
          ]
        : [],
  })),
  {
    must: "etcd's certificate can be verified",
    check: ({ monitors: { etcd } }) =>
      etcd.https && !etcd.clientSecret && !etcd.insecureSkipVerify
        ? [
            {
              key: key("etcd", "clientSecret"),
              what: `is missing: with ${key("etcd", "https")}: true there is no CA to verify etcd's certificate with; the cluster's own CA did not sign it`,
              allowed: `a Secret with etcd's CA and a client's certificate and key; or ${key("etcd", "insecureSkipVerify")}: true`,
              example: { name: "etcd-client" },
            },
          ]
        : [],
  },
  ...(["insecureSkipVerify", "serverName", "clientSecret"] as const).map((name): Rule => ({
    must: `${key("etcd", name)}: it needs TLS`,
    check: ({ monitors: { etcd } }) =>
      etcd[name] && !etcd.https
        ? [
            {
              key: key("etcd", name),
              what: `has no effect without ${key("etcd", "https")}: true`,
              allowed: `nothing, or ${key("etcd", "https")}: true if the metrics port requires TLS`,
            },
          ]
        : [],
  })),
  ...(["scheduler", "controllerManager"] as const).map((part): Rule => ({
    must: `${key(part, "serverName")}: it is verified`,
    check: ({ monitors: { [part]: settings } }) =>
      settings.serverName && settings.insecureSkipVerify
        ? [
            {
              key: key(part, "serverName"),
              what: `"${settings.serverName}" is not verified while ${key(part, "insecureSkipVerify")} is true, as it is by default`,
              allowed: `nothing, or ${key(part, "insecureSkipVerify")}: false`,
            },
          ]
        : [],
  })),
];
