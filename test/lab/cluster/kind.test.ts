import assert from "node:assert/strict";
import { binaryPath } from "../../../lab/cluster/build";
import { kind, nodeImage } from "../../../lab/cluster/kind";
import { kubeconfigPath } from "../../../lab/cluster/paths";
import { StandInMachine } from "./stand-ins";

describe("The engine kind", () => {
  let machine: StandInMachine;
  beforeEach(() => {
    machine = new StandInMachine();
    machine.command(binaryPath({ program: "kind", binary: "kind" }));
    machine.command(binaryPath({ program: "kubernetes", binary: "kubectl" }), "cat > /dev/null");
  });
  afterEach(() => machine.remove());

  const options = { range: "10.213.0.0/16", storageClasses: ["local-path", "openebs-hostpath"] };

  it("uses a node image that is pinned by digest", () => {
    assert.match(nodeImage, /^kindest\/node:v\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$/);
  });

  it("says so where no Docker engine answers", async () => {
    machine.command("docker", "exit 1");
    await assert.rejects(
      kind.prepare(options, () => {}),
      /needs a Docker engine/,
    );
  });

  it("creates the cluster where there is none, with our default storage class", async () => {
    machine.command("docker", "exit 1"); // no such container
    await kind.up(options, () => {});
    const calls = machine.called();
    assert.ok(
      calls.some(
        (call) => call.startsWith(`kind create cluster --image ${nodeImage}`) && call.includes(kubeconfigPath()),
      ),
    );
    assert.ok(calls.some((call) => /^kubectl annotate storageclass standard .*=false/.test(call)));
  });

  it("starts the one that is there, which a reboot has stopped, and makes no second", async () => {
    machine.command("docker");
    await kind.up(options, () => {});
    const calls = machine.called();
    assert.ok(calls.includes("docker start observability-control-plane"));
    assert.ok(!calls.some((call) => call.startsWith("kind create")));
  });

  it("takes an image from its registry where that answers, and tells where it doesn't", async () => {
    machine.command("docker");
    assert.equal(await kind.pull("a/b:1"), true);
    assert.ok(machine.called().includes("kind load docker-image a/b:1 --name observability"));
    machine.command("docker", "exit 1");
    assert.equal(await kind.pull("a/b:2"), false);
  });

  it("loads an archive that was made here", async () => {
    await kind.load("/somewhere/image.tar");
    assert.deepEqual(machine.called(), ["kind load image-archive /somewhere/image.tar --name observability"]);
  });

  it("deletes the cluster by its name", async () => {
    await kind.down(() => {});
    assert.match(machine.called()[0], /^kind delete cluster .*--name observability$/);
  });
});
