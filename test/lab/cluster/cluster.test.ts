import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { status, up } from "../../../lab/cluster/cluster";
import { kubeconfigPath, stateDir } from "../../../lab/cluster/paths";
import { StandInMachine } from "./stand-ins";

describe("The cluster", () => {
  let machine: StandInMachine;
  beforeEach(() => (machine = new StandInMachine()));
  afterEach(() => machine.remove());

  const options = { range: "10.213.0.0/16", storageClasses: ["local-path"] };

  it("is kind where a Docker engine answers, and native where none does", async () => {
    machine.command("docker", "exit 1");
    assert.equal((await status()).engine, "native");
    machine.command("docker", "[ $1 = version ]");
    assert.equal((await status()).engine, "kind");
  });

  it("is not running before it is up, and its kubeconfig's path is known already", async () => {
    const { running, kubeconfig, kubernetesVersion, images } = await status();
    assert.equal(running, false);
    assert.equal(kubeconfig, kubeconfigPath());
    assert.equal(kubernetesVersion, null);
    assert.deepEqual(images.loaded, []);
    assert.notEqual(images.unavailable.length, 0);
  });

  it("keeps the engine that it was made with, whatever answers today", async () => {
    mkdirSync(stateDir(), { recursive: true });
    writeFileSync(join(stateDir(), "engine"), "native");
    machine.command("docker");
    assert.equal((await status()).engine, "native");
    await assert.rejects(
      up(options, () => {}, "kind"),
      /engine native exists already: remove it first/,
    );
  });

  it("refuses a range that can't be divided, with the form that is wanted", async () => {
    machine.command("docker", "exit 1");
    await assert.rejects(
      up({ ...options, range: "10.213.0.0/24" }, () => {}),
      /--range 10\.213\.0\.0\/24: .*A\.B\.0\.0\/16/,
    );
  });
});
