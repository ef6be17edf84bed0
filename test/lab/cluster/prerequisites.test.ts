import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { hasCommand, installPrerequisites, Prerequisite } from "../../../lab/cluster/prerequisites";
import { StandInMachine } from "./stand-ins";

describe("Prerequisites", () => {
  let machine: StandInMachine;
  let prerequisites: Prerequisite[];
  beforeEach(() => {
    machine = new StandInMachine();
    prerequisites = [
      { package: "nftables", why: "holds rules", present: () => existsSync(join(machine.root, "installed")) },
      { package: "coreutils", why: "is there", present: () => true },
    ];
  });
  afterEach(() => machine.remove());

  it("are named with the command where there is no package manager", async () => {
    await assert.rejects(
      installPrerequisites(() => {}, prerequisites),
      (error: Error) => {
        assert.match(error.message, /nftables: holds rules/);
        assert.match(error.message, /apt-get update && apt-get install nftables$/m);
        assert.doesNotMatch(error.message, /coreutils/);
        return true;
      },
    );
  });

  it("are installed where there is one, only those that are missing", async () => {
    machine.command("apt-get", `[ "$1" = update ] || touch "${join(machine.root, "installed")}"`);
    await installPrerequisites(() => {}, prerequisites);
    assert.deepEqual(machine.called(), ["apt-get update", "apt-get install --yes --no-install-recommends nftables"]);
    await installPrerequisites(() => {}, prerequisites);
    assert.equal(machine.called().length, 2, "a second time there is nothing to do");
  });

  it("that the package manager can't install are named with its own words", async () => {
    machine.command("apt-get", "echo Unable to locate package >&2; exit 100");
    await assert.rejects(
      installPrerequisites(() => {}, prerequisites),
      /nftables: holds rules.*Unable to locate package/s,
    );
  });

  it("are still missing when the package manager said yes but the file isn't there", async () => {
    machine.command("apt-get");
    await assert.rejects(
      installPrerequisites(() => {}, prerequisites),
      /nftables: holds rules/,
    );
  });

  it("look for commands on PATH only", () => {
    machine.command("here");
    assert.equal(hasCommand("here"), true);
    assert.equal(hasCommand("sh"), false);
  });
});
