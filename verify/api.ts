import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import type { Settings } from "../config/schema";
import { busyFor, connect } from "../preflight/kubernetes";
import type { Deadline } from "../preflight/network";

/** An answer that arrived whole, whatever its status. */
export interface Reply {
  status: number;
  body: string;
}

/** What is sent. */
export interface Request {
  /** Default: GET; with `form`: POST. */
  method?: "GET" | "POST";
  /** Is sent as a form. */
  form?: URLSearchParams;
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
  const base = server.replace(/\/$/, "");
  return {
    server,
    async request(path, { method, form, accept, signal = AbortSignal.timeout(deadline.milliseconds) } = {}) {
      const body = form?.toString();
      const options: RequestOptions = { method: method ?? (body === undefined ? "GET" : "POST"), signal };
      // The client's own requests know neither a Service's proxy nor forms; what is its own is how to log in.
      await config.applyToHTTPSOptions(options);
      const headers = {
        ...options.headers,
        ...(accept !== undefined && { accept }),
        ...(body !== undefined && formHeaders(body)),
      };
      const send = server.startsWith("https:") ? httpsRequest : httpRequest;
      const once = () =>
        new Promise<Reply & { retryAfter?: string }>((resolve, reject) => {
          send(`${base}${path}`, { ...options, headers }, (response) => read(response).then(resolve, reject))
            .on("error", reject)
            .end(body);
        });
      for (;;) {
        const { retryAfter, ...reply } = await once();
        const wait = busyFor(reply.status, retryAfter);
        if (wait === undefined) return reply;
        await pause(wait, undefined, { signal });
      }
    },
  };
}

const formHeaders = (body: string) => ({
  "content-type": "application/x-www-form-urlencoded",
  "content-length": Buffer.byteLength(body),
});

async function read(response: IncomingMessage): Promise<Reply & { retryAfter?: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const { statusCode: status = 0, headers } = response;
  return { status, body: Buffer.concat(chunks).toString("utf8"), retryAfter: headers["retry-after"] };
}
