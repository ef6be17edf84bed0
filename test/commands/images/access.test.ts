import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { challengeOf } from "../../../policy/lib/registry/challenge";
import { type Answer, type Asked, StandInRegistry } from "./stand-in";
import { ListOfImages, loggedIn } from "./support";

const amd64 = { os: "linux", architecture: "amd64" };
const basic = (user: string) => `Basic ${Buffer.from(user).toString("base64")}`;

describe("Asking a registry", () => {
  let registry: StandInRegistry;
  let list: ListOfImages;

  beforeEach(async () => {
    registry = await StandInRegistry.start();
    registry.index("org/app", "1.0", [amd64]);
    list = new ListOfImages({ name: "app", reference: `${registry.host}/org/app:1.0` });
  });
  afterEach(async () => {
    list.remove();
    await StandInRegistry.stopAll();
  });

  const demands = (challenge: string): Answer => ({
    status: 401,
    headers: { "www-authenticate": challenge },
    body: JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] }),
  });

  /** A registry that wants tokens; `answer` gives them. */
  function wantsTokens(answer: (asked: Asked) => Answer, scope = ',scope="repository:org/app:pull"'): void {
    const challenge = `Bearer realm="http://${registry.host}/token?account=x",service="stand-in"${scope}`;
    registry.before = (asked) => {
      if (asked.path.startsWith("/token")) return answer(asked);
      return asked.authorization === "Bearer good" ? undefined : demands(challenge);
    };
  }

  describe("that wants a token", () => {
    for (const key of ["token", "access_token"]) {
      it(`gets one as anybody, for what the registry names (${key})`, async () => {
        wantsTokens(() => ({ status: 200, body: JSON.stringify({ [key]: "good" }) }));
        assert.equal((await list.lock()).code, 0);
        const asked = registry.asked.find(({ path }) => path.startsWith("/token"))!;
        const parameters = Object.fromEntries(new URL(asked.path, "http://x").searchParams);
        assert.deepEqual(parameters, { account: "x", service: "stand-in", scope: "repository:org/app:pull" });
        assert.equal(asked.authorization, undefined);
      });
    }

    it("asks to pull where the registry doesn't name a scope", async () => {
      wantsTokens(() => ({ status: 200, body: '{"token":"good"}' }), "");
      assert.equal((await list.lock()).code, 0);
      assert.match(decodeURIComponent(registry.asked[1].path), /scope=repository:org\/app:pull$/);
    });

    it("gets one for all images and documents of a repository, and one more when it has run out", async () => {
      registry.single("org/app", amd64, "2.0");
      list.write(
        { name: "a", reference: `${registry.host}/org/app:1.0` },
        { name: "b", reference: `${registry.host}/org/app:2.0` },
      );
      let tokens = 0;
      let uses = 0;
      wantsTokens(() => ({ status: 200, body: JSON.stringify({ token: tokens++ === 0 ? "short" : "good" }) }));
      const { before } = registry;
      registry.before = (asked) => (asked.authorization === "Bearer short" && uses++ === 0 ? undefined : before(asked));
      assert.equal((await list.lock("--concurrency", "1")).code, 0);
      assert.equal(tokens, 2);
    });

    it("gets one for all requests that were refused together", async () => {
      registry.single("org/app", amd64, "2.0");
      list.write(
        { name: "a", reference: `${registry.host}/org/app:1.0` },
        { name: "b", reference: `${registry.host}/org/app:2.0` },
      );
      wantsTokens(() => ({ status: 200, body: '{"token":"good"}' }));
      assert.equal((await list.lock()).code, 0);
      const paths = registry.asked.map(({ path, authorization }) => `${path} ${authorization}`);
      assert.equal(
        paths.filter((path) => /manifests\/.* undefined$/.test(path)).length,
        2,
        "both came without a token",
      );
      assert.equal(paths.filter((path) => path.startsWith("/token")).length, 1);
    });

    it("logs in with the credentials of DOCKER_AUTH_CONFIG", async () => {
      wantsTokens(({ authorization }) =>
        authorization === basic("robot:pa:ss") ? { status: 200, body: '{"token":"good"}' } : { status: 401 },
      );
      list.env.DOCKER_AUTH_CONFIG = loggedIn(registry, "robot:pa:ss");
      assert.equal((await list.lock()).code, 0);
    });

    it("logs in with an identity token, which a form carries", async () => {
      wantsTokens(({ method, body }) => {
        const form = Object.fromEntries(new URLSearchParams(body));
        assert.equal(method, "POST");
        assert.deepEqual([form.grant_type, form.refresh_token, form.service], ["refresh_token", "kept", "stand-in"]);
        return { status: 200, body: '{"access_token":"good"}' };
      });
      list.env.DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { [registry.host]: { identitytoken: "kept" } } });
      const { code, error } = await list.lock();
      assert.equal(code, 0, error);
    });

    it("says what to do where the token is refused, gives none, or doesn't help", async () => {
      const cases: [Answer, RegExp][] = [
        [
          { status: 403, body: '{"details":"no such account"}' },
          /only to those who log in \(HTTP 403, no such account\)/,
        ],
        [{ status: 200, body: "{}" }, /fails on the token for org\/app \(HTTP 200, no token in its answer\)/],
        [{ status: 200, body: '{"token":"bad"}' }, /only to those who log in \(HTTP 401, UNAUTHORIZED: authentication/],
      ];
      for (const [answer, message] of cases) {
        wantsTokens(() => answer);
        const { code, error } = await list.lock();
        assert.equal(code, 2);
        assert.match(error, message);
      }
    });
  });

  describe("that wants a password", () => {
    beforeEach(() => {
      registry.before = ({ authorization }) =>
        authorization === basic("me:secret") ? undefined : demands('Basic realm="stand-in"');
    });

    it("says how to give one", async () => {
      const { code, error } = await list.lock();
      assert.equal(code, 2);
      assert.match(error, /gives org\/app:1\.0 only to those who log in \(HTTP 401/);
      assert.ok(error.includes(`docker login ${registry.host}`), error);
      assert.ok(error.includes(`{"auths":{"${registry.host}":`), error);
    });

    it("gives the one of Docker's config.json, in DOCKER_CONFIG or ~/.docker", async () => {
      mkdirSync(join(list.folder, ".docker"));
      writeFileSync(join(list.folder, ".docker/config.json"), loggedIn(registry, "me:secret"));
      assert.equal((await list.lock()).code, 0);
      list.env.DOCKER_CONFIG = list.folder;
      assert.equal((await list.lock()).code, 2);
    });

    it("gives the one that a credential helper keeps", async () => {
      const bin = join(list.folder, "bin");
      mkdirSync(bin);
      const helper = join(bin, "docker-credential-standin");
      writeFileSync(
        helper,
        `#!/bin/sh\nread host\n[ "$1 $host" = "get ${registry.host}" ] && echo '{"Username":"me","Secret":"secret"}' || { echo "credentials not found in native keychain"; exit 1; }\n`,
      );
      chmodSync(helper, 0o755);
      list.env.PATH = `${bin}${delimiter}${process.env.PATH}`;
      list.env.DOCKER_AUTH_CONFIG = '{"credsStore":"standin"}';
      assert.equal((await list.lock()).code, 0);
      list.env.DOCKER_AUTH_CONFIG = '{"credsStore":"absent"}';
      assert.match(
        (await list.lock()).error,
        /docker-credential-absent, which keeps the credentials of 127\.\S+, failed/,
      );
    });

    it("says that a wrong one was refused, without showing it", async () => {
      list.env.DOCKER_AUTH_CONFIG = loggedIn(registry, "me:wrong-one");
      const { error } = await list.lock();
      assert.match(error, /refuses org\/app:1\.0 to the credentials that it was given/);
      assert.doesNotMatch(error, /wrong-one|bWU6d3Jvbmct/);
    });

    it("says where the credentials can't be read, without showing them", async () => {
      list.env.DOCKER_AUTH_CONFIG = "auths: hush";
      const { code, error } = await list.lock();
      assert.equal(code, 2);
      assert.match(error, /the variable DOCKER_AUTH_CONFIG is not JSON/);
      assert.doesNotMatch(error, /hush/);
    });
  });

  it("sends no credentials in clear to another host, wherever a registry says that tokens are", async () => {
    registry.before = () => demands('Bearer realm="http://tokens.example.org/token",service="x"');
    list.env.DOCKER_AUTH_CONFIG = loggedIn(registry, "me:secret");
    const { code, error } = await list.lock();
    assert.equal(code, 2);
    assert.match(
      error,
      /wants its credentials sent to http:\/\/tokens\.example\.org, in clear\n {6}to do: They were not sent/,
    );
  });

  it("follows a redirect of a blob to another host, without what it was authorized by", async () => {
    const { digest } = registry.single("org/app", amd64, "1.0");
    const store = await StandInRegistry.start();
    store.single("org/app", amd64, "1.0");
    wantsTokens(() => ({ status: 200, body: '{"token":"good"}' }));
    const { before } = registry;
    registry.before = (asked) =>
      before(asked) ??
      (asked.path.includes("/blobs/")
        ? { status: 307, headers: { location: `http://${store.host}${asked.path}` } }
        : undefined);
    const { code, error } = await list.lock();
    assert.equal(code, 0, error);
    assert.equal(list.entries[0].digest, digest);
    assert.deepEqual(
      store.asked.map(({ authorization }) => authorization),
      [undefined],
    );
  });

  describe("that fails", () => {
    /** The registry's first answers. */
    function first(...answers: (Answer | "hang up")[]): void {
      registry.before = () => answers.shift();
    }
    const seconds = () => list.waits.map((wait) => Math.floor(wait / 1000));

    it("asks again after 500, 429 and a broken connection, waiting longer each time, and says so", async () => {
      first({ status: 500 }, { status: 429 }, "hang up");
      const { code, error } = await list.lock();
      assert.equal(code, 0, error);
      const [a, b, c] = list.waits;
      assert.ok(a >= 1000 && a < 1300 && b >= 2000 && b < 2600 && c >= 4000 && c < 5200, String(list.waits));
      assert.match(error, /HTTP 500; attempt 2 of 5 in 2 s/);
    });

    it("waits as long as Retry-After says, in seconds or until a date", async () => {
      const date = new Date(Date.now() + 30_500).toUTCString();
      first({ status: 429, headers: { "retry-after": "7" } }, { status: 503, headers: { "retry-after": date } });
      assert.equal((await list.lock()).code, 0);
      const [exact, until] = seconds();
      assert.equal(exact, 7);
      assert.ok(until >= 20 && until <= 31, String(until));
    });

    it("gives up at once where it is to wait for hours, and says how to be allowed more", async () => {
      registry.before = () => ({
        ...{ status: 429, headers: { "retry-after": "21600" } },
        body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}',
      });
      const { code, error } = await list.lock();
      assert.deepEqual([code, list.waits], [2, []]);
      assert.match(
        error,
        /allows no more requests for now \(HTTP 429, TOOMANYREQUESTS: You have reached your pull rate limit/,
      );
      assert.match(error, /or log in, which is allowed more: `docker login/);
    });

    it("gives up after five attempts", async () => {
      registry.before = () => ({ status: 502 });
      const { code, error } = await list.lock();
      assert.deepEqual([code, registry.asked.length, list.waits.length], [2, 5, 4]);
      assert.match(error, /fails on org\/app:1\.0 \(HTTP 502\)/);
    });

    it("doesn't ask again what was refused for good", async () => {
      registry.before = () => ({ status: 404 });
      await list.lock();
      assert.equal(registry.asked.length, 1);
    });
  });
});

describe("What a registry demands", () => {
  const bearer = { scheme: "bearer", realm: "https://a.example/t", service: "s", scope: "repository:a/b:pull,push" };
  const cases: [string | null, unknown][] = [
    ['Bearer realm="https://a.example/t",service="s",scope="repository:a/b:pull,push"', bearer],
    ['bearer realm="https://a.example/t" , scope="repository:a/b:pull,push", service=s', bearer],
    ['Basic realm="x", Bearer realm="https://a.example/t",service="s",scope="repository:a/b:pull,push"', bearer],
    ['BASIC realm="x"', { scheme: "basic" }],
    ['Negotiate, Basic realm="x"', { scheme: "basic" }],
    ['Digest realm="x"', undefined],
    ["Bearer", undefined],
    [null, undefined],
  ];
  for (const [header, expected] of cases) {
    it(`is read from ${header}`, () => {
      const { service, scope, ...rest } = (challengeOf(header) ?? {}) as Record<string, string>;
      const found = { ...rest, ...(service && { service }), ...(scope && { scope }) };
      assert.deepEqual(found, expected ?? {});
    });
  }
});
