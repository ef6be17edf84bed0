import { run, succeeds, waitFor } from "../run";
import { startTime } from "./node";

/** The host's end of the pair of interfaces that joins host and node. */
export const link = "observability0";

/** Address range of a cluster where nothing else is asked for. */
export const defaultRange = "10.213.0.0/16";

/** Addresses of the cluster, all inside one range of 16 bits. */
export interface Network {
  /** The whole: the host has one route for it. */
  range: string;
  /** The host's address on the link. */
  host: string;
  /** The node's address on the link; the API server listens there. */
  node: string;
  /** Addresses of pods. */
  pods: string;
  /** Addresses of services. */
  services: string;
  /** The service `kubernetes`: the first of its range. */
  api: string;
  /** The service `kube-dns`: the tenth, as kubeadm has it. */
  dns: string;
}

/**
 * Divides a range among link, pods and services.
 *
 * @param range IPv4 range `A.B.0.0/16` of private addresses.
 * @throws Error when it is anything else.
 */
export function network(range: string): Network {
  const match = /^(\d{1,3})\.(\d{1,3})\.0\.0\/16$/.exec(range);
  if (!match || match.slice(1).some((part) => Number(part) > 255)) {
    throw new Error(`--range ${range}: expected an IPv4 range A.B.0.0/16, for example ${defaultRange}`);
  }
  const prefix = `${match[1]}.${match[2]}`;
  return {
    range,
    host: `${prefix}.0.1`,
    node: `${prefix}.0.2`,
    pods: `${prefix}.64.0/24`,
    services: `${prefix}.128.0/20`,
    api: `${prefix}.128.1`,
    dns: `${prefix}.128.10`,
  };
}

/** The same as the second node has them: what differs are its link, which leads to the first node, and its pods. */
export function secondNetwork(first: Network): Network {
  const on = (address: string, by: number) => address.replace(/\d+$/, (last) => String(Number(last) + by));
  return { ...first, host: on(first.host, 4), node: on(first.node, 4), pods: first.pods.replace(".64.0/", ".65.0/") };
}

/** A line of `ip -json route`, as far as it matters. */
export interface Route {
  /** Destination: a range, a single address, or `default`. */
  dst: string;
  /** Interface. */
  dev?: string;
}

/** Those of the host's routes that share addresses with a range, other than by {@link link}. */
export function overlapping(range: string, routes: Route[]): Route[] {
  const [first, last] = bounds(range);
  return routes
    .filter((route) => route.dst !== "default" && route.dst !== "0.0.0.0/0" && route.dev !== link)
    .filter((route) => {
      const [from, to] = bounds(route.dst);
      return from <= last && first <= to;
    });
}

function bounds(range: string): [number, number] {
  const [address, bits = "32"] = range.split("/");
  const size = 2 ** (32 - Number(bits));
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = number - (number % size);
  return [first, first + size - 1];
}

/** The host's IPv4 routes, those of other tables (VPNs) included. */
export async function hostRoutes(): Promise<Route[]> {
  const said = await run("ip", ["-json", "-4", "route", "show", "table", "all"]);
  return (JSON.parse(said || "[]") as (Route & { type?: string })[]).filter((route) => route.type !== "broadcast");
}

/** Whether the host has an interface of the link's name. */
export function linkExists(): Promise<boolean> {
  return succeeds("ip", ["link", "show", "dev", link]);
}

/**
 * Joins the node's network namespace to the host and routes the whole range into it. The host's firewall and forwarding stay as they are: the host
 * reaches pods and services, and they reach the host, nothing further.
 *
 * @param init Process that holds the node's namespaces.
 */
export async function connect(net: Network, init: number): Promise<void> {
  if (await linkExists()) return;
  const inside = (...args: string[]) => run("nsenter", ["--target", String(init), "--net", "--", ...args]);
  await run("ip", ["link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", String(init)]);
  await run("ip", ["link", "set", link, "alias", `${init} ${startTime(init)}`]);
  await inside("ip", "address", "add", `${net.node}/30`, "dev", "eth0");
  await inside("ip", "link", "set", "eth0", "up");
  await inside("ip", "link", "set", "lo", "up");
  // kube-proxy's rules see a packet from the node to a service address only if there is a route for it
  await inside("ip", "route", "replace", "default", "via", net.host);
  await inside("sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
  await run("ip", ["address", "add", `${net.host}/30`, "dev", link]);
  await run("ip", ["link", "set", link, "up"]);
  await run("ip", ["route", "replace", net.range, "via", net.node]);
}

/**
 * Whether the link outlived the node that {@link connect} joined, whoever ran it: its alias names process 1 of the node. The link goes with the node's
 * network namespace, usually within a second of the last process; after an interrupted run it was once still there, and kept the next one from starting.
 */
export async function linkAbandoned(): Promise<boolean> {
  if (!(await linkExists())) return false;
  const [{ ifalias = "" }] = JSON.parse(await run("ip", ["-json", "link", "show", "dev", link])) as {
    ifalias?: string;
  }[];
  const [, init, started] = /^(\d+) (\d+)$/.exec(ifalias) ?? [];
  return init !== undefined && startTime(Number(init)) !== started;
}

/** Removes the link and with it the host's route. */
export async function disconnect(): Promise<void> {
  if (await linkExists()) await run("ip", ["link", "delete", link]).catch(() => {}); // it is removed with the namespace
  await waitFor(`removal of the interface ${link}`, 120, async () => !(await linkExists()));
}
