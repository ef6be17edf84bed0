import { nameOf, type Probe } from "../../settings/sections/probes";

/** A module of the exporter: how a target is asked. */
export interface Module {
  prober: Probe["module"];
  timeout: string;
  http?: Http;
  tcp?: Tcp;
  icmp?: Protocol;
  dns?: Dns;
}

interface Protocol {
  preferred_ip_protocol: "ip4" | "ip6";
}

interface TlsConfig {
  tls_config?: { insecure_skip_verify: true };
}

interface Http extends Protocol, TlsConfig {
  valid_status_codes?: number[];
  fail_if_body_not_matches_regexp?: string[];
}

interface Tcp extends Protocol, TlsConfig {
  tls?: true;
}

interface Dns extends Protocol {
  transport_protocol: "udp" | "tcp";
  query_name: string;
  query_type: string;
  validate_answer_rrs: { fail_if_none_matches_regexp: string[] };
}

/**
 * The blackbox exporter's configuration: a module for each probe, of the probe's name. So a change of one probe changes no other.
 * @param probes of the stack
 * @see https://github.com/prometheus/blackbox_exporter/blob/v0.28.0/CONFIGURATION.md
 */
export function blackboxConfig(probes: readonly Probe[]): { modules: Record<string, Module> } {
  return { modules: Object.fromEntries(probes.map((probe) => [nameOf(probe), moduleOf(probe)])) };
}

function moduleOf(probe: Probe): Module {
  const { module: prober, timeout } = probe;
  // By default the exporter prefers IPv6, and tries one address only: in a cluster without it, a name with both would be down.
  const protocol: Protocol = { preferred_ip_protocol: probe.ipProtocol };
  switch (probe.module) {
    case "http":
      return {
        prober,
        timeout,
        http: {
          ...protocol,
          ...(probe.status && { valid_status_codes: probe.status }),
          ...(probe.contains && { fail_if_body_not_matches_regexp: [probe.contains] }),
          ...tlsConfig(probe),
        },
      };
    case "tcp":
      return { prober, timeout, tcp: { ...protocol, ...(probe.tls && { tls: true, ...tlsConfig(probe) }) } };
    case "icmp":
      return { prober, timeout, icmp: protocol };
    case "dns":
      return {
        prober,
        timeout,
        dns: {
          ...protocol,
          transport_protocol: probe.transport,
          query_name: probe.query,
          query_type: probe.type,
          // NOERROR without an answer is what a server says that has forgotten a record.
          validate_answer_rrs: { fail_if_none_matches_regexp: [".+"] },
        },
      };
  }
}

const tlsConfig = ({ insecureSkipVerify }: { insecureSkipVerify: boolean }): TlsConfig =>
  insecureSkipVerify ? { tls_config: { insecure_skip_verify: true } } : {};
