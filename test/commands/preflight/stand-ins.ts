import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { stringify } from "yaml";
import { temporaryFolder } from "../../support/temporary-folder";

/** What a stand-in answers. */
export interface Reply {
  status?: number;
  body: unknown;
  headers?: Record<string, string>;
}

const running: Server[] = [];

/** Starts an HTTP server on a free port of loopback. A reply of undefined is none: the request hangs. */
export async function serve(reply: (request: IncomingMessage) => Reply | undefined): Promise<string> {
  const server = createServer((request, response) => {
    const answer = reply(request);
    if (!answer) return;
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
    response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers }).end(text);
  }).listen(0, "127.0.0.1");
  running.push(server);
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Stops every server that {@link serve} started. */
export async function stopAll(): Promise<void> {
  await Promise.all(
    running.splice(0).map((server) => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    }),
  );
}

/** An address of loopback that refuses connections: its port was free a moment ago. */
export async function refusingAddress(): Promise<string> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return `127.0.0.1:${port}`;
}

/** 1Password Connect, as far as the preflight asks it. */
export interface ConnectContent {
  token: string;
  vault: { id: string; name: string };
  items: Record<string, object>;
}

/** Starts a Connect server. */
export const serveConnect = ({ token, vault, items }: ConnectContent): Promise<string> =>
  serve(({ headers, url = "" }) => {
    if (headers.authorization !== `Bearer ${token}`)
      return { status: 401, body: { status: 401, message: "Invalid token" } };
    if (url === `/v1/vaults/${vault.id}`) return { body: vault };
    const item = items[url.replace(`/v1/vaults/${vault.id}/items/`, "")];
    return item ? { body: item } : { status: 404, body: { status: 404, message: "not found" } };
  });

/** Starts MinIO with one administrator. */
export const serveMinio = (admin: string, buckets: string[]): Promise<string> =>
  serve(({ headers, url = "" }) => {
    if (url === "/minio/health/live") return { body: "" };
    if (!headers.authorization?.includes(`Credential=${admin}/`))
      return { status: 403, body: "<Error><Code>InvalidAccessKeyId</Code></Error>" };
    const [, bucket] = /^\/([^/?]+)\?/.exec(url) ?? [];
    if (bucket) {
      return buckets.includes(bucket)
        ? { body: "<ListBucketResult/>" }
        : { status: 404, body: "<Error><Code>NoSuchBucket</Code></Error>" };
    }
    const list = buckets.map((name) => `<Bucket><Name>${name}</Name></Bucket>`).join("");
    return { body: `<ListAllMyBucketsResult><Buckets>${list}</Buckets></ListAllMyBucketsResult>` };
  });

/** Starts an API server that has the given objects, by path; everything else is not found. */
export const serveApi = (objects: Record<string, unknown>): Promise<string> =>
  serve(({ url = "" }) => {
    const body = objects[decodeURIComponent(url)];
    if (body === "hang") return undefined;
    if (typeof body === "number") return { status: body, body: { kind: "Status", code: body } };
    return body ? { body } : { status: 404, body: { kind: "Status", code: 404 } };
  });

/** Writes a kubeconfig for a stand-in; its file. */
export function kubeconfigFor(address: string): string {
  const file = join(temporaryFolder(), "kubeconfig");
  writeFileSync(
    file,
    stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server: `http://${address}`, "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: { token: "t" } }],
      contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
      "current-context": "here",
    }),
  );
  return file;
}
