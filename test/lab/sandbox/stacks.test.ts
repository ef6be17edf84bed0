import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi/errors";
import { parse } from "yaml";
import { images } from "../../../components/images";
import { loadStack } from "../../../commands/verify/load";
import { subjectOf } from "../../../commands/verify/subject";
import { offlinePreview } from "../../../commands/shared/preview";
import { loadStackSettings } from "../../../commands/shared/settings";
import { InvalidInput } from "../../../engine/errors";
import { ownProgram } from "../../../engine/project";
import { begin, hold, reach, reached, refuseSecond } from "../../../lab/sandbox/holder";
import { substituteAgent } from "../../../lab/sandbox/log-agent";
import { withRetirement } from "../../../lab/sandbox/route";
import { fileOf, type StackFile } from "../../../lab/sandbox/stacks";
import { waysIn } from "../../../lab/sandbox/ways-in";
import { notifiesNobody } from "../../../settings/sections/alerting";
import { stagesWith, type StageName } from "../../../stages";
import { runInline } from "../../program/support/inline";

describe("The stacks of the sandbox", () => {
  let folder: string;
  let pi: StackFile;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "sandbox-"));
    pi = fileOf("pi", folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  const inStage = (stage: StageName, ...further: string[]) => ({
    ...{ stack: "pi", configFile: pi.configFile },
    config: withRetirement([...further, `stage=${stage}`]),
  });

  it("have no other file than their own, where nothing is otherwise", () => {
    assert.deepEqual(fileOf("sandbox", folder), { stack: "sandbox", differences: [] });
    assert.ok(!existsSync(join(folder, "Pulumi.sandbox.yaml")));
  });

  for (const stage of stagesWith("victoria-metrics"))
    it(`pi is valid in stage ${stage}, and needs nothing that a person would have to give`, () => {
      const { settings, secretValues } = loadStackSettings(inStage(stage));
      const { secrets, objectStore, alertmanager, cluster } = settings;
      assert.deepEqual([settings.stage, secrets.provider, objectStore.kind], [stage, "config", "embedded"]);
      assert.ok(!alertmanager.heartbeat && notifiesNobody(alertmanager), "verify would be ✗: nobody is notified");
      assert.deepEqual(
        cluster.nodes.map(({ count, cpu }) => [count, cpu]),
        [[1, "2"]],
      );
      assert.deepEqual(secretValues ?? {}, {});
    });

  it("pi is the example but for what the command says of it, a line each", () => {
    const settingsIn = (file: string) =>
      (parse(readFileSync(file, "utf8")) as { config: Record<string, Record<string, unknown>> }).config;
    const [example, here] = [join(ownProgram, "examples/Pulumi.pi.yaml"), pi.configFile ?? ""].map(settingsIn);
    const [head, ...lines] = pi.differences;
    assert.equal(head, "Stack pi is examples/Pulumi.pi.yaml, except for:");
    const said = lines.map((line) => /^ {2}(\S+): \S/.exec(line)?.[1]?.split(".") ?? assert.fail(line));
    for (const [section, key] of said)
      for (const each of [example, here])
        if (key === undefined) delete each[`observability:${section}`];
        else delete each[`observability:${section}`][key];
    assert.deepEqual(here, example);
  });

  it("pi has room on two cores and 4 GiB in the stage with the most pods", async () => {
    const { fit } = await offlinePreview({ ...inStage("victoria-metrics-default"), start: runInline });
    assert.deepEqual([fit.fits, fit.missing], ["yes", []]);
  });

  it("pi is opened by VictoriaMetrics' and vmalert's pages", async () => {
    const loaded = await loadStack({ ...inStage("kps-removed"), start: runInline });
    const said = waysIn(subjectOf({ ...loaded, unavailable: new Map() }), "kubectl").map((line) => line.trim());
    for (const service of ["victoria-metrics 8428:8428", "vmalert 8880:8880"])
      assert.ok(said.includes(`kubectl -n monitoring port-forward service/${service}`), said.join("\n"));
  });

  it("are the only ones: another is refused, with those that there are", () => {
    for (const name of ["production", "pie", "constructor"])
      assert.throws(
        () => fileOf(name, folder),
        (error) =>
          error instanceof InvalidInput && new RegExp(`${name}: .*\\n +allowed: sandbox, pi`).test(error.message),
      );
  });

  it("are refused with all that is wrong at once: a stage of the other backend, and a misspelt setting", () => {
    const message = (): string => {
      try {
        loadStackSettings(inStage("mimir-default", "loki.retension=1d"));
      } catch (error) {
        if (RunError.isInstance(error)) return error.message;
        throw error;
      }
      return assert.fail("accepted");
    };
    assert.match(message(), /2 problems/);
    assert.match(message(), /"mimir-default" contradicts .*\n +allowed: loki, dual-write, victoria-metrics-default/);
    assert.match(message(), /did you mean loki\.retention\?/);
  });

  it("are there one at a time: while one is there, another is refused, with the way out", () => {
    refuseSecond("pi", folder);
    hold("sandbox", folder);
    refuseSecond("sandbox", folder);
    assert.throws(() => refuseSecond("pi", folder), /has the stack sandbox.*\n.*npm run sandbox -- down/);
  });

  it("go on from the step that was deployed last, not from one that was interrupted, unless that protects what was retired", () => {
    const [first, retired, protectedAgain] = [
      { stage: "loki", retire: false },
      { stage: "mimir-default", retire: true },
      { stage: "dual-write", retire: false },
    ] as const;
    begin(first, folder);
    begin(retired, folder);
    assert.deepEqual(reached(folder), first);
    reach(retired, folder);
    begin({ stage: "kps-removed", retire: true }, folder);
    assert.deepEqual(reached(folder), retired);
    begin(protectedAgain, folder);
    assert.deepEqual(reached(folder), protectedAgain);
  });

  it("have Alloy in Vector's place where the cluster can't have Vector, and nowhere else", () => {
    const settings = (agent: string) => loadStackSettings(inStage("dual-write", `logs.agent=${agent}`)).settings;
    const unavailable = new Map([[images({}, "vector").vector, "needs Rust"]]);
    assert.deepEqual(substituteAgent(settings("vector"), unavailable), {
      setting: "logs.agent=alloy",
      said: "Vector is not run: needs Rust. Alloy collects logs in its place.",
    });
    assert.equal(substituteAgent(settings("vector"), new Map()), undefined);
    assert.equal(substituteAgent(settings("alloy"), unavailable), undefined);
  });

  it("end the command with exit code 2 where there is no such stack or stage, before there is a cluster", () => {
    const state = join(folder, "state");
    const sandbox = ["--require", "tsx/cjs", "lab/sandbox/main.ts"];
    const { status, stderr } = spawnSync(process.execPath, [...sandbox, "--stack=pi", "--stage=mimir-default"], {
      cwd: ownProgram,
      env: { ...process.env, XDG_STATE_HOME: state },
      encoding: "utf8",
    });
    assert.equal(status, 2, stderr);
    assert.match(
      stderr,
      /^Stack pi: 1 problem in the settings\.\n {2}observability:stage: "mimir-default" contradicts/m,
    );
    assert.ok(!existsSync(join(state, "observability-cluster/engine")));
  });
});
