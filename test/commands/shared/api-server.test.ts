import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { apiOf, programAt, type Api } from "../../../commands/shared/api/api-server";
import { temporaryFolder } from "../../support/temporary-folder";
import { kubeconfigFor } from "../preflight/stand-ins";

describe("The way to the API server", () => {
  const servers: Server[] = [];
  /** What arrived: by which connection, counted from 1, and what was asked for. */
  let seen: [connection: number, url?: string][];

  /** A server; `drop` says which connections it closes instead of an answer. */
  async function serve(drop: (connection: number, request: IncomingMessage) => boolean = () => false) {
    seen = [];
    let connections = 0;
    const numbers = new WeakMap<object, number>();
    const server = createServer((request, response) => {
      const connection = numbers.get(request.socket)!;
      seen.push([connection, request.url]);
      if (drop(connection, request)) request.socket.destroy();
      else request.resume().once("end", () => response.end("{}"));
    });
    server.on("connection", (socket) => numbers.set(socket, ++connections));
    servers.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const way = (kubeconfig: string): Promise<Api> => apiOf({ kubeconfig }, { milliseconds: 20_000 });
  const connections = () => seen.map(([connection]) => connection);

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  it("takes one connection for requests that follow each other, but a new one for what must not be sent twice", async () => {
    const api = await way(kubeconfigFor(await serve()));
    await api.request("/version");
    await api.request("/query", { form: new URLSearchParams({ query: "up" }) });
    await api.request("/alerts", { json: [] });
    await api.request("/push", { body: "lines" });
    await api.request("/version");
    assert.deepEqual(connections(), [1, 1, 2, 3, 1]);
  });

  it("asks again, by a new connection, where an open one was closed meanwhile", async () => {
    for (const more of [{}, { form: new URLSearchParams({ query: "up" }) }]) {
      const api = await way(kubeconfigFor(await serve((connection) => connection === 1 && seen.length > 1)));
      await api.request("/version");
      assert.equal((await api.request("/query", more)).status, 200);
      assert.deepEqual(connections(), [1, 1, 2]);
    }
  });

  it("reports a new connection that is closed, and asks no third time", async () => {
    const api = await way(kubeconfigFor(await serve(() => seen.length > 1)));
    await api.request("/version");
    await assert.rejects(api.request("/version"), { code: "ECONNRESET" });
    assert.deepEqual(connections(), [1, 1, 2]);
    await assert.rejects(api.request("/alerts", { json: [] }), { code: "ECONNRESET" });
    assert.deepEqual(connections(), [1, 1, 2, 3]);
  });

  it("goes by the proxy that the kubeconfig names, by a new connection each time", async () => {
    const address = await serve();
    const asked: string[] = [];
    const proxy = createServer().on("connect", ({ url }: IncomingMessage, client) => {
      asked.push(url!);
      const [hostname, port] = address.split(":");
      const target = connect(Number(port), hostname, () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
      client.pipe(target).pipe(client);
    });
    servers.push(proxy.listen(0, "127.0.0.1"));
    await once(proxy, "listening");
    const kubeconfig = kubeconfigFor("cluster.invalid:6443");
    const proxyUrl = `proxy-url: http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    writeFileSync(kubeconfig, readFileSync(kubeconfig, "utf8").replace(/( +)server: .*\n/, `$&$1${proxyUrl}\n`));
    const api = await way(kubeconfig);
    for (const path of ["/version", "/query"]) assert.equal((await api.request(path)).status, 200);
    assert.deepEqual(asked, ["cluster.invalid:6443", "cluster.invalid:6443"]);
    assert.deepEqual(connections(), [1, 2]);
  });

  it("writes a good answer into a file, and takes one that is cut for none", async () => {
    const server = createServer(({ url }, response) => {
      response.statusCode = url === "/refused" ? 422 : 200;
      response.write("samples");
      if (url === "/cut") setImmediate(() => response.destroy());
      else response.end();
    });
    servers.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    const program = programAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const into = join(temporaryFolder(), "answer");
    assert.deepEqual(await program.request("/refused", { into }), { status: 422, body: "samples" });
    assert.equal(existsSync(into), false);
    assert.deepEqual(await program.request("/whole", { into }), { status: 200, body: "" });
    assert.equal(readFileSync(into, "utf8"), "samples");
    await assert.rejects(program.request("/cut", { into }));
  });
});
