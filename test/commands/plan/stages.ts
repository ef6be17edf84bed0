import assert from "node:assert/strict";
import { planBetween, type Plan } from "../../../commands/plan/plan";
import { routeBetween } from "../../../commands/plan/route";
import type { Operation } from "../../../commands/plan/steps";
import type { Previewed } from "../../../commands/shared/preview";
import { nameOf, typeOf } from "../../../engine/urn";
import { inStage } from "../../program/support/previews";
import type { MimirStage } from "../../../stages";

/** The stages, and the step before the last one. */
type Point = MimirStage | "retired";

const retirement = [
  "migration.retireKps=true",
  "migration.reclaimVolumes[0]=prometheus",
  // Long ago, so that the days that Mimir must have are over.
  "migration.dualWriteSince=2000-01-01",
];

const settings: Record<Point, string[]> = {
  loki: inStage("loki"),
  "dual-write": inStage("dual-write"),
  "mimir-default": inStage("mimir-default"),
  retired: [...inStage("mimir-default"), ...retirement],
  // What is there then is the same, with the settings of the retirement or without.
  "kps-removed": inStage("kps-removed"),
};
const points = Object.keys(settings) as Point[];

/** The kinds and names that an operation meets, components aside. */
const met = ({ steps, resources }: Plan, op: Operation): string[] =>
  steps
    .filter((step) => step.op === op && !typeOf(step.urn).startsWith("observability:"))
    .filter(({ urn }) => resources.find((each) => each.urn === urn)?.custom ?? true)
    .map(({ urn }) => `${typeOf(urn).split(":").at(-1)} ${nameOf(urn)}`)
    .sort();

/** Volumes that don't stay, each with what becomes of it. */
const moved = ({ volumes }: Plan) =>
  volumes
    .filter(({ fate }) => fate !== "stays")
    .flatMap(({ claims, fate }) => claims.map((claim) => `${fate} ${claim}`));

const ofPrometheus = "prometheus-kube-prometheus-stack-prometheus-db-prometheus-kube-prometheus-stack-prometheus-0";

/** What goes with kube-prometheus-stack, and comes with it. */
const withKps = [
  // It shows what both have, and holds nothing.
  "ConfigMap grafana-dashboard-migration-progress",
  // Without its Prometheus the alert that it sends nothing would fire for ever.
  "PrometheusRule rules-remote-write",
  "Release kube-prometheus-stack",
];

/** What nothing makes anew. A Secret is a copy, of what is given or of a RandomPassword. */
const data = /^(S3Bucket|Iam\w+|Item|Namespace|PersistentVolume\w*|RandomPassword|CustomResourceDefinition|Release) /;

/**
 * Tests of the plans of every move, for one stack.
 * @param profile where its secrets and objects are
 * @param preview its graph with some settings
 */
export function describePlans(profile: string, preview: (config: string[]) => Promise<Previewed>): void {
  describe(`the plans from stage to stage, with ${profile}`, () => {
    let at: Record<Point, Previewed>;

    before(async () => {
      const all = await Promise.all(points.map(async (point) => [point, await preview(settings[point])] as const));
      at = Object.fromEntries(all) as typeof at;
    });

    const stageOf = (point: Point): MimirStage => (point === "retired" ? "mimir-default" : point);
    const plan = (from: Point, to: Point, reclaimed = ["prometheus"]): Plan => {
      const [start, end] = [stageOf(from), stageOf(to)];
      const move = { from: start, to: end, route: routeBetween(start, end), stepwise: true, reclaimed };
      return planBetween(at[from], at[to], move);
    };
    const goes = (moves: Plan) => [...met(moves, "delete"), ...met(moves, "replace"), ...met(moves, "blocked")];

    it("delete and replace nothing from loki to dual-write to mimir-default, and touch no volume that is there", () => {
      const [first, second] = [plan("loki", "dual-write"), plan("dual-write", "mimir-default")];
      assert.deepEqual([goes(first), goes(second)], [[], []]);
      assert.deepEqual([first.refusals, second.refusals], [[], []]);
      assert.deepEqual(moved(first), ["made data-mimir-0"]);
      assert.deepEqual(moved(second), []);
      assert.ok(met(first, "create").includes("StatefulSet mimir"));
      assert.ok(met(second, "create").includes("Deployment alloy-rules"));
      assert.ok(met(second, "update").includes("Release kube-prometheus-stack"));
    });

    it("change nothing but the release in the retirement, and lift its protection there", () => {
      const there = plan("mimir-default", "retired");
      assert.deepEqual([goes(there), met(there, "create"), moved(there)], [[], [], []]);
      assert.deepEqual(met(there, "update"), ["Release kube-prometheus-stack"]);
      const release = there.steps.find(
        ({ urn }) => typeOf(urn).endsWith(":Release") && nameOf(urn).startsWith("kube-"),
      );
      assert.deepEqual(release?.changes, [
        "values.prometheus.prometheusSpec.persistentVolumeClaimRetentionPolicy.whenDeleted",
      ]);
      assert.match(release?.why ?? "", /no longer protected$/);
      assert.deepEqual([there.refusals, there.beside], [[], []]);
    });

    it("delete in the last step kube-prometheus-stack, what is about its remote_write, and the volume that is named", () => {
      const last = plan("retired", "kps-removed");
      assert.deepEqual(goes(last), withKps);
      assert.deepEqual(moved(last), [`deleted ${ofPrometheus}`, "made data-alloy-metrics-0"]);
      assert.deepEqual(last.refusals, []);
    });

    it("refuse the last step where the volume is not named, and where the protection was not lifted before", () => {
      const unnamed = plan("retired", "kps-removed", []);
      assert.deepEqual(unnamed.refusals, [
        `monitoring/${ofPrometheus} would be deleted with its data: whenDeleted in the release's values is Delete`,
      ]);
      const early = plan("mimir-default", "kps-removed");
      assert.deepEqual(met(early, "blocked"), ["Release kube-prometheus-stack"]);
      assert.match(early.refusals[0], /Release kube-prometheus-stack: protected, and would be deleted\./);
      assert.equal(early.refusals.length, 1);
    });

    it("list in the last step what the operator made, and no monitor of the stack's that Alloy can't scrape", () => {
      const { beside } = plan("retired", "kps-removed");
      assert.deepEqual(
        beside.map((sentence) => /^[^:]*?(?= is deleted| and the Secrets|, and there| \(|:)/.exec(sentence)?.[0]),
        [
          "StatefulSet monitoring/prometheus-kube-prometheus-stack-prometheus",
          "Service monitoring/prometheus-operated",
          "Helm runs no hooks",
          "Service and Endpoints kube-system/kube-prometheus-stack-kubelet",
          "Services monitoring/prometheus-operated, monitoring/kube-prometheus-stack-prometheus",
          "other applications' ScrapeConfigs",
          "other applications' AlertmanagerConfigs",
          "new alerts of the stack",
          "alerts of the stack that end",
          "dashboards of the stack that end",
        ],
      );
    });

    const back: [Point, Point][] = [
      ["dual-write", "loki"],
      ["mimir-default", "dual-write"],
      ["retired", "mimir-default"],
      ["kps-removed", "mimir-default"],
    ];
    for (const [from, to] of back)
      it(`remove from ${from} back to ${to} what ${from} had added, workloads and no claim`, () => {
        const [forth, there] = [plan(to, from), plan(from, to)];
        assert.deepEqual(met(there, "delete"), met(forth, "create"));
        assert.deepEqual(
          met(there, "delete").filter((name) => data.test(name)),
          [],
        );
        assert.deepEqual([met(there, "replace"), met(there, "blocked"), there.refusals], [[], [], []]);
        const volumes = there.volumes.filter(({ fate }) => fate === "deleted");
        assert.deepEqual(volumes, []);
      });

    it("install an empty Prometheus on the way back from kps-removed, or one that takes a kept volume again", () => {
      const there = plan("kps-removed", "mimir-default");
      assert.deepEqual(met(there, "create"), withKps);
      const [volume] = there.volumes.filter(({ name }) => name === "prometheus");
      assert.deepEqual([volume.claims, volume.fate], [[ofPrometheus], "made"]);
      assert.match(volume.why, /reused, if it was kept/);
    });

    it("refuse to skip a stage, with the steps and the route", () => {
      const far: [Point, Point, string][] = [
        ["loki", "mimir-default", "loki → dual-write → mimir-default"],
        ["loki", "kps-removed", "loki → dual-write → mimir-default → kps-removed"],
        ["dual-write", "kps-removed", "dual-write → mimir-default → kps-removed"],
        ["kps-removed", "loki", "kps-removed → mimir-default → dual-write → loki"],
      ];
      for (const [from, to, route] of far) {
        const { refusals, steps } = plan(from, to);
        assert.equal(refusals[0], `${from} and ${to} are not neighbours: take one stage at a time, ${route}`);
        assert.ok(steps.some(({ op }) => op === "create" || op === "delete"));
      }
    });
  });
}
