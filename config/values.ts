import { z } from "zod";

/**
 * The kinds of value that settings are made of. Each carries `allowed` and `example` for the error message and for the
 * README's table, so that what is checked and what is explained stand in one place.
 */

/** What is said about a setting beside its type: see {@link z.GlobalMeta}. */
export interface SettingMeta {
  /** What values are allowed, in words. */
  allowed?: string;
  /** A value that is allowed. */
  example?: unknown;
}

const durationUnits: Readonly<Record<string, number>> = {
  y: 365 * 86400,
  w: 7 * 86400,
  d: 86400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
};

// The grammar of `model.ParseDuration` in prometheus/common, which Loki, Mimir and Prometheus share: units once each, largest first.
const prometheusDuration = /^(?=.)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;

/**
 * Seconds in a Prometheus duration.
 * @param duration such as `30d` or `1h30m`
 * @throws Error when it is not one
 */
export function seconds(duration: string): number {
  if (!prometheusDuration.test(duration))
    throw new Error(`"${duration}" is not a Prometheus duration such as 720h or 30d`);
  return [...duration.matchAll(/(\d+)(ms|[ywdhms])/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * durationUnits[unit],
    0,
  );
}

const quantityUnits: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const kubernetesQuantity = /^(\d+(?:\.\d+)?)(m|k|[MGTPE]i?|Ki)?$/;

/**
 * The number behind a Kubernetes quantity: cores for CPU, bytes for memory and storage.
 * @param quantity such as `500m` or `10Gi`
 * @throws Error when it is not one
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function quantityValue(quantity: string): number {
  const match = kubernetesQuantity.exec(quantity);
  if (!match) throw new Error(`"${quantity}" is not a Kubernetes quantity such as 500m or 10Gi`);
  return Number(match[1]) * quantityUnits[match[2] ?? ""];
}

/** A duration as Prometheus, Loki and Mimir write it. */
export const duration = z
  .string()
  .refine((v) => prometheusDuration.test(v), "is not a duration")
  .meta({ allowed: "a number and a unit (ms, s, m, h, d, w, y), largest unit first, no spaces", example: "720h" });

/** A Kubernetes quantity; a bare number is taken too, as YAML turns `1` into one. */
export const quantity = z
  .union([z.string(), z.number().transform(String)])
  .pipe(z.string().refine((v) => kubernetesQuantity.test(v), "is not a Kubernetes quantity"))
  .meta({ allowed: "a Kubernetes quantity: a number with m, k, M, G, T, Ki, Mi, Gi, Ti or no unit", example: "10Gi" });

/** The name of a Kubernetes object (RFC 1123 subdomain). */
export const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "is not a Kubernetes object name")
  .meta({
    allowed: "lower-case letters, digits, '-' and '.', starting and ending with a letter or digit",
    example: "monitoring",
  });

/**
 * The name of a bucket.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is not a bucket name")
  .refine((v) => !/\.\.|\.-|-\.|^\d+\.\d+\.\d+\.\d+$/.test(v), "is not a bucket name")
  .meta({ allowed: "3 to 63 lower-case letters, digits, '-' and '.', not an IP address", example: "loki-production" });

/** An address without a scheme, as the MinIO provider wants it. */
export const hostPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, "is not host:port")
  .refine((v) => Number(v.slice(v.lastIndexOf(":") + 1)) <= 65535, "is not host:port")
  .meta({ allowed: "host:port without http:// or https:// and without a path", example: "10.0.40.10:9000" });

/** An http or https URL. */
export const httpUrl = z
  .url({ protocol: /^https?$/, error: "is not an http(s) URL" })
  .meta({ allowed: "a URL that starts with http:// or https://", example: "http://10.0.40.10:9000" });

/** An image reference with an exact tag or a digest. */
export const imageReference = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?(:(?!latest$)[\w][\w.-]{0,127}|@sha256:[a-f0-9]{64})$/i,
    "is not an image reference with an exact tag",
  )
  .refine((v) => v.includes("@") || v.lastIndexOf(":") > v.lastIndexOf("/"), "has no tag")
  .meta({
    allowed: "registry/repository:tag, the tag given and not `latest`, or …@sha256:digest",
    example: "docker.io/grafana/loki:3.6.3",
  });

/** A whole number of replicas, at least one. */
export const replicas = z.int().min(1).meta({ allowed: "a whole number, at least 1", example: 3 });

/**
 * Requests and limits of one container; the CPU limit is left out by default, because throttling hurts more than it helps.
 * @param defaults quantities for this container
 */
export const resources = (defaults: { cpu: string; memory: string; memoryLimit: string }) =>
  z
    .strictObject({
      requests: z
        .strictObject({
          cpu: quantity.default(defaults.cpu).describe("CPU cores asked for"),
          memory: quantity.default(defaults.memory).describe("memory in bytes asked for"),
        })
        .prefault({}),
      limits: z
        .strictObject({
          cpu: quantity.optional().describe("most CPU cores"),
          memory: quantity.default(defaults.memoryLimit).describe("most memory in bytes; more is an OOM kill"),
        })
        .prefault({}),
    })
    .prefault({});

/** Requests and limits as the settings give them. */
export type Resources = z.output<ReturnType<typeof resources>>;
