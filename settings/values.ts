import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { isDuration, quantityValue, seconds } from "./units";

export { quantityValue } from "./units";

/**
 * The kinds of value that settings are made of. Each carries `allowed` and `example` for the error message and for the
 * page of settings, so that what is checked and what is explained stand in one place.
 */

/** What is said about a setting beside its type, by `.meta()`. */
export interface SettingMeta {
  /** What values are allowed, in words. */
  allowed?: string;
  /** A value that is allowed. */
  example?: unknown;
  /** Of an object: settings that it doesn't have though others like it do, each with the reason and what to do. */
  unsupported?: Readonly<Record<string, string>>;
}

/** Kinds of value that many settings share: the page of settings explains each once, by this name. */
export const kinds = {
  duration: { allowed: "a number and a unit (ms, s, m, h, d, w, y), largest unit first, no spaces", example: "720h" },
  "Go duration": {
    allowed: "a number and a unit (ms, s, m, h; no days here), largest unit first, no spaces",
    example: "2h",
  },
  cores: { allowed: "cores: a number, with at most three decimals, or thousandths with m", example: "500m" },
  bytes: { allowed: "bytes: a number with k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or no unit", example: "10Gi" },
  "namespace name": {
    allowed: "at most 63 lower-case letters, digits and '-', starting and ending with a letter or digit",
    example: "monitoring",
  },
  "object name": {
    allowed:
      "at most 253 lower-case letters, digits, '-' and '.', each part between dots starting and ending with a letter or digit",
    example: "openebs-hostpath",
  },
  "label key": {
    allowed: "letters, digits, '-', '_', '.', with a DNS name and '/' before it or not",
    example: "kubernetes.io/arch",
  },
  "label value": {
    allowed: "at most 63 letters, digits, '-', '_', '.', starting and ending with a letter or digit",
    example: "arm64",
  },
  "host name": { allowed: "a host name in lower case, without scheme, port or path", example: "grafana.example.org" },
  "key of a Secret": { allowed: "at most 253 letters, digits, '-', '_' and '.'", example: "AWS_ACCESS_KEY_ID" },
  URL: {
    allowed: "a URL that starts with http:// or https://, without user name and password",
    example: "http://10.0.40.10:9000",
  },
  resources: {
    allowed: "`requests` and `limits`, each with `cpu` (cores) and `memory` (bytes)",
    example: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "512Mi" } },
  },
} as const satisfies Record<string, SettingMeta>;

/** Text that a pattern describes. */
const pattern = (regex: RegExp, what: string, meta: SettingMeta, longest = Infinity) =>
  z
    .string()
    .refine((v) => regex.test(v) && v.length <= longest, `is not ${what}`)
    .meta({ ...meta });

/** `pulumi config set --path` turns `30` and `true` into a number and a boolean; where text is meant, they are text. */
const asText = (value: unknown): unknown =>
  typeof value === "number" || typeof value === "boolean" ? String(value) : value;

/** Any text. */
export const text = z.preprocess(asText, z.string()).meta({ allowed: "text", example: "text" });

/** Text that is not empty. */
export const nonEmptyText = z
  .preprocess(
    asText,
    z.string().refine((v) => v.trim() !== "", "is empty"),
  )
  .meta({ allowed: "text that is not empty", example: "text" });

/** A day. YAML 1.1 reads an unquoted one as a time, which arrives as `2024-04-01T00:00:00Z`. */
export const day = z
  .preprocess(
    (v) => (typeof v === "string" ? v.replace(/T00:00:00(\.000)?Z$/, "") : v),
    z.string().refine((v) => /^\d{4}-\d{2}-\d{2}$/.test(v) && isDay(v), "is not a day"),
  )
  .meta({ allowed: "YYYY-MM-DD", example: "2024-04-01" });

const isDay = (text: string): boolean => {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
};

/** A number; `pulumi config set --path` leaves `0.5` as text. */
export const positiveNumber = z
  .preprocess((v) => (typeof v === "string" && /^\d+\.\d+$/.test(v) ? Number(v) : v), z.number().positive())
  .meta({ allowed: "a number above 0", example: 10 });

/** A whole number of replicas, at least one. */
export const replicas = z.int().min(1).meta({ allowed: "a whole number, at least 1", example: 3 });

/** A port. */
export const port = z.int().min(1).max(65535).meta({ allowed: "a whole number from 1 to 65535", example: 2381 });

/** A duration as Prometheus, Alertmanager and Loki's limits write it (`model.Duration`); zero is one. */
export const durationOrZero = z.string().refine(isDuration, "is not a duration").meta({
  allowed: "a number and a unit (ms, s, m, h, d, w, y), largest unit first, no spaces, or 0s",
  example: "30s",
});

/** A duration as Prometheus, Alertmanager and Loki's limits write it (`model.Duration`), longer than nothing. */
export const duration = z
  .string()
  .refine((v) => isDuration(v) && seconds(v) > 0, { error: "is not a duration", abort: true })
  .meta(kinds.duration);

/** A duration that Loki reads with Go's `time.ParseDuration`, which has no days, weeks or years. */
export const goDuration = z
  .string()
  .refine((v) => isDuration(v) && !/[ywd]/.test(v) && seconds(v) > 0, "is not a duration of Go")
  .meta(kinds["Go duration"]);

/** When a number without a unit can't be meant as it stands, and what is said then. */
interface MissingUnit {
  of: (value: number) => boolean;
  what: string;
}

const quantityOf = (regex: RegExp, what: string, missingUnit: MissingUnit, meta: SettingMeta) =>
  z
    .preprocess(
      asText,
      z
        .string()
        .refine((v) => regex.test(v) && quantityValue(v) > 0, { error: `is not ${what}`, abort: true })
        .refine((v) => /[a-zA-Z]/.test(v) || !missingUnit.of(Number(v)), missingUnit.what),
    )
    .meta({ ...meta });

/** CPU cores; finer than a thousandth is refused by Kubernetes. A bare number is taken too, as YAML turns `1` into one. */
export const cpu = quantityOf(
  /^(\d+m|\d+(\.\d{1,3})?)$/,
  "an amount of CPU",
  { of: (cores) => cores > 1000, what: "is more than a thousand cores; thousandths of a core have the unit m" },
  kinds.cores,
);

/** Bytes of memory or storage; `m`, thousandths of a byte, is Kubernetes' best-known typing mistake and refused. */
export const bytes = quantityOf(
  /^\d+(\.\d+)?(k|[MGTPE]i?|Ki)?$/,
  "an amount of bytes",
  { of: (number) => number < 2 ** 20, what: "is less than a mebibyte; give it a unit, such as Mi or Gi" },
  kinds.bytes,
);

/** A size as Loki's limits write it. */
export const size = pattern(/^[1-9]\d*(B|KB|MB|GB|TB)$/, "a size", {
  allowed: "a whole number with B, KB, MB, GB or TB",
  example: "5MB",
});

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const qualifiedName = `(${label}(\\.${label})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?`;

/** The name of a namespace (RFC 1123 label). */
export const namespaceName = pattern(new RegExp(`^${label}$`), "the name of a namespace", kinds["namespace name"], 63);

/** The name of a Kubernetes object, or a DNS name (RFC 1123 subdomain). */
export const objectName = pattern(
  new RegExp(`^${label}(\\.${label})*$`),
  "a Kubernetes object name",
  kinds["object name"],
  253,
);

/** The name of an object with its namespace. */
export const namespacedName = pattern(
  new RegExp(`^${label}/${label}(\\.${label})*$`),
  "namespace/name",
  { allowed: "namespace/name", example: "shop/metrics-token" },
  63 + 1 + 253,
);

/** A host name. */
export const hostName = pattern(new RegExp(`^${label}(\\.${label})*$`), "a host name", kinds["host name"], 253);

/** The key of a Kubernetes label or annotation. */
export const labelKey = pattern(
  new RegExp(`^(?=[^/]{1,253}/[^/]{1,63}$|[^/]{1,63}$)${qualifiedName}$`),
  "the key of a label",
  kinds["label key"],
);

/** The value of a Kubernetes label. */
export const labelValue = z
  .preprocess(
    asText,
    z
      .string()
      .refine((v) => /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(v), "is not the value of a label"),
  )
  .meta(kinds["label value"]);

/** A key in a Kubernetes Secret. */
export const secretKey = pattern(/^[-._a-zA-Z0-9]+$/, "a key of a Secret", kinds["key of a Secret"], 253);

/** The name of a Prometheus label. */
export const metricLabel = pattern(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "the name of a label", {
  allowed: "letters, digits and '_', not starting with a digit",
  example: "alertname",
});

/** The name of a Helm release. */
export const releaseName = pattern(
  new RegExp(`^${label}$`),
  "the name of a Helm release",
  { allowed: "at most 53 lower-case letters, digits and '-'", example: "kube-prometheus-stack" },
  53,
);

/** The exact version of a chart. */
export const chartVersion = pattern(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, "an exact version", {
  allowed: "an exact version, no range",
  example: "88.5.3",
});

/**
 * Where Helm gets a chart from, in place of the chart's own repository. Its version is a setting of its own.
 *
 * The last part of a path or of an OCI reference is the chart's name, as Helm itself writes it: policies and checks know the chart by that.
 * @param chart name of the chart
 */
export const chartSource = (chart: string) =>
  z
    .strictObject({
      repository: httpUrl.optional().describe(`a repository that has the chart under its name, such as a mirror`),
      oci: pattern(
        new RegExp(`^oci://[A-Za-z0-9.-]+(:\\d+)?(/[a-z0-9._-]+)*/${chart}$`),
        "the chart in an OCI registry",
        {
          allowed: `oci://registry/folder/${chart}, without a tag: the version is a separate setting`,
          example: `oci://registry.example.org/charts/${chart}`,
        },
      )
        .optional()
        .describe("the chart in an OCI registry; Pulumi uses the login of `helm registry login`"),
      path: pattern(new RegExp(`^\\.{0,2}/(.*/)?${chart}(-\\d[^/]*\\.tgz)?$`), "a path of the chart", {
        allowed: `a path that begins with ./ or ../ (from this program's folder) or /, and ends with ${chart}, a folder, or ${chart}-VERSION.tgz`,
        example: `./charts/${chart}`,
      })
        .optional()
        .describe("a folder that has the chart and its dependencies, or its archive"),
    })
    .prefault({});

/** A chart's source as the settings give it. */
export type ChartSource = z.output<ReturnType<typeof chartSource>>;

/**
 * The name of a bucket.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export const bucketName = z
  .string()
  .refine(
    (v) => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(v) && !/\.\.|\.-|-\.|^\d+\.\d+\.\d+\.\d+$/.test(v),
    "is not a bucket name",
  )
  .meta({ allowed: "3 to 63 lower-case letters, digits, '-' and '.', not an IP address", example: "loki-production" });

/** Certificates in PEM, each of which can be read. */
export const certificates = z
  .string()
  .refine((v) => {
    const all = v.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    try {
      return all.map((pem) => new X509Certificate(pem)).length > 0;
    } catch {
      return false;
    }
  }, "has no certificate that can be read")
  .meta({
    allowed:
      "one or more certificates in PEM, such as `kubectl get secret … -o jsonpath='{.data.ca\\.crt}' | base64 -d`",
    example: "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
  });

/** JSON as text. */
export const jsonText = z
  .string()
  .refine((v) => {
    try {
      return typeof JSON.parse(v) === "object";
    } catch {
      return false;
    }
  }, "is not a JSON object")
  .meta({ allowed: "a JSON object, as text", example: '{"Rules": []}' });

/** An address without a scheme, as the MinIO provider wants it. */
export const hostPort = z
  .string()
  .refine((v) => !v.includes("://"), "has a scheme in it")
  .refine((v) => {
    const match = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(v);
    return v.includes("://") || (match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65535);
  }, "is not host:port")
  .meta({ allowed: "host:port without http:// or https:// and without a path", example: "10.0.40.10:9000" });

const parsedUrl = (v: string): URL | undefined => (URL.canParse(v) ? new URL(v) : undefined);

/** An http or https URL; a password in it would lie in plain text in the settings. */
export const httpUrl = z
  .string()
  .refine((v) => /^https?:\/\/[^/?#]/i.test(v) && parsedUrl(v) !== undefined, "is not an http(s) URL")
  .refine((v) => !parsedUrl(v)?.username && !parsedUrl(v)?.password, "has a user name or password in it")
  .meta(kinds.URL);

/** An http or https URL of a server as such. */
export const httpOrigin = httpUrl
  .refine((v) => {
    const url = parsedUrl(v);
    return !url || (url.pathname === "/" && !url.search && !url.hash);
  }, "has a path in it")
  .meta({ allowed: "http://host:port or https://host:port, without a path", example: "http://10.0.40.10:9000" });

/**
 * An image reference with an exact tag, a digest or both.
 * @see https://github.com/distribution/reference/blob/main/reference.go
 */
export const imageReference = z
  .string()
  .refine((v) => {
    const match =
      /^(?:[A-Za-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::(\w[\w.-]{0,127}))?(@sha256:[a-f0-9]{64})?$/.exec(
        v,
      );
    return match !== null && (match[2] !== undefined || (match[1] !== undefined && match[1] !== "latest"));
  }, "is not an image reference with an exact tag")
  .meta({
    allowed: "registry/repository:tag, the tag given and not `latest`, or …@sha256:digest",
    example: "docker.io/grafana/loki:3.6.3",
  });

/**
 * Requests and limits of one container; the CPU limit is left out by default, because throttling hurts more than it helps.
 * @param defaults quantities for this container
 */
export const resources = (defaults: { cpu: string; memory: string; memoryLimit: string }) =>
  z
    .strictObject({
      requests: z
        .strictObject({
          cpu: cpu.default(defaults.cpu).describe("CPU cores asked for"),
          memory: bytes.default(defaults.memory).describe("requested memory, in bytes"),
        })
        .prefault({}),
      limits: z
        .strictObject({
          cpu: cpu.optional().describe("most CPU cores"),
          memory: bytes
            .default(defaults.memoryLimit)
            .describe("maximum memory, in bytes; above it, the container is OOM-killed"),
        })
        .prefault({}),
    })
    .meta(kinds.resources)
    .prefault({})
    .describe(
      "what its container requests, and its limits: above them, CPU is throttled and memory leads to an OOM kill",
    );

/** Requests and limits as the settings give them. */
export type Resources = z.output<ReturnType<typeof resources>>;
