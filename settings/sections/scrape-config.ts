import { z } from "zod";
import { httpUrl, namespacedName } from "../values";
import { isDuration } from "../units";

/**
 * ScrapeConfigs of others, as far as Alloy scrapes them as the operator's Prometheus did. What is not here has no counterpart in Alloy, or one
 * that would need what only the operator reads.
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1alpha1.ScrapeConfig
 */

const duration = z.string().refine(isDuration, "is not a duration");
const caseless = <const T extends string>(...names: T[]) =>
  z.string().refine((v) => names.some((name) => name === v.toLowerCase()), `is not one of ${names.join(", ")}`);
const scheme = caseless("http", "https");
const role = caseless("node", "pod", "service", "endpoints", "endpointslice", "ingress");
const texts = z.array(z.string());
const labels = z.record(z.string(), z.string());

const relabeling = z.strictObject({
  sourceLabels: texts.optional(),
  separator: z.string().optional(),
  targetLabel: z.string().optional(),
  regex: z.string().optional(),
  modulus: z.int().optional(),
  replacement: z.string().optional(),
  action: caseless(
    ...["replace", "keep", "drop", "hashmod", "labelmap", "labeldrop", "labelkeep"],
    ...["lowercase", "uppercase", "keepequal", "dropequal"],
  ).optional(),
});

const keyOfSecret = z.strictObject({ name: z.string(), key: z.string(), optional: z.boolean().optional() });
const ofSecret = z.strictObject({ secret: keyOfSecret });

/** Files of ConfigMaps and Secrets that the operator mounts into Prometheus' pod (`spec.configMaps`, `spec.secrets`); Alloy's has them there too. */
export const mountedFile = /^\/etc\/prometheus\/(configmaps|secrets)\/([a-z0-9][-.a-z0-9]*)\/[^/]+$/;

/** What of a ScrapeConfig's spec is rendered for Alloy. */
const rendered = z.strictObject({
  jobName: z.string().optional(),
  staticConfigs: z.array(z.strictObject({ targets: texts, labels: labels.optional() })).optional(),
  fileSDConfigs: z
    .array(
      z.strictObject({
        files: z.array(
          z
            .string()
            .regex(
              mountedFile,
              "is in no ConfigMap or Secret below /etc/prometheus/configmaps or /etc/prometheus/secrets",
            ),
        ),
        refreshInterval: duration.optional(),
      }),
    )
    .optional(),
  httpSDConfigs: z
    .array(
      z.strictObject({
        url: httpUrl,
        refreshInterval: duration.optional(),
        followRedirects: z.boolean().optional(),
        enableHTTP2: z.boolean().optional(),
      }),
    )
    .optional(),
  dnsSDConfigs: z
    .array(
      z.strictObject({
        names: texts,
        type: z.string().optional(),
        port: z.int().optional(),
        refreshInterval: duration.optional(),
      }),
    )
    .optional(),
  kubernetesSDConfigs: z
    .array(
      z.strictObject({
        role,
        namespaces: z.strictObject({ names: texts }).optional(),
        selectors: z
          .array(z.strictObject({ role, label: z.string().optional(), field: z.string().optional() }))
          .optional(),
        attachMetadata: z.strictObject({ node: z.boolean().optional() }).optional(),
      }),
    )
    .optional(),
  consulSDConfigs: z
    .array(
      z.strictObject({
        server: z.string(),
        datacenter: z.string().optional(),
        namespace: z.string().optional(),
        partition: z.string().optional(),
        scheme: scheme.optional(),
        services: texts.optional(),
        tags: texts.optional(),
        tagSeparator: z.string().optional(),
        nodeMeta: labels.optional(),
        allowStale: z.boolean().optional(),
        refreshInterval: duration.optional(),
      }),
    )
    .optional(),
  metricsPath: z.string().optional(),
  scheme: scheme.optional(),
  params: z.record(z.string(), texts).optional(),
  scrapeInterval: duration.optional(),
  scrapeTimeout: duration.optional(),
  honorLabels: z.boolean().optional(),
  honorTimestamps: z.boolean().optional(),
  trackTimestampsStaleness: z.boolean().optional(),
  enableCompression: z.boolean().optional(),
  enableHTTP2: z.boolean().optional(),
  sampleLimit: z.int().optional(),
  targetLimit: z.int().optional(),
  labelLimit: z.int().optional(),
  labelNameLengthLimit: z.int().optional(),
  labelValueLengthLimit: z.int().optional(),
  authorization: z.strictObject({ type: z.string().optional(), credentials: keyOfSecret }).optional(),
  tlsConfig: z
    .strictObject({
      ca: ofSecret.optional(),
      cert: ofSecret.optional(),
      keySecret: keyOfSecret.optional(),
      serverName: z.string().optional(),
      insecureSkipVerify: z.boolean().optional(),
    })
    .optional(),
  relabelings: z.array(relabeling).optional(),
  metricRelabelings: z.array(relabeling).optional(),
});

/** A spec that Alloy scrapes as Prometheus did. */
export type ScrapeConfigSpec = z.infer<typeof rendered>;

/**
 * Why Alloy can't scrape what a ScrapeConfig asks for.
 * @param spec of the object
 * @returns the fields, each with what is wrong with it; none: it can
 */
export function notForAlloy(spec: unknown): string[] {
  const { error } = rendered.safeParse(spec ?? {});
  return (error?.issues ?? []).flatMap((issue) => {
    const at = issue.path.reduce<string>(
      (path, step) =>
        typeof step === "number" ? `${path}[${step}]` : path === "" ? String(step) : `${path}.${String(step)}`,
      "",
    );
    if (issue.code !== "unrecognized_keys") return [`${at} ${issue.message}`];
    return issue.keys.map((key) => `${at === "" ? key : `${at}.${key}`} is not rendered for Alloy`);
  });
}

/** Names of the Secrets that a spec names. */
export const secretsOf = ({ authorization, tlsConfig }: ScrapeConfigSpec): string[] => [
  ...new Set(
    [authorization?.credentials, tlsConfig?.ca?.secret, tlsConfig?.cert?.secret, tlsConfig?.keySecret].flatMap(
      (each) => each?.name ?? [],
    ),
  ),
];

/** Names of Alloy's components have neither dots nor dashes. */
export const identifierOf = (name: string): string => name.replace("/", "__").replace(/[-.]/g, "_");

/** `metrics.scrapeConfigs`. */
export const scrapeConfigs = z
  .array(
    z.strictObject({
      name: namespacedName.describe("namespace and name of the object"),
      spec: z
        .custom<ScrapeConfigSpec>((v) => typeof v === "object" && v !== null && !Array.isArray(v), "is not a spec")
        .superRefine((spec, context) => {
          for (const message of notForAlloy(spec)) context.addIssue({ code: "custom", message: `: ${message}` });
        })
        .meta({
          allowed:
            "the spec of a ScrapeConfig with static targets or file, HTTP, DNS, Kubernetes or Consul discovery: components/alloy/README.md",
          example: { staticConfigs: [{ targets: ["10.0.40.5:9100"] }] },
        })
        .describe("its spec, as `kubectl get -o yaml` shows it"),
    }),
  )
  .refine(
    (all) => new Set(all.map(({ name }) => identifierOf(name))).size === all.length,
    "has a name twice (dots and dashes count as the same)",
  )
  .meta({ allowed: "a list of ScrapeConfigs, each with name (namespace/name) and spec", example: [] })
  .default([])
  .describe(
    "other applications' ScrapeConfigs, which the collector scrapes with the same labels; it doesn't read the objects themselves. `npm run adopt` prints them",
  );
