import { setMaxListeners } from "node:events";
import { whyNot } from "../shared/api/network";
import { programBehind, proxyPath, type Api, type Reply, type Request } from "../shared/api/api-server";

/** No answer, or not the expected one; the message is for the table. */
export class NoAnswer extends Error {
  /**
   * @param message for the table
   * @param body the whole answer, where there was another one than expected
   */
  constructor(
    message: string,
    readonly body = "",
  ) {
    super(message);
  }
}

/** No answer at all: nothing was reached. */
export class Unreachable extends NoAnswer {}

/** How a check reaches the cluster and what runs on it: only through the API server, until the check's deadline. */
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
    // Every request of the check listens to it, and a check may have more than ten at a time.
    setMaxListeners(0, signal);
  }

  /**
   * An object, or a list of objects, of the cluster.
   * @param path such as `/api/v1/pods`
   * @returns undefined if there is none
   * @throws NoAnswer
   */
  async object<T>(path: string, accept?: string): Promise<T | undefined> {
    const reply = await this.api
      .request(path, { accept, signal: this.signal })
      .catch((error) => this.fail("the API server", error));
    return reply.status === 404 ? undefined : (JSON.parse(good("the API server", reply)) as T);
  }

  /**
   * Only the metadata of an object or of a list of objects: no Secret's value is ever received.
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
   * @returns empty if the kubelet has none
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
   * What a program answers at its URL: inside the cluster through its Service's proxy, others directly.
   * @param url the program's base URL, as other programs of the stack use it, such as `http://mimir.monitoring.svc.cluster.local:9009/prometheus`
   * @param path what is appended to it
   * @param more a form that is sent by POST, the media type that is wanted
   * @throws NoAnswer for a status other than 2xx
   */
  async url(url: string, path: string, more: Pick<Request, "form" | "accept"> = {}): Promise<string> {
    return good(new URL(url).host, await this.ask(url, path, more));
  }

  /**
   * The same for something that need not exist: undefined if the program itself answers 404.
   * @throws NoAnswer for other statuses, and if the API server says that there is no such Service
   */
  async urlOrNothing(url: string, path: string): Promise<string | undefined> {
    const reply = await this.ask(url, path);
    const itself = reply.status === 404 && !reply.body.includes('"kind":"Status"');
    return itself ? undefined : good(new URL(url).host, reply);
  }

  /** The host that a program sees in its requests: inside the cluster that of the API server, which passes it on. */
  seenBy(url: string): { host: string; isOutside: boolean } {
    const isOutside = proxyPath(url) === undefined;
    return { host: new URL(isOutside ? url : this.api.server).host, isOutside };
  }

  /**
   * The whole answer to a request with JSON or a cookie, of a program in the cluster.
   * @throws NoAnswer for a status other than 2xx
   */
  async send(url: string, path: string, request: Pick<Request, "json" | "cookie">): Promise<Reply> {
    const reply = await this.ask(url, path, request);
    good(new URL(url).host, reply);
    return reply;
  }

  private ask(url: string, path: string, more: Omit<Request, "signal"> = {}): Promise<Reply> {
    const { host } = new URL(url);
    const request: Request = { ...more, signal: this.signal };
    const inside = proxyPath(url) !== undefined;
    return (
      inside
        ? programBehind(this.api, url).request(path, request)
        : outside(`${url.replace(/\/$/, "")}${path}`, request)
    ).catch((error) => this.fail(host, error));
  }

  private fail(who: string, error: unknown): never {
    throw new Unreachable(`${who} ${whyNot(error, { milliseconds: this.milliseconds })}`);
  }
}

async function outside(url: string, { form, accept, signal }: Request): Promise<Reply> {
  const headers = accept === undefined ? undefined : { accept };
  const answer = await fetch(url, { method: form ? "POST" : "GET", body: form, headers, signal });
  return { status: answer.status, body: await answer.text() };
}

function good(who: string, { status, body }: Reply): string {
  if (status >= 200 && status < 300) return body;
  throw new NoAnswer(`${who} answers ${status}: ${said(body)}`, body);
}

/** The message in an error of the API server or of Prometheus's API, or the text itself; one line of limited length. */
function said(body: string): string {
  const text = messageIn(body) ?? body;
  return text.trim().split("\n")[0].slice(0, 300) || "no reason given";
}

function messageIn(body: string): string | undefined {
  try {
    const { message, error } = JSON.parse(body) as { message?: string; error?: string };
    return message ?? error;
  } catch {
    return undefined;
  }
}
