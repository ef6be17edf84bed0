import { InvalidInput } from "../../../engine/errors";
import { whyNot } from "../api/network";

/** How long one answer may take: a Raspberry Pi rebuilds its index of dashboards after a start. */
const deadline = { milliseconds: 60_000 };

/** Who asks, by Grafana's own ways to log in. */
export interface Login {
  /** Of a service account. */
  token?: string;
  user?: string;
  password?: string;
}

/** An answer of Grafana's, whatever its status. */
export interface GrafanaAnswer<T> {
  status: number;
  /** Its body; what is not JSON is undefined. */
  body: T;
}

/** How JSON is sent. */
interface How {
  method?: "POST" | "PUT" | "PATCH";
  headers?: Readonly<Record<string, string>>;
}

/**
 * Grafana's HTTP API.
 * @see https://grafana.com/docs/grafana/latest/developers/http_api/
 */
export class GrafanaApi {
  private readonly headers: Record<string, string>;

  /**
   * @param url Grafana's address, with the path below which it is served
   * @param login who asks
   * @param signal ends every request
   */
  constructor(
    private readonly url: string,
    { token, user = "admin", password }: Login,
    private readonly signal: AbortSignal,
  ) {
    const credentials = token ? `Bearer ${token}` : `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    this.headers = { authorization: credentials, accept: "application/json" };
  }

  /**
   * What it has at a path.
   * @throws InvalidInput for any status but 200
   */
  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.ask<T>(path);
    if (status !== 200) throw new InvalidInput(`${this.url}: ${path} answers ${status}: ${messageIn(body)}`);
    return body;
  }

  /** All of a list that comes in pages, which may be shorter than asked for but for the last. */
  async pages<T>(path: string, parameters: Record<string, string> = {}): Promise<T[]> {
    const size = 500;
    const all: T[] = [];
    for (let page = 1; ; page++) {
      const query = new URLSearchParams({ ...parameters, limit: String(size), page: String(page) });
      const found = await this.get<T[]>(`${path}?${query}`);
      all.push(...found);
      if (found.length < size) return all;
    }
  }

  /**
   * What it answers to a GET, or with JSON to a POST.
   * @param path below its address
   * @param json what is sent; default: nothing
   * @param how another method than POST, and further headers
   */
  async ask<T>(path: string, json?: unknown, how: How = {}): Promise<GrafanaAnswer<T>> {
    const answer = await this.request(path, json, how).catch((error: unknown) => {
      if (this.signal.aborted) throw new InvalidInput("stopped\n→ run it again: what exists already stays as it is");
      throw new InvalidInput(
        `${this.url} ${whyNot(error, deadline)}\n→ kubectl -n monitoring port-forward service/grafana 3000, and --grafana http://127.0.0.1:3000`,
      );
    });
    if (answer.status === 401)
      throw new InvalidInput(
        `${this.url} refuses the login\n→ set GRAFANA_TOKEN, the token of a service account with the role Admin, or GRAFANA_USER and GRAFANA_PASSWORD`,
      );
    if (answer.status >= 300 && answer.status < 400)
      throw new InvalidInput(`${this.url} leads elsewhere: ${answer.location}\n→ give Grafana's own address`);
    return { status: answer.status, body: parsed(answer.text) as T };
  }

  private async request(path: string, json: unknown, { method = "POST", headers = {} }: How) {
    const answer = await fetch(`${this.url.replace(/\/$/, "")}${path}`, {
      ...(json !== undefined && { method, body: JSON.stringify(json) }),
      headers: { ...this.headers, ...(json !== undefined && { "content-type": "application/json" }), ...headers },
      redirect: "manual",
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(deadline.milliseconds)]),
    });
    return { status: answer.status, location: answer.headers.get("location"), text: await answer.text() };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What Grafana says in an answer, in one line. */
export const messageIn = (body: unknown): string =>
  String((body as { message?: unknown } | undefined)?.message ?? "no reason given").split("\n")[0];
