import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binaryPath } from "../../../lab/cluster/build";
import { waitFor } from "../../../lab/cluster/run";
import { StandInMachine } from "../../lab/cluster/stand-ins";

describe("A command that is stopped", () => {
  let folder: string;
  let child: ChildProcess;
  let said: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "interruption-"))));
  afterEach(() => {
    child.kill("SIGKILL");
    for (const pid of [numberIn("child"), numberIn("shell")]) if (isAlive(pid)) process.kill(pid!, "SIGKILL");
    rmSync(folder, { recursive: true });
  });

  const numberIn = (name: string) => Number(existsSync(join(folder, name)) && readFileSync(join(folder, name), "utf8"));

  /** Starts the command; its end is its exit code and what it said. */
  function start(kind: string): Promise<{ code: number | null; said: string }> {
    const script = join(__dirname, "interrupted.ts");
    child = spawn(process.execPath, ["--require", "tsx/cjs", script, kind, folder], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    said = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (said += text));
    return new Promise((resolve) => child.on("close", (code) => resolve({ code, said })));
  }

  const begun = () => waitFor("the command's processes", 30, async () => isAlive(numberIn("shell")));

  for (const [signal, expected] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)
    it(`by ${signal} leaves no process, nor one that its processes have started, and ends with ${expected}`, async () => {
      const end = start("processes");
      await begun();
      child.kill(signal);
      const { code, said } = await end;
      assert.equal(code, expected);
      assert.match(said, new RegExp(`${signal}: ending[^]*farewell\n$`));
      assert.deepEqual([isAlive(numberIn("shell")), isAlive(numberIn("child"))], [false, false]);
    });

  it("ends what doesn't listen", async function () {
    this.timeout(40_000);
    const end = start("deaf");
    await begun();
    child.kill("SIGINT");
    assert.equal((await end).code, 130);
    assert.deepEqual([isAlive(numberIn("shell")), isAlive(numberIn("child"))], [false, false]);
  });

  it("leaves no process either where what it says is read no longer, as by a pager that was left", async () => {
    const end = start("talking");
    await begun();
    child.stderr!.destroy();
    assert.equal((await end).code, 141);
    assert.deepEqual([isAlive(numberIn("shell")), isAlive(numberIn("child"))], [false, false]);
  });

  it("gives its lock back", async () => {
    const end = start("lock");
    await begun();
    child.kill("SIGINT");
    await end;
    assert.equal(existsSync(join(folder, "lock")), false);
  });

  it("begins nothing new, whoever swallows the error", async () => {
    const end = start("next");
    await begun();
    child.kill("SIGINT");
    await end;
    assert.equal(existsSync(join(folder, "begun")), false);
  });

  it("waits for what must not be ended half-way, also when it is told twice", async () => {
    const end = start("finish");
    await begun();
    child.kill("SIGINT");
    // Two at once may arrive in either order.
    await waitFor("the first signal is heard", 30, async () => said.includes("SIGINT"));
    child.kill("SIGTERM");
    assert.equal((await end).code, 130);
    assert.ok(existsSync(join(folder, "finished")));
  });

  describe("with a cluster in Docker", () => {
    let machine: StandInMachine;
    beforeEach(() => {
      machine = new StandInMachine();
      machine.command(binaryPath({ program: "kubernetes", binary: "kubectl" }), "cat > /dev/null");
    });
    afterEach(() => machine.remove());
    const kindProgram = () => binaryPath({ program: "kind", binary: "kind" });
    const toldDocker = () => machine.called().filter((call) => /^docker (?!inspect|start)/.test(call));

    it("removes the half node that it was making", async () => {
      machine.command("docker", '[ "$1" != inspect ]');
      machine.command(kindProgram(), `echo $$ > ${folder}/shell; sleep 600`);
      const end = start("kind");
      await begun();
      child.kill("SIGINT");
      await end;
      assert.deepEqual(toldDocker(), ["docker rm --force --volumes observability-control-plane"]);
    });

    it("stops the one that it has made or started, and leaves the one alone that ran before", async () => {
      machine.command("sh", `PATH=$PATH:/usr/bin:/bin /bin/sh "$@"`);
      machine.command(kindProgram());
      for (const [answer, told] of [
        ["false", ["docker stop observability-control-plane"]],
        ["true", []],
      ] as const) {
        machine.command("docker", `[ "$1" != inspect ] || echo ${answer}`);
        const end = start("kind");
        await begun();
        child.kill("SIGINT");
        await end;
        assert.deepEqual(toldDocker(), told);
        machine.forget();
        rmSync(join(folder, "shell"));
      }
    });
  });

  it("ends by itself with 1 and the message of its error", async () => {
    const { code, said } = await start("failing");
    assert.equal(code, 1);
    assert.match(said, /exit code 3:\nout of luck\n$/);
  });
});

function isAlive(pid: number): boolean {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // One that nobody has asked after yet is listed, and has ended.
  const stat = `/proc/${pid}/stat`;
  return !(existsSync(stat) && /\) [ZX] /.test(readFileSync(stat, "utf8")));
}
