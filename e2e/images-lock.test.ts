import assert from "node:assert/strict";
import { createPrivateKey, randomUUID, sign, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run as command } from "../lab/cluster/run";
import { ListOfImages } from "../test/commands/images/support";
import { families, Pusher, startRegistry, type ImageRegistry } from "./support/image-registry";

// The lock of images against Docker's own registry; the images are made here.

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64", variant: "v8" };
const both = ["linux/amd64", "linux/arm64"];

/** Listens on a free port of loopback. @returns host:port */
async function listen(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const close = async (server: Server) => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
};

describe("The lock of images, by a real registry", function () {
  this.timeout(120_000);
  let list: ListOfImages;
  beforeEach(() => (list = new ListOfImages()));
  afterEach(() => list.remove());

  describe("that lets everybody in", () => {
    let registry: ImageRegistry;
    before(async () => (registry = await startRegistry()));
    after(() => registry.stop());

    for (const [name, family] of Object.entries(families)) {
      it(`writes digest and platforms of an image for several platforms, of amd64-only ones, and of a single manifest (${name})`, async () => {
        const pusher = new Pusher(registry.host, `org/${name}`, family);
        const multi = await pusher.index([arm64, amd64], "multi");
        const only = await pusher.index([amd64], "only");
        const single = await pusher.image(amd64, "single");
        const pi = await pusher.image(arm64, "pi");
        const reference = (tag: string) => `${registry.host}/org/${name}:${tag}`;
        list.write(
          { name: "multi", reference: reference("multi"), platforms: both },
          { name: "only", reference: reference("only") },
          { name: "single", reference: reference("single") },
          { name: "pi", reference: reference("pi"), platforms: ["linux/arm64"] },
        );
        const { code, error } = await list.lock();
        assert.equal(code, 0, error);
        assert.deepEqual(
          list.entries.map(({ digest, platforms }) => [digest, platforms]),
          [
            [multi.digest, both],
            [only.digest, ["linux/amd64"]],
            [single.digest, ["linux/amd64"]],
            [pi.digest, ["linux/arm64"]],
          ],
        );
        assert.equal((await list.lock("--check")).code, 0);
      });
    }

    it("refuses amd64-only images that the list has for the Pi, as index and as single manifest, and a tag that isn't there", async () => {
      const pusher = new Pusher(registry.host, "org/refused");
      await pusher.index([amd64], "index");
      await pusher.image(amd64, "single");
      const reference = (tag: string) => `${registry.host}/org/refused:${tag}`;
      list.write(
        ...["index", "single", "gone"].map((tag) => ({ name: tag, reference: reference(tag), platforms: both })),
      );
      const before = list.text;
      const { code, error } = await list.lock();
      assert.deepEqual([code, list.text], [2, before]);
      assert.ok(
        error.includes(
          `  index (${reference("index")}),\n  single (${reference("single")}): images.json says linux/arm64, but ${registry.host} only has it for linux/amd64`,
        ),
        error,
      );
      assert.ok(error.includes(`${registry.host} has no org/refused:gone (HTTP 404, MANIFEST_UNKNOWN`), error);
    });

    it("sees that a tag was moved", async () => {
      const pusher = new Pusher(registry.host, "org/moved");
      await pusher.image(amd64, "1.0");
      list.write({ name: "moved", reference: `${registry.host}/org/moved:1.0` });
      await list.lock();
      const { digest } = await pusher.index([amd64, arm64], "1.0");
      const { code, out } = await list.lock("--check");
      assert.equal(code, 1);
      assert.ok(out.includes(`→ ${digest}; its tag was moved`), out);
    });

    it("asks again where it fails once", async () => {
      const { digest } = await new Pusher(registry.host, "org/flaky").index([amd64, arm64], "1.0");
      let faults = 1;
      const flaky = createServer((asked, answer) => {
        if (faults-- > 0) return void answer.writeHead(500).end();
        const { method, headers } = asked;
        request(`http://${registry.host}${asked.url}`, { method, headers }, (real) => {
          answer.writeHead(real.statusCode ?? 502, real.headers);
          real.pipe(answer);
        }).end();
      });
      const mirror = `registry.example.org=http://${await listen(flaky)}`;
      try {
        list.write({ name: "flaky", reference: "registry.example.org/org/flaky:1.0", platforms: both });
        const { code, error } = await list.lock("--registry-mirror", mirror);
        assert.equal(code, 0, error);
        assert.match(error, /HTTP 500; attempt 2 of 5/);
        assert.equal(list.entries[0].digest, digest);
      } finally {
        await close(flaky);
      }
    });
  });

  it("that wants a password: says so, and gives the one that Docker's configuration has", async () => {
    const folder = mkdtempSync(join(tmpdir(), "htpasswd-"));
    // Openwall's test vector of bcrypt; the registry takes no other kind of hash.
    const [user, password] = ["reader", "U*U"];
    const path = join(folder, "htpasswd");
    writeFileSync(path, `${user}:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n`);
    const registry = await startRegistry({ htpasswd: { realm: "test", path } });
    try {
      const auth = Buffer.from(`${user}:${password}`).toString("base64");
      const { digest } = await new Pusher(registry.host, "org/app", families.oci, `Basic ${auth}`).index([amd64], "1");
      list.write({ name: "app", reference: `${registry.host}/org/app:1` });
      const refused = await list.lock();
      assert.equal(refused.code, 2);
      assert.match(refused.error, /gives org\/app:1 only to those who log in \(HTTP 401, UNAUTHORIZED/);
      list.env.DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { [registry.host]: { auth } } });
      const { code, error } = await list.lock();
      assert.equal(code, 0, error);
      assert.equal(list.entries[0].digest, digest);
    } finally {
      await registry.stop();
      rmSync(folder, { recursive: true });
    }
  });

  describe("that wants a token", () => {
    let folder: string;
    let tokens: Server;
    let registry: ImageRegistry;
    /** What was asked for, by whom. */
    const asked: [scope: string, user: string | undefined][] = [];

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "tokens-"));
      const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
      const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
      const to = ["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=tokens"];
      await command("openssl", ["req", "-x509", ...ec, ...to]);
      const issue = (scope: string) => token(readFileSync(key, "utf8"), readFileSync(certificate, "utf8"), scope);
      tokens = createServer((question, answer) => {
        const scope = new URL(question.url ?? "", "http://x").searchParams.get("scope") ?? "";
        const [, credentials = ""] = (question.headers.authorization ?? "").split(" ");
        const user = Buffer.from(credentials, "base64").toString() || undefined;
        asked.push([scope, user]);
        const allowed = user === "robot:secret" || !scope.includes("private/");
        answer.end(JSON.stringify({ token: issue(allowed ? scope : "") }));
      });
      const realm = `http://${await listen(tokens)}/token`;
      const auth = { token: { realm, service: "test", issuer: "tokens", rootcertbundle: certificate } };
      registry = await startRegistry(auth);
      for (const repository of ["public/app", "private/app"]) {
        const push = `Bearer ${issue(`repository:${repository}:pull,push`)}`;
        await new Pusher(registry.host, repository, families.oci, push).image(arm64, "1");
      }
    });
    after(async () => {
      await registry.stop();
      await close(tokens);
      rmSync(folder, { recursive: true });
    });
    beforeEach(() => asked.splice(0));

    it("gets one as anybody, once for all documents of an image", async () => {
      list.write({ name: "app", reference: `${registry.host}/public/app:1`, platforms: ["linux/arm64"] });
      const { code, error } = await list.lock();
      assert.equal(code, 0, error);
      assert.deepEqual(asked, [["repository:public/app:pull", undefined]]);
    });

    it("says that it wants a log-in, and logs in", async () => {
      list.write({ name: "app", reference: `${registry.host}/private/app:1`, platforms: ["linux/arm64"] });
      const refused = await list.lock();
      assert.equal(refused.code, 2);
      assert.match(refused.error, /gives private\/app:1 only to those who log in \(HTTP 401/);
      const auth = Buffer.from("robot:secret").toString("base64");
      list.env.DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { [registry.host]: { auth } } });
      const { code, error } = await list.lock();
      assert.equal(code, 0, error);
      assert.deepEqual(asked.at(-1), ["repository:private/app:pull", "robot:secret"]);
    });
  });
});

/** A token for a registry: https://distribution.github.io/distribution/spec/auth/jwt/ */
function token(key: string, certificate: string, scope: string): string {
  const [type, name, actions] = scope.split(":");
  const access = name ? [{ type, name, actions: actions.split(",") }] : [];
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now, nbf: now - 60, exp: now + 300 };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = { typ: "JWT", alg: "ES256", x5c: [new X509Certificate(certificate).raw.toString("base64")] };
  const claims = { iss: "tokens", sub: "", aud: "test", jti: randomUUID(), ...times, access };
  const signed = `${part(header)}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: createPrivateKey(key), dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}
