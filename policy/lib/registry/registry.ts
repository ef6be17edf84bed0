import { challengeOf, type Challenge } from "./challenge";
import type { Credentials, FindCredentials } from "./credentials";
import { ImageProblem } from "./problem";
import { isPrivate } from "./address";
import { codeOf, persist, type Patience } from "./retry";

/** What a {@link Registry} needs beside its address. */
export interface RegistryOptions {
  credentials: FindCredentials;
  patience: Patience;
  /** Milliseconds that one answer may take. */
  timeout: number;
  /** Is called with each wait. */
  said(line: string): void;
}

/**
 * A registry by the OCI distribution API, read only, asked as anybody, and with credentials where it wants them.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export class Registry {
  /** Host, with its port, for messages. */
  readonly host: string;
  /** By repository: the header that was accepted last. */
  private readonly authorizations = new Map<string, Promise<string | undefined>>();

  /** @param address URL, with a path where a mirror has one */
  constructor(
    private readonly address: string,
    private readonly options: RegistryOptions,
  ) {
    this.host = new URL(address).host;
  }

  /**
   * Gets a document of a repository.
   *
   * @param repository such as `grafana/loki`
   * @param path `manifests/<tag or digest>` or `blobs/<digest>`
   * @param accept media types that can be read
   * @returns an answer of status 200
   * @throws ImageProblem when there is none; it says why, and what to do
   */
  async get(repository: string, path: string, accept: string[]): Promise<Response> {
    const url = new URL(`${this.address.replace(/\/$/, "")}/v2/${repository}/${path}`);
    const send = async () => {
      const authorization = await this.authorizations.get(repository);
      return this.send(url, { accept: accept.join(", "), ...(authorization && { authorization }) });
    };
    const before = this.authorizations.get(repository);
    let response = await send();
    if (response.status === 401) {
      const challenge = challengeOf(response.headers.get("www-authenticate"));
      await response.body?.cancel();
      // Of several requests that were refused together, one gets the token.
      if (this.authorizations.get(repository) === before) {
        this.authorizations.set(repository, this.authorize(challenge, repository));
      }
      response = await send();
    }
    if (response.status === 200) return response;
    const detail = await detailOf(response);
    const loggedIn = (await this.options.credentials(this.host)) !== undefined;
    const what = `${repository}${path.includes(":") ? "@" : ":"}${path.split("/")[1]}`;
    throw refusal(response, { host: this.host, what, detail, loggedIn });
  }

  private async authorize(challenge: Challenge | undefined, repository: string): Promise<string | undefined> {
    const known = await this.options.credentials(this.host);
    if (!challenge) return undefined;
    if (challenge.scheme === "basic") {
      if (known && !isPrivate(new URL(this.address))) throw unsafe(this.host, this.address);
      return known && "username" in known ? basic(known) : undefined;
    }
    return `Bearer ${await this.token(challenge, repository, known)}`;
  }

  // https://distribution.github.io/distribution/spec/auth/token/ and, for an identity token, …/spec/auth/oauth/
  private async token(
    { realm, service, scope }: Extract<Challenge, { scheme: "bearer" }>,
    repository: string,
    known: Credentials | undefined,
  ): Promise<string> {
    if (!URL.canParse(realm, this.address)) {
      throw new ImageProblem(`${this.host} names ${realm} for tokens, which is no URL`, "Report it to its operator.");
    }
    const url = new URL(realm, this.address);
    if (known && !isPrivate(url)) throw unsafe(this.host, url.origin);
    const asked = { ...(service && { service }), scope: scope ?? `repository:${repository}:pull` };
    let response: Response;
    if (known && "identityToken" in known) {
      const grant = { grant_type: "refresh_token", refresh_token: known.identityToken, client_id: "images-lock" };
      response = await this.send(url, {}, new URLSearchParams({ ...asked, ...grant }));
    } else {
      for (const [key, value] of Object.entries(asked)) url.searchParams.set(key, value);
      response = await this.send(url, known ? { authorization: basic(known) } : {});
    }
    const { token, access_token } = response.ok
      ? ((await response.json().catch(() => ({}))) as { token?: string; access_token?: string })
      : {};
    if (token ?? access_token) return (token ?? access_token)!;
    const detail = response.ok ? "no token in its answer" : await detailOf(response);
    const what = `the token for ${repository}`;
    throw refusal(response, { host: url.host, what, detail, loggedIn: known !== undefined });
  }

  private async send(url: URL, headers: Record<string, string>, form?: URLSearchParams): Promise<Response> {
    const { patience, timeout, said } = this.options;
    // A redirect to another host takes the header Authorization along nowhere: fetch drops it.
    const once = () =>
      fetch(url, { headers, signal: AbortSignal.timeout(timeout), ...(form && { method: "POST", body: form }) });
    const attempt = await persist(once, patience, (line) => said(`${url.host}: ${line}`));
    if ("response" in attempt) return attempt.response;
    throw new ImageProblem(`${url.host} can't be reached (${codeOf(attempt.error)})`, unreachable);
  }
}

const unreachable =
  "Digests can be read only where the registries are: run this on a machine with internet. Behind a proxy set HTTPS_PROXY and " +
  "NODE_USE_ENV_PROXY=1 (Node.js 22.21 or 24 on); for a mirror give --registry-mirror host=URL.";

const basic = ({ username, password }: { username: string; password: string }) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

const unsafe = (host: string, to: string) =>
  new ImageProblem(
    `${host} wants its credentials sent to ${to}, in clear`,
    "They were not sent. Use an address of it that begins with https.",
  );

interface Refused {
  host: string;
  what: string;
  detail: string;
  loggedIn: boolean;
}

function refusal({ status }: Response, { host, what, detail, loggedIn }: Refused): ImageProblem {
  const said = `HTTP ${status}${detail && `, ${detail}`}`;
  const logIn = `\`docker login ${host}\` on a machine that has Docker, or the variable DOCKER_AUTH_CONFIG with {"auths":{"${host}":{"auth":"<base64 of user:password>"}}}`;
  switch (status) {
    case 401:
    case 403:
      return loggedIn
        ? new ImageProblem(
            `${host} refuses ${what} to the credentials that it was given (${said})`,
            "Renew them, or ask its owner for the right to pull. Many registries answer like this where there is no such repository: check the name.",
          )
        : new ImageProblem(
            `${host} gives ${what} only to those who log in (${said})`,
            `Give credentials: ${logIn}. Many registries answer like this where there is no such repository: check the name.`,
          );
    case 404:
      return new ImageProblem(
        `${host} has no ${what} (${said})`,
        "Correct the reference in images.json: look the tag up in the registry; some projects write v1.2.3, others 1.2.3.",
      );
    case 429:
      return new ImageProblem(
        `${host} allows no more requests for now (${said})`,
        `Run this again later${loggedIn ? "" : `, or log in, which is allowed more: ${logIn}`}. --only with the names that lack a digest asks less.`,
      );
    default:
      return new ImageProblem(
        `${host} fails on ${what} (${said})`,
        status >= 500 ? "Run this again later; the registry's status page may say more." : unreachable,
      );
  }
}

// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
async function detailOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  try {
    const { errors, details } = JSON.parse(text) as {
      errors?: { code?: string; message?: string }[];
      details?: string;
    };
    const parts = errors?.map(({ code, message }) => [code, message].filter(Boolean).join(": ")) ?? [details];
    return parts.filter(Boolean).join("; ").slice(0, 300);
  } catch {
    return "";
  }
}
