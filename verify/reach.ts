import { setMaxListeners } from "node:events";
import { whyNot } from "../preflight/network";
import type { Api, Reply, Request } from "./api";

/** Something didn't answer, or not as it should; the message is for the table. */
export class NoAnswer extends Error {}

/** How a check reaches the cluster and what runs on it: by the API server alone, until the check's deadline. */
export class Reach {
  /**
   * @param api the API server
   * @param signal ends every request
   * @param milliseconds after which it does, for messages
   */
  constructor(
    private readonly api: Api,
    private readonly signal: AbortSignal,
    private readonly milliseconds: number,
  ) {
    // Every request of the check listens to it, and a check may have more than ten under way.
    setMaxListeners(0, signal);
  }

  /**
   * An object, or a list of objects, of the cluster.
   * @param path such as `/api/v1/pods`
   * @returns undefined where there is none
   * @throws NoAnswer
   */
  async object<T>(path: string, accept?: string): Promise<T | undefined> {
    const reply = await this.api
      .request(path, { accept, signal: this.signal })
      .catch((error) => this.fail("the API server", error));
    return reply.status === 404 ? undefined : (JSON.parse(good("the API server", reply)) as T);
  }

  /**
   * Of an object, or of a list of objects, the metadata alone: no Secret's value ever comes here.
   * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches
   */
  metadata<T>(path: string): Promise<T | undefined> {
    const { pathname, search } = new URL(path, "http://server");
    const isList = search !== "";
    return this.object(
      `${pathname}${search}`,
      `application/json;as=PartialObjectMetadata${isList ? "List" : ""};g=meta.k8s.io;v=v1`,
    );
  }

  /**
   * The end of a container's log, or its beginning within a time.
   * @returns empty where the kubelet has none
   */
  async log(namespace: string, pod: string, parameters: Record<string, string>): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${new URLSearchParams(parameters)}`;
    const { status, body } = await this.api
      .request(path, { signal: this.signal })
      .catch(() => ({ status: 0, body: "" }));
    return status === 200 ? body : "";
  }

  /**
   * What a pod answers.
   * @throws NoAnswer for a status other than 2xx
   */
  async pod(namespace: string, pod: string, port: number, path: string): Promise<string> {
    const proxy = `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy${path}`;
    const reply = await this.api.request(proxy, { signal: this.signal }).catch((error) => this.fail(pod, error));
    return good(pod, reply);
  }

  /**
   * What a program answers at its URL: one inside the cluster by its Service's proxy, another one directly.
   * @param url the program's base URL, as other programs of the stack have it, such as `http://mimir.monitoring.svc.cluster.local:9009/prometheus`
   * @param path what is appended to it
   * @param form is sent by POST
   * @throws NoAnswer for a status other than 2xx
   */
  async url(url: string, path: string, form?: URLSearchParams): Promise<string> {
    return good(new URL(url).host, await this.ask(url, path, form));
  }

  /**
   * The same of what need not be there: undefined where the program itself answers 404.
   * @throws NoAnswer for another status than these, and where it is the API server that knows of no such Service
   */
  async urlOrNothing(url: string, path: string): Promise<string | undefined> {
    const reply = await this.ask(url, path);
    const itself = reply.status === 404 && !reply.body.includes('"kind":"Status"');
    return itself ? undefined : good(new URL(url).host, reply);
  }

  private ask(url: string, path: string, form?: URLSearchParams): Promise<Reply> {
    const { host } = new URL(url);
    const request: Request = { form, signal: this.signal };
    const proxy = proxyPath(url);
    return (
      proxy ? this.api.request(`${proxy}${path}`, request) : outside(`${url.replace(/\/$/, "")}${path}`, request)
    ).catch((error) => this.fail(host, error));
  }

  private fail(who: string, error: unknown): never {
    throw new NoAnswer(`${who} ${whyNot(error, { milliseconds: this.milliseconds })}`);
  }
}

/** A Service's URL as the API server's path to it; undefined for an address that is no Service's. */
function proxyPath(url: string): string | undefined {
  const { protocol, hostname, port, pathname } = new URL(url);
  const [, service, namespace] = /^([^.]+)\.([^.]+)\.svc(?:\.|$)/.exec(hostname) ?? [];
  if (service === undefined) return undefined;
  const https = protocol === "https:";
  const target = `${https ? "https:" : ""}${service}:${port || (https ? 443 : 80)}`;
  return `/api/v1/namespaces/${namespace}/services/${target}/proxy${pathname.replace(/\/$/, "")}`;
}

async function outside(url: string, { form, signal }: Request): Promise<Reply> {
  const answer = await fetch(url, { method: form ? "POST" : "GET", body: form, signal });
  return { status: answer.status, body: await answer.text() };
}

function good(who: string, { status, body }: Reply): string {
  if (status >= 200 && status < 300) return body;
  throw new NoAnswer(`${who} answers ${status}: ${said(body)}`);
}

/** The message in an error of the API server, of Prometheus's API, or the text as it is; one line, not too long. */
function said(body: string): string {
  const text = messageIn(body) ?? body;
  return text.trim().split("\n")[0].slice(0, 300) || "nothing more";
}

function messageIn(body: string): string | undefined {
  try {
    const { message, error } = JSON.parse(body) as { message?: string; error?: string };
    return message ?? error;
  } catch {
    return undefined;
  }
}
