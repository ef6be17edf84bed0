import assert from "node:assert/strict";
import { binaryPath } from "../../../lab/cluster/build";
import { hostTool } from "../../../lab/cluster/tools";
import { StandInMachine } from "./stand-ins";

describe("Tools of this machine", () => {
  let machine: StandInMachine;
  beforeEach(() => (machine = new StandInMachine()));
  afterEach(() => machine.remove());

  it("come from the cache without Go where they are built already", async () => {
    const path = binaryPath({ program: "prometheus", binary: "promtool" });
    machine.command(path);
    assert.equal(await hostTool("promtool"), path);
    assert.deepEqual(machine.called(), []);
  });

  it("are kept below the cache folder, by version and target", () => {
    const one = { program: "loki", binary: "loki" } as const;
    assert.ok(binaryPath(one).startsWith(`${process.env.XDG_CACHE_HOME}/observability-cluster/bin/loki/`));
    assert.notEqual(binaryPath(one, { os: "linux", arch: "amd64" }), binaryPath(one, { os: "linux", arch: "arm64" }));
  });

  it("lie together where they belong to one program, because containerd looks for its shim beside itself", () => {
    const dir = (binary: string) => binaryPath({ program: "containerd", binary }).slice(0, -binary.length);
    assert.equal(dir("containerd"), dir("containerd-shim-runc-v2"));
  });
});
