import assert from "node:assert/strict";
import { join } from "node:path";
import { goCommand, goIsAtLeast, installedGo, requiredGo } from "../../../lab/cluster/go";
import { StandInMachine } from "./stand-ins";

describe("Finding Go", () => {
  let machine: StandInMachine;
  beforeEach(() => (machine = new StandInMachine()));
  afterEach(() => machine.remove());

  const go = () => join(machine.root, "bin", "go");

  it("compares versions by number, not by letter", () => {
    assert.ok(goIsAtLeast("1.26.10", "1.26.9"));
    assert.ok(goIsAtLeast("1.26", "1.26.0"));
    assert.ok(goIsAtLeast("2.0.0", "1.99.9"));
    assert.ok(!goIsAtLeast("1.9", "1.26.0"));
    assert.ok(!goIsAtLeast("1.26.5", "1.26.6"));
  });

  it("asks for the newest version that any program's go.mod asks for", () => {
    assert.ok(goIsAtLeast(requiredGo(), requiredGo(["loki"])));
    assert.equal(requiredGo(["containerd"]), requiredGo(["containerd", "mc"]));
  });

  it("says what to install where there is none", async () => {
    assert.equal(await installedGo([go()]), undefined);
    await assert.rejects(
      goCommand(() => {}, [go()]),
      /Go is not installed.*apt-get install golang-go.*go\.dev\/dl/s,
    );
  });

  it("takes one that is new enough", async () => {
    machine.command("go", "echo go version go99.1 linux/amd64");
    assert.equal(await goCommand(() => {}, [go()]), go());
  });

  it("lets an older one download the toolchain's module", async () => {
    const toolchain = join(machine.root, "toolchain");
    machine.command(
      "go",
      `case $1 in version) echo go version go1.19.8 linux/amd64;; mod) echo '{"Dir": "${toolchain}"}';; esac`,
    );
    const lines: string[] = [];
    assert.equal(await goCommand((line) => lines.push(line), [go()]), join(toolchain, "bin", "go"));
    assert.match(lines[0], /Go 1\.19\.8 is older/);
    assert.match(
      machine.called().at(-1)!,
      new RegExp(`^go mod download -json golang.org/toolchain@v0.0.1-go${requiredGo()}\\.`),
    );
  });
});
