import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ProgramFailed } from "../../../engine/errors";
import { offlinePlan, planBetween, type Plan, type PlanOptions } from "../../../commands/plan/plan";
import type { Operation } from "../../../commands/plan/steps";
import { nameOf, typeOf } from "../../../engine/urn";
import { offline } from "../../program/support/cli";
import { runInline } from "../../program/support/inline";
import { startPackInline } from "../../program/support/inline-pack";
import { inStage, previewedOf } from "../../program/support/previews";
import { inFolder, moving, pack } from "../../engine/fixtures";
import { testStackWords } from "../../stacks/stacks";

/** The kinds and names that an operation meets, components aside. */
const met = ({ steps, resources }: Plan, op: Operation): string[] => {
  const components = new Set(resources.filter(({ custom }) => !custom).map(({ urn }) => urn));
  return steps
    .filter((step) => step.op === op && !components.has(step.urn) && !typeOf(step.urn).startsWith("observability:"))
    .map(({ urn }) => `${typeOf(urn).split(":").at(-1)} ${nameOf(urn)}`)
    .sort();
};

describe("offline plan", () => {
  const plan = (from: string, to: string, more: Partial<PlanOptions> = {}) =>
    offlinePlan({ stack: "dev", program: moving, start: runInline, startPack: startPackInline, from, to, ...more });

  it("shows the target, and what it takes to get there", async () => {
    const forth = await plan("loki", "dual-write", { policyPack: pack });
    assert.deepEqual([forth.stage, forth.from, forth.route], ["dual-write", "loki", ["loki", "dual-write"]]);
    assert.deepEqual(met(forth, "create"), ["StatefulSet new"]);
    // What is generated is not known, and stays what it is.
    assert.deepEqual(met(forth, "same"), [
      ...["ConfigMap settings", "RandomPassword password", "Secret generated", "StatefulSet old", "kubernetes cluster"],
    ]);
    const given = forth.steps.find(({ urn }) => nameOf(urn) === "given");
    assert.deepEqual([given?.op, given?.changes], ["update", ["stringData.word"]]);
    assert.doesNotMatch(JSON.stringify(forth), /hush/);
    assert.equal(
      forth.summary,
      "loki → dual-write: 1 to create, 2 to update, nothing deleted, nothing replaced; no volume deleted",
    );
    // The policies of the pack see the target.
    assert.ok(forth.violations.some(({ level }) => level === "mandatory"));
    assert.deepEqual(forth.refusals, []);
  });

  it("takes a setting for what changes where both stages are the same, or where it is said so", async () => {
    const [changed, target] = await Promise.all([
      plan("loki", "loki", { config: ["size=2Gi"] }),
      plan("loki", "dual-write", { change: ["size=2Gi"] }),
    ]);
    assert.deepEqual([met(changed, "replace"), met(changed, "update")], [["StatefulSet old"], []]);
    assert.deepEqual(met(target, "replace"), ["StatefulSet old"]);
    for (const { beside } of [changed, target]) assert.doesNotMatch(beside.join("\n"), /^Nothing changes/);
  });

  it("says so where a setting changes nothing, as when it stands in the stack's file already", async () => {
    const [idle, elsewhere] = await Promise.all([
      plan("loki", "loki", { config: ["size=1Gi"] }),
      plan("loki", "dual-write", { config: ["size=1Gi"] }),
    ]);
    assert.match(
      idle.beside[0],
      /^Nothing changes: .* To plan a change, use --config before you write it into the file$/,
    );
    assert.doesNotMatch(elsewhere.beside.join("\n"), /^Nothing changes/m);
  });

  it("takes it for one of both stages otherwise, and refuses what would take data along, or what is protected", async () => {
    const [kept, lost, blocked] = await Promise.all([
      plan("dual-write", "mimir-default", { config: ["size=2Gi"] }),
      plan("dual-write", "mimir-default", { config: ["whenDeleted=Delete"] }),
      plan("dual-write", "mimir-default", { config: ["protect=true"] }),
    ]);
    assert.deepEqual([met(kept, "delete"), kept.refusals], [["StatefulSet old"], []]);
    assert.match(kept.summary, /1 to delete, 1 to replace; no volume deleted, 1 kept$/);
    assert.deepEqual(lost.refusals, ["home/data-old-0 would be deleted with its data: whenDeleted is Delete"]);
    assert.match(lost.summary, /1 volume deleted$/);
    assert.deepEqual([met(blocked, "blocked"), blocked.refusals.length], [["StatefulSet old"], 1]);
    assert.match(blocked.refusals[0], /^kubernetes:apps\/v1:StatefulSet old: protected, and would be deleted\./);
  });

  it("says first that stages are not neighbours, where the settings lack what a later stage asks for", async () => {
    const { code, errors } = await offline(
      "plan",
      ...testStackWords("production"),
      "--from",
      "loki",
      "--to",
      "kps-removed",
      "--no-policies",
    );
    assert.equal(code, 2);
    assert.match(
      errors,
      /^loki and kps-removed are not neighbours: take one stage at a time, loki → .*\n\nStack production: /,
    );
  });

  it("shows the steps between stages that are not neighbours, by way of the one before the target, and refuses the move", async () => {
    const [far, without] = await Promise.all([
      plan("loki", "mimir-default"),
      plan("loki", "mimir-default", { config: ["kps.enabled=false"] }),
    ]);
    assert.deepEqual(met(far, "delete"), ["StatefulSet old"]);
    assert.deepEqual(far.refusals, [
      "loki and mimir-default are not neighbours: take one stage at a time, loki → dual-write → mimir-default",
    ]);
    const settings = far.resources.find(({ name }) => name === "settings");
    assert.deepEqual(settings?.inputs.data, { from: "dual-write" });
    // A stack without kube-prometheus-stack may start anywhere.
    assert.deepEqual(without.refusals, []);
  });

  it("fails with what the program says of a stage that it can't bring about, once", async () => {
    const says = (error: unknown): boolean =>
      error instanceof ProgramFailed &&
      error.message.match(/can't be brought about yet; allowed: loki, dual-write, mimir-default/g)?.length === 1;
    await assert.rejects(plan("kps-removed", "kps-removed"), says);
  });
});

describe("the plan command", () => {
  const run = (...args: string[]) => offline("plan", "--stack", "dev", "--program", moving, ...args);
  const withoutPolicies = "--no-policies";

  it("names what only loses or gets its protection, as the next update may delete it", async () => {
    const { out } = await run("--from", "loki", "--to", "loki", withoutPolicies, "--config", "protect=true");
    assert.match(
      out,
      /unchanged; only the protection changes of\n {3}kubernetes:apps\/v1:StatefulSet old\n {6}protected from now on\n$/,
    );
  });

  it("ends with 0 where nothing is against it, prints the steps by what they do, and writes the JSON contract", () =>
    inFolder(async (folder) => {
      const file = join(folder, "plan.json");
      const { code, out } = await run("--from", "loki", "--to", "dual-write", withoutPolicies, "--json", file);
      assert.equal(code, 0);
      assert.match(
        out,
        /^Stack dev, loki → dual-write: 1 to create, 2 to update, nothing deleted, nothing replaced; no volume deleted\n/,
      );
      assert.match(out, /\n2 to update\n(?: {3,}.*\n)* {3}kubernetes:core\/v1:Secret given: stringData\.word\n/);
      assert.match(out, /\n1 to create\n {3}kubernetes:apps\/v1:StatefulSet new\n/);
      assert.match(out, /\n6 unchanged\n$/);
      assert.match(out, /\nVolumes\n {3}made: home\/data-new-0 .*\n {3}1 more unchanged\n/);
      const written = JSON.parse(readFileSync(file, "utf8")) as Plan;
      for (const key of ["stack", "stage", "resources", "violations", "outputs", "steps", "volumes", "route"]) {
        assert.ok(key in written, key);
      }
      const urns = written.steps.map(({ urn }) => urn);
      assert.deepEqual(new Set(urns).size, urns.length);
      for (const step of written.steps) {
        assert.deepEqual(Object.keys(step), ["urn", "op", "changes", "why"]);
      }
      assert.deepEqual(
        written.resources.map(({ urn }) => urn).filter((urn) => !urns.includes(urn)),
        [],
      );
    }));

  it("ends with 1 where the move is refused, and with 2 where nothing can be said", async () => {
    const cases: [number, string[], RegExp][] = [
      [
        1,
        ["--from", "loki", "--to", "mimir-default", withoutPolicies],
        /Don't make this change as it is:\n.*not neighbours/,
      ],
      [
        1,
        ["--from", "loki", "--to", "dual-write", "--policy-pack", pack, "--json", "-"],
        /^\{[^]*"level": "mandatory"[^]*\}\n$/,
      ],
      [2, ["--from", "loki", "--to", "kps-removed", withoutPolicies], /can't be brought about yet/],
      [2, ["--from", "lokki", "--to", "mimir", withoutPolicies], /--from lokki: .*Allowed: loki, .*\n--to mimir: /],
      [2, ["--from", "loki"], /required option '--to <stage>' not specified/],
      [2, ["--to", "loki"], /required option '--from <stage>' not specified/],
      [2, ["--destroy", "--to", "loki"], /--destroy can't be combined with --to/],
      [1, ["--destroy", "--config", "protect=true"], /StatefulSet old: protected, and would be deleted/],
    ];
    const ends = await Promise.all(cases.map(([, args]) => run(...args)));
    ends.forEach(({ code, out, errors }, index) => {
      const [expected, args, message] = cases[index];
      assert.equal(code, expected, `${args.join(" ")}\n${errors}`);
      assert.match(expected === 2 ? errors : out, message);
      assert.doesNotMatch(errors, /\.ts:\d+/);
    });
  });
});

describe("the plan of this program", () => {
  let forth: Plan, back: Plan, larger: Plan;

  before(async () => {
    const [loki, dualWrite, largerLoki] = await Promise.all([
      previewedOf("production"),
      previewedOf("production", "stage=dual-write"),
      previewedOf("production", "loki.storage=20Gi"),
    ]);
    const move = (from: string, to: string) => ({ from, to, route: [from, to], stepwise: true, reclaimed: [] });
    forth = planBetween(loki, dualWrite, move("loki", "dual-write"));
    back = planBetween(dualWrite, loki, move("dual-write", "loki"));
    larger = planBetween(loki, largerLoki, move("loki", "loki"));
  });

  const data = /S3Bucket|Iam|Item|Namespace|PersistentVolume|RandomPassword|Secret|CustomResourceDefinition|Release/;

  it("deletes and replaces nothing on the way from loki to dual-write, and starts Mimir", () => {
    assert.deepEqual([met(forth, "delete"), met(forth, "replace"), met(forth, "blocked")], [[], [], []]);
    assert.ok(met(forth, "create").includes("StatefulSet mimir"));
    assert.ok(met(forth, "update").includes("Release kube-prometheus-stack"));
    const release = forth.steps.find(
      ({ urn }) => typeOf(urn).endsWith(":Release") && nameOf(urn) === "kube-prometheus-stack",
    );
    // With remote_write come this program's alerts about it, in place of upstream's.
    const alerts = ["StorageFailures", "WriteBehind", "WriteDesiredShards"].map((name) => `PrometheusRemote${name}`);
    assert.deepEqual(release?.changes, [
      ...alerts.map((name) => `values.defaultRules.disabled.${name}`),
      "values.prometheus.prometheusSpec.remoteWrite",
    ]);
    assert.deepEqual(forth.refusals, []);
    const created = forth.volumes.filter(({ fate }) => fate !== "stays");
    assert.deepEqual(
      created.map(({ claims, fate }) => [claims, fate]),
      [[["data-mimir-0"], "made"]],
    );
  });

  it("names of a record what ends with kube-prometheus-stack and who asks by its names, each once, and nothing on other ways", async () => {
    const alert = "PrometheusTargetSyncFailure";
    const recorded = {
      has: { alert: [alert], ThanosRuler: ["home/far"] },
      ends: [{ kind: "alert" as const, name: alert, why: "it goes", how: "write it", step: "kps-removed" as const }],
      askers: [{ who: "Deployment shop/keda", asks: "monitoring/prometheus-operated", wants: "queries" as const }],
    };
    const address = { namespace: "monitoring", formerNames: ["monitoring/prometheus-operated"] };
    const [from, to] = ["mimir-default", "kps-removed"] as const;
    const [source, target, early] = await Promise.all(
      [from, to, "dual-write" as const].map((stage) => previewedOf("production", ...inStage(stage))),
    );
    const move = { ...{ stepwise: true, reclaimed: [], recorded, address } };
    const { beside } = planBetween(source, target, { ...move, from, to, route: [from, to] });
    const about = (text: string) => beside.filter((sentence) => sentence.includes(text));
    assert.deepEqual(about(alert), [`ends with this move: alert ${alert}: it goes; write it`]);
    assert.match(
      about("home/far").join("\n"),
      /^ends with this move: ThanosRuler home\/far: only the operator runs it.*$/,
    );
    assert.match(about("shop/keda").join("\n"), /^Deployment shop\/keda asks .*: prometheusApi\.formerNames keeps .*$/);
    const other = planBetween(early, source, { ...move, from: "dual-write", to: from, route: ["dual-write", from] });
    assert.doesNotMatch(other.beside.join("\n"), /ends with this move|shop\/keda/);
  });

  it("removes on the way back what the way there made, workloads and no data", () => {
    assert.deepEqual(met(back, "delete"), met(forth, "create"));
    assert.deepEqual(
      met(back, "delete").filter((name) => data.test(name)),
      [],
    );
    const kinds = new Set(met(back, "delete").map((name) => name.split(" ")[0]));
    assert.deepEqual([...kinds].sort(), [
      "ConfigMap",
      "PrometheusRule",
      "Service",
      "ServiceAccount",
      "ServiceMonitor",
      "StatefulSet",
    ]);
    assert.deepEqual([met(back, "replace"), met(back, "blocked"), back.refusals], [[], [], []]);
    const gone = back.volumes.filter(({ fate }) => fate !== "stays");
    assert.deepEqual(
      gone.map(({ claims, fate }) => [claims, fate]),
      [[["data-mimir-0"], "kept"]],
    );
  });

  it("says of a larger volume that its StatefulSet is replaced, what becomes of the claim, and what to do", () => {
    assert.deepEqual(met(larger, "replace"), ["StatefulSet loki-backend", "StatefulSet loki-write"]);
    const step = larger.steps.find(({ op }) => op === "replace");
    assert.deepEqual(step?.changes, ["spec.volumeClaimTemplates[0].spec.resources.requests.storage"]);
    assert.match(step?.why ?? "", /kubectl patch pvc.*deleted, then created again$/);
    const loki = larger.volumes.find(({ name }) => name === "loki-write");
    assert.deepEqual([loki?.claims, loki?.fate], [[0, 1, 2].map((ordinal) => `data-loki-write-${ordinal}`), "kept"]);
    assert.deepEqual(larger.refusals, []);
  });

  it("knows the volume that kube-prometheus-stack's operator makes", () => {
    const prometheus = forth.volumes.find(({ name }) => name === "prometheus");
    assert.deepEqual(
      [prometheus?.claims, prometheus?.fate],
      [["prometheus-kube-prometheus-stack-prometheus-db-prometheus-kube-prometheus-stack-prometheus-0"], "stays"],
    );
  });
});
