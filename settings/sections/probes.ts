import { z } from "zod";
import { isRegex } from "../regex";
import { seconds } from "../units";
import { duration, hostPort, httpUrl, nonEmptyText, port } from "../values";

/** What is asked from outside, again and again: does it answer, how fast, and how long is its certificate valid? */

/** Seconds: queries look 5 minutes back, and one sample may be lost. */
const longestInterval = 120;

/** What every probe has. */
const common = {
  name: z
    .string()
    .refine((v) => /^[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?$/.test(v), "is not the name of a probe")
    .meta({
      allowed: "at most 50 lower-case letters, digits and '-', starting and ending with a letter or digit",
      example: "shop",
    })
    .optional()
    .describe("label `probe` of its series and alerts; default: made from its module and target"),
  interval: duration
    .refine((v) => seconds(v) <= longestInterval, "is longer than 2 minutes")
    .meta({ allowed: "a duration of at most 2 minutes", example: "1m" })
    .default("1m")
    .describe("how often it probes; a series without a sample for 5 minutes ends, and so do its alerts"),
  timeout: duration.default("10s").describe("how long it waits for an answer"),
  ipProtocol: z.enum(["ip4", "ip6"]).default("ip4").describe("which address to prefer if a name has both"),
  severity: z.enum(["critical", "warning"]).default("critical").describe("severity of ProbeDown"),
  slow: duration.optional().describe("ProbeSlow fires above this 15-minute average; default: never"),
};

/** How a probe looks at certificates, where its settings don't say it. */
export const certificateDefaults = { insecureSkipVerify: false, certificateDays: 14 };

const certificateDays = z
  .int()
  .min(1)
  .default(certificateDefaults.certificateDays)
  .describe("CertificateExpiresSoon fires when a certificate in its chain is valid for fewer days than this");

const insecureSkipVerify = z
  .boolean()
  .default(certificateDefaults.insecureSkipVerify)
  .describe("true: accepts any certificate, even an expired one; its days are still counted");

/** A status that HTTP knows. */
const status = z.int().min(100).max(599).meta({ allowed: "a status of HTTP", example: 401 });

/** A regular expression. */
const regex = nonEmptyText
  .refine(isRegex, "is not a regular expression that the exporter can read")
  .meta({ allowed: "a regular expression of Go (RE2)", example: '"status":\\s*"ok"' });

const host = z
  .string()
  .refine(
    (v) => /^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$|^[0-9a-fA-F]*:[0-9a-fA-F:.]+$/.test(v),
    "is not a host name or an address",
  )
  .meta({ allowed: "a host name or an IP address, without scheme, port or path", example: "10.0.40.1" });

/** The same for each kind: docs/settings.md has one row for a key. */
const target = {
  allowed: "host:port for tcp; for icmp and dns a host name or an IP address; without a scheme or path",
  description: "what to connect to or ping, or the DNS server to query",
};

const http = z.strictObject({
  module: z.literal("http"),
  url: httpUrl.describe("what to fetch; redirects are followed"),
  ...common,
  status: z
    .array(status)
    .min(1)
    .meta({ allowed: "a list of statuses, at least one", example: [200, 401] })
    .optional()
    .describe("which answers count as up; default: 200 to 299"),
  contains: regex.optional().describe("what the body must match"),
  insecureSkipVerify,
  certificateDays,
});

const tcp = z.strictObject({
  module: z.literal("tcp"),
  target: hostPort.meta({ ...target, example: "10.0.40.10:445" }),
  ...common,
  tls: z.boolean().default(false).describe("true: it must use TLS, and its certificate is watched"),
  insecureSkipVerify,
  certificateDays,
});

const icmp = z.strictObject({
  module: z.literal("icmp"),
  target: host.meta(target),
  ...common,
});

const dns = z.strictObject({
  module: z.literal("dns"),
  target: host.meta(target),
  ...common,
  port: port.default(53).describe("its port"),
  transport: z.enum(["udp", "tcp"]).default("udp").describe("how it is asked"),
  query: z
    .string()
    .refine((v) => /^([\w-]+\.)*[\w-]+\.?$|^\.$/.test(v), "is not a name in the DNS")
    .meta({ allowed: "a name in the DNS, without scheme, port or path", example: "example.org" })
    .describe("the name that it must resolve"),
  type: z.enum(["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"]).default("A").describe("type of record"),
});

const probe = z.discriminatedUnion("module", [http, tcp, icmp, dns]);

/** A probe as the settings give it. */
export type Probe = z.output<typeof probe>;

/** All probes. */
export const probes = z
  .array(probe)
  .meta({ allowed: "a list of probes, each an object with module and that module's keys" })
  .default([]);

/**
 * What a probe asks, as the exporter takes it and as its label `instance` says it.
 * @param probe the probe
 */
export function targetOf(probe: Probe): string {
  if (probe.module === "http") return probe.url;
  if (probe.module !== "dns") return probe.target;
  return `${probe.target.includes(":") ? `[${probe.target}]` : probe.target}:${probe.port}`;
}

/**
 * The name of a probe: label `probe` of its series, module of the exporter, and the end of its object's name.
 * @param probe the probe
 */
export function nameOf(probe: Probe): string {
  if (probe.name !== undefined) return probe.name;
  const asked = targetOf(probe).replace(/^https?:\/\//, "");
  const text = [probe.module, asked, ...(probe.module === "dns" ? [probe.query, probe.type] : [])].join("-");
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 50)
    .replace(/-+$/, "");
}
