import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { alloyConfigs } from "../../../lab/checks/alloy-configs";
import { casesOf, validateAlloy, type Case } from "../../../lab/checks/alloy-validate";
import { image } from "../../../components/images";
import { StandInMachine } from "../cluster/stand-ins";
import { runInline } from "../../program/support/inline";
import { testStack } from "../../stacks/stacks";

describe("alloy:validate", () => {
  let machine: StandInMachine;
  let said: string[];
  let sandbox: Case[];
  const validate = (built = () => Promise.reject<string>(new Error("Go is not installed"))) =>
    validateAlloy(
      () => Promise.resolve(sandbox),
      (line) => said.push(line),
      built,
    );

  before(async () => {
    sandbox = await casesOf([testStack("sandbox")], runInline);
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

  it("fails where no Docker engine answers and no Alloy can be built, and says what to do", async () => {
    machine.command("docker", "exit 1");
    assert.equal(await validate(), 1);
    assert.match(said.join("\n"), /Nothing was checked: `docker version .*` fails\. Start a Docker engine/);
    assert.match(said.join("\n"), /could not be built here: Go is not installed/);
  });

  it("asks the Alloy that is built here where no Docker engine answers", async () => {
    machine.command("docker", "exit 1");
    machine.command(
      "alloy",
      `[ "$1" != run ] || echo "${sandbox.flatMap(({ flags }) => flags).join(" ")}"
[ "$1" != validate ] || ! grep -q kubernetes_events "$3" || { echo 'unknown component "loki.source.kubernetes_events"' >&2; exit 1; }`,
    );
    assert.equal(await validate(() => Promise.resolve("alloy")), 1);
    assert.match(said.join("\n"), /using Alloy v\d+\.\d+\.\d+, built from its Go module/);
    const of = (mark: string) => said.filter((line) => line.startsWith(mark)).map((line) => line.split(/[ ,]/)[2]);
    assert.deepEqual(of("✗"), ["monitoring/alloy-events"]);
    assert.deepEqual(of("✓").sort(), ["monitoring/alloy", "monitoring/alloy-metrics", "monitoring/alloy-rules"]);
    const validated = machine.called().filter((line) => line.startsWith("alloy validate"));
    assert.equal(validated.length, 4);
    for (const line of validated) assert.match(line, /^alloy validate --stability\.level=\S+ \/.*\/config\.alloy$/);
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
      /✗ sandbox: monitoring\/alloy, .*\n(.*\n)*? {4}alloy run has no flag --stability\.level/,
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
