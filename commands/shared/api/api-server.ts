import { createReadStream, createWriteStream } from "node:fs";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Settings } from "../../../settings/schema";
import { busyFor, connect } from "./kubernetes";
import type { Deadline } from "./network";

/** An answer that arrived whole, whatever its status. */
export interface Reply {
  status: number;
  body: string;
  /** Cookies that a program behind the proxy sets, each as `name=value`. */
  cookies?: string[];
}

/** What is sent. */
export interface Request {
  /** Default: GET; with `form` or `body`: POST. */
  method?: "GET" | "POST";
  /** Is sent as a form. */
  form?: URLSearchParams;
  /** Is sent as JSON, by POST. */
  json?: unknown;
  /** Is sent to a program behind the proxy, which never gets the header `authorization`: that is the API server's own. */
  cookie?: string;
  /** Is sent as it is: text, bytes, or a file with its size. */
  body?: string | Buffer | { file: string; bytes: number };
  /** Milliseconds without a byte after which the connection is given up; default: never. */
  idle?: number;
  /** A file that gets the body of a good answer (2xx), however large it is; default: {@link Reply.body}. */
  into?: string;
  /** The media types that are wanted; default: any. */
  accept?: string;
  /** Ends the request; default: a deadline. */
  signal?: AbortSignal;
}

/** The API server of a cluster, with the credentials that the kubeconfig has for it. */
export interface Api {
  /** Its address. */
  readonly server: string;
  /**
   * Asks it, or by its proxy a Service or a pod.
   * @param path such as `/api/v1/namespaces/monitoring/services/loki-gateway:80/proxy/loki/api/v1/labels`
   * @throws Error when no answer arrives
   */
  request(path: string, request?: Request): Promise<Reply>;
}

/**
 * The API server that the settings name.
 * @param settings kubeconfig and context; default KUBECONFIG, then ~/.kube/config
 * @param deadline how long a request may take that has no signal of its own
 * @throws Finding when no kubeconfig names one
 */
export async function apiOf(settings: Settings["kubernetes"], deadline: Deadline): Promise<Api> {
  const { server, config } = await connect(settings, deadline);
  // The client's agent is new for each request, and with it the TLS handshake; only that one knows the way by a proxy.
  const Agent = server.startsWith("https:") ? HttpsAgent : HttpAgent;
  const direct = config.getCurrentCluster()?.proxyUrl ? undefined : new Agent({ keepAlive: true });
  return {
    server,
    async request(path, request = {}) {
      const { signal = AbortSignal.timeout(deadline.milliseconds) } = request;
      // The client's own requests know neither a Service's proxy nor forms; what is its own is how to log in.
      const login: RequestOptions = {};
      await config.applyToHTTPSOptions(login);
      for (;;) {
        const { retryAfter, ...reply } = await exchange(
          server,
          path,
          { ...request, signal },
          login,
          direct ?? login.agent,
        );
        const wait = busyFor(reply.status, retryAfter);
        if (wait === undefined) return reply;
        await pause(wait, undefined, { signal });
      }
    },
  };
}

/**
 * A program at its own URL, asked in the same way, without credentials.
 * @param server its base URL
 */
export const programAt = (server: string): Api => ({
  server,
  request: async (path, request = {}) => {
    const { status, body } = await exchange(server, path, request);
    return { status, body };
  },
});

/**
 * A program of the cluster, by the API server's proxy of its Service.
 * @param api the API server
 * @param url as other programs of the cluster use it, such as `http://mimir.monitoring.svc.cluster.local:9009`
 */
export const programBehind = (api: Api, url: string): Api => ({
  server: url,
  request: (path, request) => api.request(`${proxyPath(url)}${path}`, request),
});

/**
 * A program at its URL as other programs of the stack use it: inside the cluster by its Service's proxy, others directly.
 * @param api the API server
 * @param url its base URL
 */
export const programOf = (api: Api, url: string): Api =>
  proxyPath(url) === undefined ? programAt(url) : programBehind(api, url);

/** A Service's URL as the API server's path to it; undefined for other addresses. */
export function proxyPath(url: string): string | undefined {
  const { protocol, hostname, port, pathname } = new URL(url);
  const [, service, namespace] = /^([^.]+)\.([^.]+)\.svc(?:\.|$)/.exec(hostname) ?? [];
  if (service === undefined) return undefined;
  const https = protocol === "https:";
  const target = `${https ? "https:" : ""}${service}:${port || (https ? 443 : 80)}`;
  return `/api/v1/namespaces/${namespace}/services/${target}/proxy${pathname.replace(/\/$/, "")}`;
}

/**
 * One request. An open connection may be closed by the other side at the moment in which it is used again: what may be sent twice, a read or a query,
 * is then; the rest has a connection of its own.
 * @param login credentials, and an agent for a new connection; default: none, and Node's
 * @param kept the agent whose connections stay open between requests; default: Node's
 * @see https://nodejs.org/api/http.html#requestreusedsocket
 */
async function exchange(
  server: string,
  path: string,
  request: Request,
  { agent: own = false, ...login }: RequestOptions = {},
  kept?: RequestOptions["agent"],
): Promise<Answer> {
  if (request.json !== undefined || request.body !== undefined)
    return send(server, path, request, { ...login, agent: own });
  return send(server, path, request, { ...login, agent: kept }).catch((error: unknown) => {
    if (!(error instanceof ClosedMeanwhile)) throw error;
    return send(server, path, request, { ...login, agent: own });
  });
}

/** An answer, and after how many seconds a busy API server wants to be asked again. */
type Answer = Reply & { retryAfter?: string };

/** An open connection was closed before the request reached the other side. */
class ClosedMeanwhile extends Error {}

function send(
  server: string,
  path: string,
  { method, form, json, cookie, accept, body = textOf(form, json), idle, into, signal }: Request,
  login: RequestOptions,
): Promise<Answer> {
  const options = { ...login, method: method ?? (body === undefined ? "GET" : "POST"), signal };
  const headers = {
    ...login.headers,
    ...(accept !== undefined && { accept }),
    ...(cookie !== undefined && { cookie }),
    ...(form && { "content-type": "application/x-www-form-urlencoded" }),
    ...(json !== undefined && { "content-type": "application/json" }),
    ...(body !== undefined && { "content-length": isFile(body) ? body.bytes : Buffer.byteLength(body) }),
  };
  const begin = server.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const url = `${server.replace(/\/$/, "")}${path}`;
    const request = begin(url, { ...options, headers }, (response) => read(response, into).then(resolve, reject));
    request.on("error", (error: NodeJS.ErrnoException) => {
      const wasClosed = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      reject(wasClosed ? new ClosedMeanwhile() : error);
    });
    if (idle !== undefined)
      request.setTimeout(idle, () => request.destroy(Object.assign(new Error("idle"), { code: "ETIMEDOUT" })));
    if (isFile(body)) pipeline(createReadStream(body.file), request).catch(reject);
    else request.end(body);
  });
}

const isFile = (body: Request["body"]): body is { file: string; bytes: number } =>
  typeof body === "object" && !Buffer.isBuffer(body);

const textOf = (form?: URLSearchParams, json?: unknown) =>
  json === undefined ? form?.toString() : JSON.stringify(json);

async function read(response: IncomingMessage, into?: string): Promise<Answer> {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  if (into !== undefined && status >= 200 && status < 300) await pipeline(response, createWriteStream(into));
  else for await (const chunk of response) chunks.push(chunk as Buffer);
  const cookies = headers["set-cookie"]?.map((cookie) => cookie.split(";")[0]);
  const body = Buffer.concat(chunks).toString("utf8");
  return { status, body, ...(cookies && { cookies }), retryAfter: headers["retry-after"] };
}
