import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { binariesOfRecipe, buildImage } from "../../../lab/cluster/image-build";
import { listedImages, tagOf, unavailableImages, whyUnavailable } from "../../../lab/cluster/image-load";
import { imageRecipes } from "../../../lab/cluster/images";
import { Program, programTable } from "../../../lab/cluster/programs";
import { StandInMachine } from "./stand-ins";

describe("Images of the program in the cluster", () => {
  let machine: StandInMachine;
  beforeEach(() => (machine = new StandInMachine()));
  afterEach(() => machine.remove());

  it("each have a recipe, or a reason why there can be none", () => {
    const unknown = listedImages().filter(({ name }) => !imageRecipes[name]);
    assert.deepEqual(unknown, []);
  });

  it("are made of binaries that their program has", () => {
    for (const recipe of Object.values(imageRecipes)) {
      if ("unavailable" in recipe) continue;
      for (const { program, binary } of binariesOfRecipe(recipe)) {
        assert.ok((programTable[program] as Program).binaries[binary], `${program}: ${binary}`);
      }
    }
  });

  it("include Loki, its gateway, MinIO and Prometheus, whose absence nothing excuses", () => {
    for (const name of [
      "loki",
      "loki-canary",
      "nginx",
      "minio",
      "minio-mc",
      "prometheus",
      "alertmanager",
      "node-exporter",
      "mimir",
    ]) {
      assert.equal(whyUnavailable(name, true), undefined);
    }
  });

  it("that need a registry are listed with reference and reason before a cluster is up", () => {
    machine.command("apt-get");
    const grafana = unavailableImages().find(({ name }) => name === "grafana");
    assert.match(grafana!.reference, /grafana\/grafana:/);
    assert.match(grafana!.reason, /^needs an image registry: /);
    assert.equal(
      unavailableImages().find(({ name }) => name === "loki"),
      undefined,
    );
  });

  it("of a program that isn't built here are there where the environment names one, and say how else", async () => {
    const reason = whyUnavailable("vector", true);
    assert.match(reason ?? "", /^needs an image registry, or a program of yours \(VECTOR_BINARY=PATH\): Vector is/);
    const recipe = { given: { path: "/usr/bin/vector", variable: "VECTOR_BINARY", why: "" }, config: {} };
    const program = join(machine.root, "vector");
    try {
      process.env.VECTOR_BINARY = program;
      assert.equal(whyUnavailable("vector", true), undefined);
      await assert.rejects(
        buildImage("vector", "vector:1", recipe, () => {}),
        /VECTOR_BINARY=.*vector: has to be the absolute path of a program that runs on this machine/,
      );
      machine.command(program, "echo 'vector 0.57.0 (x86_64-unknown-linux-gnu)'");
      machine.command("ldd", "echo 'not a dynamic executable' >&2; exit 1");
      const { archive, builtFrom, version } = await buildImage("vector", "vector:1", recipe, () => {});
      assert.deepEqual([builtFrom, version], [`VECTOR_BINARY=${program}`, "0.57.0"]);
      assert.ok(readFileSync(archive, "latin1").includes("vector 0.57.0 (x86_64"));
    } finally {
      delete process.env.VECTOR_BINARY;
    }
  });

  it("that are made with Debian's packages can't be had without apt-get, and say so", () => {
    assert.match(whyUnavailable("nginx", false)!, /no apt-get/);
    assert.equal(whyUnavailable("loki", false), undefined);
  });

  it("that nobody wrote a recipe for are unavailable, never silently there", () => {
    assert.match(whyUnavailable("brand-new")!, /no recipe for "brand-new"/);
  });

  it("are compared with their tag, not with a registry's port or a digest", () => {
    assert.equal(tagOf("localhost:5000/a/b:v1.2"), "v1.2");
    assert.equal(tagOf("localhost:5000/a/b"), "latest");
    assert.equal(tagOf("a/b:v1@sha256:abc"), "v1");
  });
});
