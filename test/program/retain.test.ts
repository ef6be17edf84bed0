import assert from "node:assert/strict";
import { retainable, type Retainable } from "../../settings/sections/removal";
import { offlineDestroy, planBetween, type Plan } from "../../commands/plan/plan";
import { partOf } from "../../commands/shared/retain";
import { typeOf } from "../../engine/urn";
import { code, pages } from "../docs/markdown";
import { runInline } from "./support/inline";
import { previewedOf } from "./support/previews";
import { testStack } from "../stacks/stacks";

const section = (key: string, value: unknown): string => `${key}=${JSON.stringify(value)}`;

const everything = [section("removal", { retain: retainable })];

/** Every part taken out of the program at once, each by its own setting. */
const takenOut = [
  section("crds", { create: false }),
  "kps.enabled=false",
  "namespace.create=false",
  section("objectStore", { kind: "existing", endpoint: "https://s3.example.org", region: "eu-home-1" }),
  section("secrets", {
    provider: "config",
    existing: { lokiObjectStore: { name: "theirs" }, mimirObjectStore: { name: "theirs" } },
  }),
  section("secretValues", { pushover: { token: "t", userKey: "u" }, heartbeat: { url: "https://hc.example.org/x" } }),
];

const move = { from: "loki", to: "loki", route: ["loki"], stepwise: true, reclaimed: [] };
const own = ({ steps }: Plan, part: Retainable) =>
  // Attachments hold nothing: they are unprotected in any case.
  steps.filter(({ urn }) => partOf(urn) === part && !urn.includes("Attachment"));
const forgotten = "only forgotten by Pulumi: it stays in the cluster (retainOnDelete)";

describe("The setting removal.retain", () => {
  const [before, retained] = [() => previewedOf("production"), () => previewedOf("production", ...everything)];

  it("lifts the protection of the parts that it names, and Pulumi only forgets them then; of nothing else", async () => {
    for (const [previewed, named] of [[await before(), false] as const, [await retained(), true] as const]) {
      const { resources } = previewed.preview;
      for (const { urn, options } of resources.filter(({ urn }) => !urn.includes("Attachment"))) {
        const data = partOf(urn) !== undefined;
        assert.deepEqual([options.protect, options.retainOnDelete], [data && !named, data && named], urn);
      }
      assert.deepEqual(new Set(resources.flatMap(({ urn }) => partOf(urn) ?? [])), new Set(retainable));
    }
  });

  it("changes nothing in the cluster by itself, and the plan says what it means", async () => {
    const plan = planBetween(await before(), await retained(), move);
    const changed = plan.steps.filter(({ op, urn }) => op !== "same" && !typeOf(urn).startsWith("observability:"));
    assert.deepEqual(changed, []);
    for (const part of retainable)
      for (const { urn, why } of own(plan, part))
        assert.match(why, /^no longer protected, but retained: if it is removed later, it stays in the cluster$/, urn);
  });

  it("keeps each part where it is when it is taken out, with its volumes and what its operator made", async () => {
    const plan = planBetween(await retained(), await previewedOf("production", ...everything, ...takenOut), move);
    for (const part of retainable) {
      assert.ok(own(plan, part).length > 0, part);
      for (const { op, why } of own(plan, part)) assert.deepEqual([op, why], ["delete", forgotten], part);
    }
    assert.deepEqual(plan.refusals, []);
    assert.match(plan.summary, /, 16 only forgotten, nothing replaced; no volume deleted/);
    assert.equal(plan.volumes.find(({ name }) => name === "prometheus")?.fate, "kept");
    // Alerts and data sources of a part end with it; nothing in the cluster does.
    assert.deepEqual(
      plan.beside.map((each) => each.split(" (")[0]),
      ["alerts of the stack that end", "data sources of the stack that end"],
    );
  });

  it("is what the plan advises where something protected would be taken out without it", async () => {
    const plan = planBetween(await before(), await previewedOf("production", ...everything, ...takenOut), move);
    for (const part of retainable) {
      assert.ok(own(plan, part).length > 0, part);
      for (const { op, why } of own(plan, part)) {
        assert.equal(op, "blocked", part);
        assert.match(why, new RegExp(`removal\\.retain: \\[${part}\\] does this, and keeps the object$`));
      }
    }
    assert.ok(plan.refusals.length >= 14);
  });
});

/** What the pages' plans of taking a part out give as `--config`, each once. */
const rehearsals = (path: string): string[][] => {
  const page = pages.find((one) => one.path === path) ?? assert.fail(`there is no ${path}`);
  const plans = code(page).filter((line) => /^npm run plan .* --from loki --to loki .*--config/.test(line));
  return plans.map((line) =>
    [...line.matchAll(/--config ('[^']*'|\S+)/g)].map(([, given]) => given.replaceAll("'", "")),
  );
};

describe("The pages' rehearsals of taking a part out", () => {
  it("show that it stays, in a stack that made it", async () => {
    const plans = rehearsals("docs/removing.md");
    assert.ok(plans.length > 0);
    for (const config of plans) {
      const plan = planBetween(
        await previewedOf("production", ...everything),
        await previewedOf("production", ...everything, ...config),
        move,
      );
      assert.ok(
        plan.steps.some(({ why }) => why === forgotten),
        config.join(" "),
      );
    }
  });

  it("show that it stays, in a stack that took it over", async () => {
    const taken = [...everything, "adopt.kps.release=metrics/kps"];
    const plans = rehearsals("docs/adoption.md");
    assert.ok(plans.length > 0);
    for (const config of plans) {
      const plan = planBetween(
        await previewedOf("production", ...taken),
        await previewedOf("production", ...taken, ...config),
        move,
      );
      const gone = plan.steps.filter(({ why }) => why === forgotten).map(({ urn }) => partOf(urn));
      assert.deepEqual([gone.length > 0, plan.refusals], [true, []], config.join(" "));
    }
  });
});

describe("The plan of destroy", () => {
  const destroy = (...config: string[]) => offlineDestroy({ ...testStack("production"), start: runInline, config });

  it("is refused by what is protected, and tells what would go with each part", async () => {
    const plan = await destroy();
    for (const part of retainable) {
      for (const { op } of own(plan, part)) assert.equal(op, "blocked", part);
      assert.ok(
        plan.beside.some((sentence) => sentence.startsWith(`If you unprotect ${part}, you lose: `)),
        part,
      );
    }
    assert.deepEqual([plan.refusals.length, plan.route], [14, ["loki", "destroyed"]]);
    assert.match(plan.summary, /^loki → destroyed: .* to delete, nothing replaced, 14 blocked; no volume deleted/);
    assert.ok(plan.steps.every(({ op }) => op === "delete" || op === "blocked" || op === "same"));
  });

  it("shows what is retained as what stays, and refuses nothing where all of it is", async () => {
    const plan = await destroy(...everything);
    for (const part of retainable)
      for (const { op, why } of own(plan, part)) assert.deepEqual([op, why], ["delete", forgotten], part);
    assert.deepEqual(plan.refusals, []);
    assert.match(plan.summary, /, 16 only forgotten, nothing replaced; no volume deleted, 9 kept$/);
    assert.deepEqual(plan.resources, []);
  });
});
