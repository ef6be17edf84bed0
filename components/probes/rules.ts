import { seconds } from "../../settings/units";
import { nameOf, type Probe } from "../../settings/sections/probes";
import type { AlertingRule, RuleGroup } from "../rules/types";

/** Label `job` of every probe's series. */
export const probeJob = "probes";

/**
 * Alerts of the probes: one rule for each severity, limit and number of days that probes have.
 * @param probes of the stack
 * @returns none where there is no probe
 */
export function probeRules(probes: readonly Probe[]): RuleGroup[] {
  const withCertificate = probes.filter((probe) => probe.module === "http" || (probe.module === "tcp" && probe.tls));
  const rules = [
    ...alike(probes, ({ severity }) => severity).map(([severity, names]) => down(severity, names)),
    ...alike(probes, ({ slow }) => slow).map(([limit, names]) => slow(limit, names)),
    ...alike(withCertificate, (probe) => ("certificateDays" in probe ? probe.certificateDays : undefined)).map(
      ([days, names]) => expiresSoon(days, names),
    ),
  ];
  return [
    ...(rules.length > 0 ? [{ name: "probes", rules }] : []),
    // Weeks of samples are read from the object store where Mimir evaluates: not every minute.
    ...(withCertificate.length > 0
      ? [{ name: "probes-certificates", interval: "15m", rules: [expired(selectorOf(withCertificate))] }]
      : []),
  ];
}

const selectorOf = (probes: readonly Probe[]) => `job="${probeJob}",probe=~"${probes.map(nameOf).sort().join("|")}"`;

/** The probes that have a value, by value, each list as a selector of their series. */
function alike<Value>(probes: readonly Probe[], valueOf: (probe: Probe) => Value | undefined): [Value, string][] {
  const values = [...new Set(probes.map(valueOf))].filter((value) => value !== undefined);
  return values.map((value) => [value, selectorOf(probes.filter((probe) => valueOf(probe) === value))]);
}

const down = (severity: Probe["severity"], selector: string): AlertingRule => ({
  alert: "ProbeDown",
  expr: `probe_success{${selector}} == 0`,
  for: "5m",
  labels: { severity },
  annotations: {
    summary: "{{ $labels.probe }} is down",
    description: "{{ $labels.instance }} has not answered as it should for 5 minutes.",
  },
});

const slow = (limit: string, selector: string): AlertingRule => ({
  alert: "ProbeSlow",
  expr: `avg_over_time(probe_duration_seconds{${selector}}[15m]) > ${seconds(limit)}`,
  for: "5m",
  // With the limit: two rules of one name and the same labels are one too many for promtool.
  labels: { severity: "warning", limit },
  annotations: {
    summary: "{{ $labels.probe }} is slow",
    description: `{{ $labels.instance }} takes {{ $value | humanizeDuration }} on average, more than ${limit}.`,
  },
});

const expiresSoon = (days: number, selector: string): AlertingRule => ({
  alert: "CertificateExpiresSoon",
  expr: `0 <= probe_ssl_earliest_cert_expiry{${selector}} - time() < ${days} * 86400`,
  for: "1h",
  labels: { severity: "warning", limit: `${days}d` },
  annotations: {
    summary: "A certificate of {{ $labels.probe }} expires in {{ $value | humanizeDuration }}",
    description: `A certificate of {{ $labels.instance }}, or one that signed it, is valid for fewer than ${days} days: it was not renewed.`,
  },
});

// A client that verifies ends the handshake with an expired certificate, so the exporter no longer reports when it expires: the last reported value counts,
// unless the probe asks something else by now, whose certificate is valid.
const expired = (selector: string): AlertingRule => ({
  alert: "CertificateExpired",
  expr: `last_over_time(probe_ssl_earliest_cert_expiry{${selector}}[4w]) - time() < 0 unless on (probe) probe_ssl_earliest_cert_expiry{${selector}} >= time()`,
  labels: { severity: "critical" },
  annotations: {
    summary: "A certificate of {{ $labels.probe }} has expired",
    description:
      "A certificate of {{ $labels.instance }}, or one that signed it, is no longer valid: clients reject it.",
  },
});
