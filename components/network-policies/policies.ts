import type { types } from "@pulumi/kubernetes";
import type { Settings } from "../../settings/schema";
import type { Connections, Program, ServiceName } from "../kubernetes/connections";
import { labels } from "../kubernetes/labels";

type Peer = types.input.networking.v1.NetworkPolicyPeer;
type Port = types.input.networking.v1.NetworkPolicyPort;
type Rule = types.input.networking.v1.NetworkPolicyIngressRule;
type Labels = Readonly<Record<string, string>>;

/** Pods that connect to the stack's and are not registered by it: those of kube-prometheus-stack's operator. */
export interface Outsider {
  namespace: string;
  labels: Labels;
  /** What of its configuration names addresses. */
  texts: readonly string[];
  /** Whether it scrapes what has a monitor. */
  scrapes: boolean;
}

/** What policies are made of. */
export interface PoliciesArgs {
  settings: Settings["networkPolicies"];
  namespace: string;
  connections: Pick<Connections, "programs" | "services" | "scraped" | "configMaps">;
  outsiders: readonly Outsider[];
  /** Name of the workload that scrapes, if it is one of the stack. */
  scraper?: string;
  /** Services that are there for everybody. */
  open: readonly string[];
}

/** A policy: its name, and what it says. */
export interface Policy {
  name: string;
  spec: types.input.networking.v1.NetworkPolicySpec;
}

const partOf = "app.kubernetes.io/part-of";
/** Every pod of the stack, and none that others put into its namespace. */
const everyPod = { [partOf]: labels({ name: "" })[partOf] };

const nameLabel = "app.kubernetes.io/name";

/**
 * The NetworkPolicies of a stack: nothing may connect to its pods, but
 * - pods of one program with each other (`app.kubernetes.io/name`): rings and queries;
 * - whoever has an address of the program in its configuration, to the port in it;
 * - the scraper, to each port that has a monitor;
 * - everybody, to Services that are made for it, and who may by the settings;
 * - the nodes.
 *
 * Connections from the pods are not restricted.
 *
 * @param args the stack
 */
export function networkPolicies(args: PoliciesArgs): Policy[] {
  const { settings, connections } = args;
  // A node's network knows no policy of pods.
  const programs = connections.programs.filter(({ onHost }) => !onHost);
  const each = programs.map((program): Policy => ({
    name: program.name,
    spec: policy(selectorOf(program), ingress(program, args)),
  }));
  const nodes = settings.nodes.map((cidr): Peer => ({ ipBlock: { cidr } }));
  return [
    { name: "default-deny", spec: policy(everyPod, []) },
    ...(nodes.length > 0 ? [{ name: "from-nodes", spec: policy(everyPod, [{ from: nodes }]) }] : []),
    ...each,
  ];
}

const policy = (matchLabels: Labels, ingress: Rule[]): types.input.networking.v1.NetworkPolicySpec => ({
  podSelector: { matchLabels },
  policyTypes: ["Ingress"],
  ingress,
});

/** Labels of a program's pods that don't change with its version. */
const selectorOf = ({ labels }: Program): Labels =>
  Object.fromEntries(
    [nameLabel, "app.kubernetes.io/component", partOf].flatMap((key) => (key in labels ? [[key, labels[key]]] : [])),
  );

function ingress(program: Program, args: PoliciesArgs): Rule[] {
  const { connections, namespace, settings, outsiders, scraper, open } = args;
  const opened: Partial<Record<string, readonly string[]>> = settings.allow;
  const rules: Rule[] = [{ from: [podsOf({ [nameLabel]: program.labels[nameLabel], ...everyPod })] }];
  const allow = (from: Peer[] | undefined, ports: readonly Port[]) => {
    if (ports.length > 0 && from?.length !== 0) rules.push({ ...(from && { from }), ports: [...ports] });
  };

  const services = connections.services.filter(({ selector }) => fits(selector, program.labels));
  for (const service of services) {
    const named = (texts: readonly string[]) => portsNamed(texts, service, namespace, program);
    for (const other of connections.programs)
      if (other.labels[nameLabel] !== program.labels[nameLabel])
        allow([podsOf(selectorOf(other))], named(textsOf(other, connections)));
    for (const { labels, namespace: where, texts } of outsiders) allow([podsOf(labels, where)], named(texts));
    const all = service.ports.map((port) => portOf(port, program));
    // A configuration that no pod of the stack reads is for one that exists elsewhere, such as another Grafana.
    allow(undefined, open.includes(service.name) ? all : named(unread(connections)));
    allow(
      (opened[service.name] ?? []).map((other) => podsOf({}, other)),
      all,
    );
  }

  const scrapers = [
    ...connections.programs.filter(({ name }) => name === scraper).map((each) => podsOf(selectorOf(each))),
    ...outsiders.flatMap(({ labels, namespace: where, scrapes }) => (scrapes ? [podsOf(labels, where)] : [])),
  ];
  for (const { selector, ports } of connections.scraped)
    if (fits(selector, program.labels)) {
      const targets = services.flatMap((service) => service.ports.filter(({ name }) => name && ports.includes(name)));
      allow(scrapers, distinct(targets.map((port) => portOf(port, program))));
    }
  return distinct(rules);
}

/** Pods by their labels, in the policy's own namespace or in another. */
const podsOf = (matchLabels: Labels, namespace?: string): Peer => ({
  ...(namespace !== undefined && { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } }),
  podSelector: { matchLabels },
});

const fits = (selector: Labels, labels: Labels) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

const textsOf = ({ texts, reads }: Program, { configMaps }: PoliciesArgs["connections"]) => [
  ...texts,
  ...reads.flatMap((name) => configMaps.get(name) ?? []),
];

function unread({ programs, configMaps }: PoliciesArgs["connections"]): string[] {
  const read = new Set(programs.flatMap(({ reads }) => reads));
  return [...configMaps].flatMap(([name, text]) => (read.has(name) ? [] : [text]));
}

/** Ports of a Service that texts name with its address (`serviceHost`); without a port, it is that of the scheme. */
function portsNamed(texts: readonly string[], service: ServiceName, namespace: string, program: Program): Port[] {
  const address = new RegExp(`(https?://)?(?<![\\w-])${service.name}\\.${namespace}\\.svc[\\w.-]*(?::(\\d+))?`, "g");
  const found = texts.flatMap((text) =>
    [...text.matchAll(address)].map(([, scheme, port]) => Number(port ?? (scheme === "https://" ? 443 : 80))),
  );
  const ports = service.ports.filter(({ port }) => found.includes(port));
  return distinct(ports.map((port) => portOf(port, program)));
}

/** The pods' own port behind one of a Service: policies look at connections after the Service's address is replaced. */
function portOf({ port, targetPort = port }: ServiceName["ports"][number], { ports }: Program): Port {
  const byName = ports.find(({ name }) => name === targetPort);
  return { protocol: byName?.protocol ?? "TCP", port: byName?.containerPort ?? targetPort };
}

const distinct = <T>(list: readonly T[]): T[] => [
  ...new Map(list.map((each) => [JSON.stringify(each), each])).values(),
];
