import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import launcher from "pulumi/package.json";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CliMissing, cliPath, findCli } from "../../../commands/shared/pulumi-cli/launcher";
import { StandInPulumi } from "./stand-in";

const silent = () => undefined;

/** An environment in which nothing can be downloaded: the launcher's fetch is refused before it leaves this machine. */
function offline(home: string): Record<string, string> {
  const refuse = join(home, "refuse.cjs");
  writeFileSync(refuse, `globalThis.fetch = () => Promise.reject(new TypeError("fetch failed"));`);
  return { PULUMI_HOME: home, PATH: process.env.PATH ?? "", NODE_OPTIONS: `--require ${refuse}` };
}

const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => assert.fail("it was found"),
    (error: Error) => {
      assert.ok(error instanceof CliMissing, error.stack);
      return error.message;
    },
  );

describe("The Pulumi CLI", () => {
  let home: string;
  beforeEach(() => (home = mkdtempSync(join(tmpdir(), "pulumi-home-"))));
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it("is found where the npm launcher keeps it, in the version of package.json", async () => {
    const standIn = new StandInPulumi().install();
    assert.equal(standIn.path, join(standIn.home, "versions", launcher.version, "bin", "pulumi"));
    assert.equal(await findCli(offline(standIn.home), silent), standIn.path);
    // The launcher would download it if it looked elsewhere.
    execFileSync(process.execPath, [require.resolve("pulumi/run.js"), "version"], { env: offline(standIn.home) });
    standIn.remove();
  });

  it("is another version where PULUMI_VERSION names one, as for the launcher", () => {
    assert.equal(cliPath({ PULUMI_HOME: "/p", PULUMI_VERSION: "3.1.0" }), "/p/versions/3.1.0/bin/pulumi");
  });

  it("that can't be downloaded: the message has the reason, the place, and the commands to do it by hand", async () => {
    let said = "";
    const message = await failure(
      findCli(offline(home), (text) => (said += text), { platform: "linux", arch: "arm64" }),
    );
    assert.match(said, /Downloading pulumi/);
    assert.match(message, /is not available: it can't be downloaded from here/);
    assert.match(message, /error +pulumi: fetch failed/);
    assert.match(message, /HTTPS_PROXY .*NODE_USE_ENV_PROXY=1/);
    assert.ok(message.includes(`/pulumi-v${launcher.version}-linux-arm64.tar.gz`), message);
    assert.ok(
      message.includes(`tar -xzf pulumi.tar.gz --strip-components=1 -C ${dirname(cliPath({ PULUMI_HOME: home }))}`),
    );
  });

  it("that was put there for another kind of machine: the message says so", async () => {
    const path = cliPath({ PULUMI_HOME: home });
    mkdirSync(dirname(path), { recursive: true });
    // For a machine that nobody has: the kernel refuses it.
    const header = Buffer.alloc(64);
    header.write("\x7fELF\x02\x01\x01", "latin1");
    header.writeUInt16LE(2, 16);
    header.writeUInt16LE(0xfffe, 18);
    writeFileSync(path, header);
    chmodSync(path, 0o755);
    assert.match(
      await failure(findCli(offline(home), silent)),
      /the installed file doesn't run on this machine\.[^]*built for another kind of machine/,
    );
  });

  it("that has no place to be kept: the message names another one", async () => {
    const file = join(home, "a-file");
    writeFileSync(file, "");
    const env = { ...offline(home), PULUMI_HOME: join(file, "below") };
    assert.match(await failure(findCli(env, silent)), /folder can't be written[^]*ENOTDIR/);
    // Where even root may not write.
    const readOnly = { ...env, PULUMI_HOME: "/sys/pulumi" };
    assert.match(await failure(findCli(readOnly, silent)), /folder can't be written[^]*export PULUMI_HOME=/);
  });

  it("is not published for 32-bit ARM: the message says where to run the command instead", async () => {
    const message = await failure(findCli(offline(home), silent, { platform: "linux", arch: "arm" }));
    assert.match(message, /publishes none for linux arm\./);
    assert.match(message, /linux arm64/);
    assert.doesNotMatch(message, /curl/);
  });
});
