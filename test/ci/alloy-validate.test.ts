import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { alloyConfigs } from "../../ci/alloy-configs";
import { casesOf, validateAlloy, type Case } from "../../ci/alloy-validate";
import { image } from "../../components/images";
import { StandInMachine } from "../cluster/stand-ins";
import { runByHost } from "../program/support/hosted";

describe("alloy:validate", () => {
  let machine: StandInMachine;
  let said: string[];
  let sandbox: Case[];
  const validate = () =>
    validateAlloy(
      () => Promise.resolve(sandbox),
      (line) => said.push(line),
    );

  before(async () => {
    sandbox = await casesOf(["sandbox"], runByHost);
  });

  beforeEach(() => {
    machine = new StandInMachine();
    said = [];
  });
  afterEach(() => machine.remove());

  /** A docker that keeps the file that it was asked to validate, and ends as told; asked for help, it knows these flags. */
  const docker = (end = "", flags = sandbox.flatMap((each) => each.flags)) =>
    machine.command(
      "docker",
      `[ "$1" = run ] || exit 0
case "$*" in *--help) echo "Usage: ${flags.map((flag) => `  ${flag} string   what it is`).join("\n")}"; exit 0;; esac
folder=$(echo "$*" | sed 's/.*source=\\([^,]*\\),.*/\\1/')
cat "$folder/config.alloy" >> ${join(machine.root, "validated")}
${end}`,
    );

  it("fails where no Docker engine answers, and says what to do", async () => {
    machine.command("docker", "exit 1");
    assert.equal(await validate(), 1);
    assert.match(said.join("\n"), /Nothing was checked: `docker version .*` fails\. Start a Docker engine/);
  });

  it("gives each of a stack's configurations to the Alloy of images.json, without a network", async () => {
    docker();
    assert.equal(await validate(), 0);
    const runs = machine.called().filter((line) => line.startsWith("docker run") && !line.endsWith("--help"));
    assert.equal(runs.length, 4);
    for (const line of runs) {
      assert.ok(line.includes("--network=none"), line);
      assert.ok(
        line.endsWith(`${image("alloy")} validate --stability.level=generally-available /config/config.alloy`),
        line,
      );
    }
    const validated = readFileSync(join(machine.root, "validated"), "utf8");
    assert.match(validated, /loki\.source\.file/);
    assert.match(validated, /loki\.source\.kubernetes_events/);
    assert.match(validated, /mimir\.rules\.kubernetes/);
    assert.match(validated, /prometheus\.remote_write/);
    assert.match(said.join("\n"), /✓ sandbox: monitoring\/alloy-events, read by /);
  });

  it("fails with Alloy's own words when it refuses a configuration", async () => {
    docker(`echo 'config.alloy:1:1: unrecognized block name "loki.sink"' >&2; exit 1`);
    assert.equal(await validate(), 1);
    assert.match(
      said.join("\n"),
      /✗ sandbox: monitoring\/alloy, read by .*\n.*\n {4}config\.alloy:1:1: unrecognized block/,
    );
  });

  it("fails for a flag that Alloy does not have: its validate reads none", async () => {
    docker("", ["--storage.path", "--disable-reporting"]);
    assert.equal(await validate(), 1);
    assert.match(
      said.join("\n"),
      /✗ sandbox: monitoring\/alloy, .*\n(.*\n)*? {4}--stability\.level is no flag of alloy run/,
    );
    assert.doesNotMatch(said.join("\n"), /--storage\.path is no flag/);
  });

  it("fails for a configuration that no pod mounts: nothing says which Alloy reads it", () => {
    const config = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "alloy", namespace: "monitoring" } };
    assert.throws(
      () => alloyConfigs([{ ...config, data: { "config.alloy": "" } }]),
      /no pod mounts the ConfigMap monitoring\/alloy/,
    );
  });
});
