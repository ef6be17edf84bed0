import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A pod as the collector finds it: its name, namespace and labels, and its one container. */
export interface FoundPod {
  namespace: string;
  name: string;
  container: string;
  /** Value of its label `app.kubernetes.io/name`; default: it has none. */
  app?: string;
}

/** Name of the one node. */
export const nodeName = "node-1";

/** The folder below /var/log/pods that the kubelet keeps a pod's lines in. */
export const podFolder = ({ namespace, name, container }: FoundPod): string =>
  `${namespace}_${name}_${uidOf({ namespace, name })}/${container}`;

const uidOf = ({ namespace, name }: Pick<FoundPod, "namespace" | "name">) =>
  Buffer.from(`${namespace}/${name}`).toString("hex");

/** An event of Kubernetes. */
export interface FoundEvent {
  namespace: string;
  /** Name of the pod that it is about. */
  pod: string;
  type: "Normal" | "Warning";
  reason: string;
  message: string;
}

/**
 * What of the API server the collector asks for: pods and events, listed and watched. Nothing changes while it runs.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists
 */
export class PodApi {
  private constructor(
    private readonly server: Server,
    /** Base URL. */
    readonly url: string,
  ) {}

  /** Starts it on a free port of the loopback. */
  static async start(pods: readonly FoundPod[], events: readonly FoundEvent[] = []): Promise<PodApi> {
    const lists = { pods: pods.map(podObject), events: events.map(eventObject) };
    const server = createServer((request, response) => answer(request, response, lists));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new PodApi(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  /** Ends it, with every watch. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const version = "1";
const kinds = { pods: "Pod", events: "Event" } as const;
type Lists = Record<keyof typeof kinds, object[]>;

function answer(request: IncomingMessage, response: ServerResponse, lists: Lists): void {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
  const json = (body: object) => response.setHeader("Content-Type", "application/json").end(JSON.stringify(body));
  if (pathname === "/api") return void json({ kind: "APIVersions", versions: ["v1"] });
  if (pathname === "/apis") return void json({ kind: "APIGroupList", apiVersion: "v1", groups: [] });
  if (pathname === "/api/v1") {
    const resources = Object.entries(kinds).map(([name, kind]) => ({ name, kind, namespaced: true, verbs: ["list"] }));
    return void json({ kind: "APIResourceList", groupVersion: "v1", resources });
  }
  const resource = pathname.replace("/api/v1/", "");
  if (resource !== "pods" && resource !== "events") return void response.writeHead(404).end();
  const kind = kinds[resource];
  if (searchParams.get("watch") === null) {
    const metadata = { resourceVersion: version };
    return void json({ kind: `${kind}List`, apiVersion: "v1", metadata, items: lists[resource] });
  }
  const change = (type: string, object: object) => response.write(`${JSON.stringify({ type, object })}\n`);
  response.writeHead(200, { "Content-Type": "application/json" }).flushHeaders();
  if (searchParams.get("sendInitialEvents") !== "true") return;
  for (const each of lists[resource]) change("ADDED", each);
  const annotations = { "k8s.io/initial-events-end": "true" };
  change("BOOKMARK", { kind, apiVersion: "v1", metadata: { resourceVersion: version, annotations } });
}

function podObject({ namespace, name, container, app }: FoundPod): object {
  const labels = app === undefined ? {} : { "app.kubernetes.io/name": app };
  const status = { name: container, containerID: `containerd://${uidOf({ namespace, name })}`, ready: true };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name, uid: uidOf({ namespace, name }), labels, resourceVersion: version },
    spec: { nodeName, containers: [{ name: container, image: "example.org/image:1" }] },
    status: { phase: "Running", podIP: "10.0.0.1", hostIP: "10.0.0.2", containerStatuses: [status] },
  };
}

function eventObject({ namespace, pod, ...event }: FoundEvent, index: number): object {
  const time = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { namespace, name: `${pod}.${index}`, uid: `event-${index}`, resourceVersion: version },
    involvedObject: { kind: "Pod", apiVersion: "v1", namespace, name: pod },
    source: { component: "kubelet", host: nodeName },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    ...event,
  };
}
