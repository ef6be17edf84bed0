import assert from "node:assert/strict";
import { delimiter, dirname } from "node:path";
import type { PulumiCommand } from "../../../commands/pulumi/arguments";
import { run } from "../../../commands/pulumi/cli";
import { imageVersion } from "../../../components/kubernetes/labels";
import { until } from "../../../lab/until";
import { imageList } from "../../../settings/image-list";
import { ended, press, StandInPulumi } from "./stand-in";
import { testStackWords } from "../../stacks/stacks";

const sandbox = testStackWords("sandbox");

/** Runs a command in this process: its exit code, and what it says itself. */
async function runHere(command: PulumiCommand, ...words: string[]) {
  let said = "";
  const code = await run([command, ...words], { error: (text) => (said += text) });
  return { code, said };
}

describe("npm run up and preview", () => {
  let pulumi: StandInPulumi;
  beforeEach(() => (pulumi = new StandInPulumi()));
  afterEach(() => pulumi.remove());

  it("run Pulumi with the policy pack and the user's arguments, and end with its words and its exit code", async () => {
    pulumi.install("console.log('from pulumi'); process.exit(255);");
    const { code, out } = await ended(pulumi.start("up", [...sandbox, "--yes"]));
    assert.deepEqual([code, out], [255, "from pulumi\n"]);
    const [{ args, env }] = pulumi.calls();
    assert.deepEqual(args, ["up", "--policy-pack", "policy", ...sandbox, "--yes"]);
    assert.deepEqual([env.PULUMI_HOME, env.PULUMI_SKIP_UPDATE_CHECK], [pulumi.home, "true"]);
    assert.equal(env.PATH.split(delimiter)[0], dirname(pulumi.path), "the language host is beside the CLI");
  });

  it("run each its own command of Pulumi", async () => {
    pulumi.install();
    assert.deepEqual(await runHere("preview", ...sandbox, "--diff"), { code: 0, said: "" });
    assert.deepEqual(pulumi.calls()[0].args, ["preview", "--policy-pack", "policy", ...sandbox, "--diff"]);
  });

  it("start nothing where something is wrong, tell everything at once, and end with 2", async () => {
    pulumi.install();
    const wrong = ["--config", "loki.retention=x", "--config", "loki.storage=y"];
    const { code, said } = await runHere("up", ...sandbox, "-yf", ...wrong);
    assert.equal(code, 2);
    assert.match(said, /--skip-preview is refused/);
    assert.match(said, /observability:loki\.retention: "x"/);
    assert.match(said, /observability:loki\.storage: "y"/);
    assert.deepEqual(pulumi.calls(), []);
  });

  it("advise commands for the file that they were given", async () => {
    pulumi.install();
    const retired = ["--config", "stage=mimir-default", "--config", "migration.retireKps=true"];
    const { said } = await runHere("up", ...sandbox, ...retired);
    assert.match(said, /`npm run backfill -- --stack sandbox --config-file \S+Pulumi\.sandbox\.yaml`/);
  });

  it("start nothing for a stack without a file, or without the CLI, and end with 2", async () => {
    pulumi.install();
    const nowhere = await runHere("preview", "--stack", "organization/observability/nowhere");
    assert.deepEqual([nowhere.code, pulumi.calls()], [2, []]);
    assert.match(nowhere.said, /There is no stack 'nowhere'.*Stacks here: /);
    process.env.PULUMI_HOME = "/sys/nowhere";
    const missing = await runHere("preview", ...sandbox);
    assert.equal(missing.code, 2);
    assert.match(missing.said, /The Pulumi CLI .* is not available/);
  });

  it("name the rehearsal where the stage changes, and keep quiet where it does not", async () => {
    pulumi.install(undefined, { stage: "dual-write", versions: {} });
    const changes = await runHere("preview", ...sandbox, "--config", "stage=loki");
    assert.equal(changes.code, 0);
    assert.match(changes.said, /stage dual-write → loki/);
    assert.match(changes.said, /npm run plan -- --stack sandbox --config-file \S+ --from dual-write --to loki/);
    assert.match(changes.said, /npm run verify -- --stack sandbox --config-file /);
    const same = await runHere("preview", ...sandbox, "--config", "stage=dual-write");
    assert.deepEqual(same, { code: 0, said: "" });
  });

  it("say that the order of stages wasn't checked where Pulumi doesn't know the stage, and a stack doesn't begin", async () => {
    pulumi.install();
    const later = await runHere("preview", ...sandbox, "--config", "stage=mimir-default");
    assert.equal(later.code, 0);
    assert.match(
      later.said,
      /That mimir-default is the next stage was not checked\..*set observability:migration\.from/,
    );
    const told = ["--config", "stage=mimir-default", "--config", "migration.from=dual-write"];
    for (const settings of [[], told])
      assert.deepEqual(await runHere("preview", ...sandbox, ...settings), { code: 0, said: "" });
  });

  it("refuse a stage that is not next to the one that the stack is in", async () => {
    pulumi.install(undefined, { stage: "mimir-default" });
    const { code, said } = await runHere("up", ...sandbox, "--config", "stage=loki");
    assert.deepEqual([code, pulumi.calls()], [2, []]);
    assert.match(said, /"loki" is not next to "mimir-default"[^]*mimir-default → dual-write → loki/);
  });

  it("refuse to let more than one of Loki's former writers leave, by what the last update left there", async () => {
    const scalable = { mode: "simple-scalable", writers: 3 };
    const changing = (left: number) => ({
      mode: "single-binary",
      writers: 1,
      former: { mode: "simple-scalable", writers: left },
    });
    const update = (lokiWriters: object | undefined, writers?: number) => {
      pulumi.install(undefined, { stage: "loki", lokiWriters, versions: {} });
      const former = writers === undefined ? [] : [`former.mode=simple-scalable`, `former.writers=${writers}`];
      return runHere("up", ...sandbox, ...former.flatMap((each) => ["--config", `loki.${each}`]));
    };
    for (const [from, to, why] of [
      [scalable, undefined, /mode simple-scalable would stop together/],
      [scalable, 2, /leave in the same update in which the new ones start/],
      [changing(3), 1, /2 of Loki's old writers would leave at once: .* Use loki\.former\.writers: 2: docs/],
    ] as const) {
      const { code, said } = await update(from, to);
      assert.deepEqual([code, pulumi.calls()], [2, []]);
      assert.match(said, why);
    }
    for (const [from, to] of [
      [scalable, 3],
      [changing(3), 2],
      [changing(0), undefined],
    ] as const)
      assert.deepEqual(await update(from, to), { code: 0, said: "" });
    assert.match((await update(undefined, 0)).said, /how many writers Loki had until now is not known/);
  });

  it("refuse a Loki or Mimir that skips a minor version, and a Grafana of before, by what the last update left there", async () => {
    const now = (name: string) => imageVersion(imageList.find((image) => image.name === name)!.reference);
    const other = (name: string, by: number) => {
      const [major, minor] = now(name).split(".").map(Number);
      return minor + by < 0 ? `${major - 1}.0.0` : `${major}.${minor + by}.0`;
    };
    const update = async (command: PulumiCommand, versions: object | undefined) => {
      pulumi.install(undefined, { stage: "loki", versions });
      return runHere(command, ...sandbox, "--config", "stage=loki");
    };
    for (const command of ["up", "preview"] as const)
      for (const [versions, why] of [
        [{ loki: other("loki", -2) }, /^Stack sandbox: Loki \S+ → \S+ skips \S+: .*First make an update to/],
        [{ mimir: "1.0.0" }, /^Stack sandbox: Mimir 1\.0\.0 → \S+ skips 2\.0/],
        [{ grafana: "99.0.0" }, /^Stack sandbox: Grafana 99\.0\.0 → .*never back/],
      ] as const) {
        const { code, said } = await update(command, versions);
        assert.deepEqual([code, pulumi.calls()], [2, []]);
        assert.match(said, why);
        assert.match(
          said,
          /npx pulumi up --policy-pack policy --stack sandbox --config-file \S+ doesn't look at versions/,
        );
      }
    for (const versions of [{ loki: now("loki") }, { loki: other("loki", -1) }, { loki: other("loki", 1) }])
      assert.deepEqual(await update("up", versions), { code: 0, said: "" });
    const unknown = await update("up", undefined);
    assert.match(unknown.said, /which versions it has is not known[^]*npm run preflight -- --stack sandbox/);
    assert.equal(unknown.code, 0);
  });
});

/** Notes every signal, and ends by itself only after the third, or when the test has failed long ago. */
const patient = `
let seen = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => { note({ signal }); if (++seen === 3) process.exit(7); });
setTimeout(() => process.exit(9), 120000);
note({ signal: "listening" });
`;

describe("Ctrl-C during npm run up", () => {
  let pulumi: StandInPulumi;
  beforeEach(() => (pulumi = new StandInPulumi()));
  afterEach(() => pulumi.remove());

  it("reaches Pulumi once, though terminal and npm both send it, and again when it is meant so", async () => {
    pulumi.install(patient);
    const child = pulumi.start("up", [...sandbox, "--yes"]);
    const end = ended(child);
    const heard = (count: number) => async () => pulumi.signals().length === count || undefined;
    await until("the stand-in listens", 50, heard(1));
    press(child, "SIGINT");
    await until("the key press arrived", 10, heard(2));
    assert.equal(child.exitCode, null, "npm did not wait for Pulumi");
    child.kill("SIGTERM");
    await until("a signal to npm alone is passed on at once", 10, heard(3));
    await until("a later key press is passed on", 20, async () => {
      const arrived = await heard(4)();
      if (!arrived) press(child, "SIGINT");
      return arrived;
    });
    assert.equal((await end).code, 7);
    assert.deepEqual(pulumi.signals(), ["listening", "SIGINT", "SIGTERM", "SIGINT"]);
  });

  it("is not sent to Pulumi by the terminal too: it runs in a session of its own", async () => {
    pulumi.install(`
const { execFileSync } = require("node:child_process");
const session = execFileSync("ps", ["-o", "sid=", "-p", String(process.pid)]).toString();
process.exit(Number(session) === process.pid ? 3 : 4);`);
    assert.equal((await runHere("up", ...sandbox)).code, 3);
  });

  it("leaves the exit code of a signal where one ended Pulumi", async () => {
    pulumi.install("process.kill(process.pid, 'SIGKILL');");
    assert.equal((await runHere("up", ...sandbox)).code, 137);
  });
});
