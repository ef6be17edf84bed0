import { selects, type Labels, type Selector } from "../../../commands/shared/selector";

/** A NetworkPolicy, as far as the program writes one. */
export interface NetworkPolicy {
  namespace: string;
  podSelector: Selector;
  policyTypes: string[];
  ingress: Rule[];
}

interface Rule {
  from?: Peer[];
  ports?: { port?: number | string; protocol?: string; endPort?: number }[];
}

interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}

/** A pod, or an address outside of the cluster's pods. */
export type End = { namespace: string; labels: Labels } | { address: string };

/** A connection. */
export interface Connection {
  from: End;
  to: { namespace: string; labels: Labels };
  port: number;
  protocol?: "TCP" | "UDP";
}

/**
 * Whether policies let a connection through: a pod that no policy selects takes every one, others those that a rule of any policy names.
 * @param connection the connection, after Services' addresses are replaced
 * @param policies all of them
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation
 */
export function lets({ from, to, port, protocol = "TCP" }: Connection, policies: readonly NetworkPolicy[]): boolean {
  const about = policies.filter(
    (policy) =>
      policy.policyTypes.includes("Ingress") &&
      policy.namespace === to.namespace &&
      selects(policy.podSelector, to.labels),
  );
  if (about.length === 0) return true;
  return about.some(({ ingress, namespace }) =>
    ingress.some(
      (rule) =>
        (rule.from === undefined || rule.from.some((peer) => fits(peer, from, namespace))) &&
        (rule.ports === undefined ||
          rule.ports.some((each) => {
            if (typeof each.port === "string" || each.endPort)
              throw new Error("named ports and ranges aren't read here");
            return (each.protocol ?? "TCP") === protocol && (each.port === undefined || each.port === port);
          })),
    ),
  );
}

function fits({ podSelector, namespaceSelector, ipBlock }: Peer, from: End, namespace: string): boolean {
  if ("address" in from) return ipBlock !== undefined && inside(from.address, ipBlock.cidr);
  if (ipBlock) return false;
  const isThere = namespaceSelector
    ? selects(namespaceSelector, { "kubernetes.io/metadata.name": from.namespace })
    : from.namespace === namespace;
  return isThere && (podSelector === undefined || selects(podSelector, from.labels));
}

function inside(address: string, cidr: string): boolean {
  const [base, bits] = cidr.split("/");
  const number = (text: string) => text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(address) / size) === Math.floor(number(base) / size);
}
