import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { casesOf, checkCharts, type Case } from "../../ci/chart-check";
import { StandInMachine } from "../cluster/stand-ins";
import { runByHost } from "../program/support/hosted";

const crd = { kind: "CustomResourceDefinition", metadata: { name: "prometheuses.monitoring.coreos.com" } };

describe("chart:check", () => {
  let machine: StandInMachine;
  let said: string[];
  let sandbox: Case[];
  const check = (cases = sandbox) =>
    checkCharts(
      () => Promise.resolve(cases),
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

  /** A helm that gives these objects for any chart, and keeps the values that it was given. */
  function helm(objects: readonly object[]): void {
    const file = join(machine.root, "objects.yaml");
    writeFileSync(file, objects.map((object) => stringify(object)).join("---\n"));
    machine.command("helm", `[ "$1" = template ] || exit 0\ncat >> ${join(machine.root, "values")}\ncat ${file}`);
  }

  it("fails where helm is missing, and says how to get it", async () => {
    assert.equal(await check(), 1);
    assert.match(said.join("\n"), /Nothing was checked: `helm version --short` fails\. Install Helm/);
  });

  it("asks for each chart of a stack at its own version and repository, also as an adoption would", async () => {
    helm([crd]);
    await check();
    const asked = machine.called().filter((line) => line.startsWith("helm template"));
    const repository = "--repo https://prometheus-community.github.io/helm-charts";
    assert.equal(asked.length, 4);
    for (const line of asked) assert.match(line, new RegExp(`${repository} --version \\d+\\.\\d+\\.\\d+ --namespace `));
    assert.match(asked.join("\n"), /template kube-prometheus-stack kube-prometheus-stack /);
    assert.match(asked.join("\n"), /template kps kube-prometheus-stack /);
    assert.equal(asked.filter((line) => line.includes("template prometheus-operator-crds")).length, 2);
  });

  it("fails for what a chart makes and may not, naming stack, release and object", async () => {
    helm([crd, { kind: "Alertmanager", metadata: { name: "kps" } }]);
    assert.equal(await check(), 1);
    const text = said.join("\n");
    assert.match(text, /✗ sandbox: release monitoring\/kube-prometheus-stack, kube-prometheus-stack \S+\n/);
    assert.match(text, /^ {4}Alertmanager kps must not be there/m);
  });

  it("fails with helm's own words when helm does, and when it gives nothing", async () => {
    machine.command("helm", `[ "$1" = template ] || exit 0\necho "no such chart version" >&2; exit 1`);
    assert.equal(await check(), 1);
    assert.match(said.join("\n"), /✗ sandbox: .*\n.*exit code 1:\n {4}no such chart version/);
    helm([]);
    assert.equal(await check(), 1);
    assert.match(said.join("\n"), /the chart makes no object/);
  });

  it("fails where there was nothing to check", async () => {
    helm([crd]);
    assert.equal(await check([]), 1);
    assert.match(said.join("\n"), /no stack has what this check looks at/);
  });
});
