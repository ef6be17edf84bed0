import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { casesOf, checkCharts, waysOf, type Case } from "../../../lab/checks/chart-check";
import { settingsSchema } from "../../../settings/schema";
import { StandInMachine } from "../cluster/stand-ins";
import { runInline } from "../../program/support/inline";
import { testStack } from "../../stacks/stacks";

const crd = { kind: "CustomResourceDefinition", metadata: { name: "prometheuses.monitoring.coreos.com" } };

describe("chart:check", () => {
  let machine: StandInMachine;
  let said: string[];
  let sandbox: Case[];
  /** Upstream's rules in every stage, and as they are. */
  let rules: Case[];
  const check = (cases = sandbox, built = () => Promise.reject<string>(new Error("Go is not installed"))) =>
    checkCharts(
      () => Promise.resolve(cases),
      (line) => said.push(line),
      built,
    );

  before(async () => {
    const all = await casesOf([testStack("sandbox")], runInline);
    sandbox = all.filter(({ beside }) => beside === undefined);
    rules = all.filter(({ beside }) => beside !== undefined);
  });

  beforeEach(() => {
    machine = new StandInMachine();
    said = [];
  });
  afterEach(() => machine.remove());

  /** A helm that gives these objects for any chart, and keeps the values that it was given. */
  function helm(objects: readonly object[], name = "helm"): void {
    const file = join(machine.root, "objects.yaml");
    writeFileSync(file, objects.map((object) => stringify(object)).join("---\n"));
    machine.command(name, `[ "$1" = template ] || exit 0\ncat >> ${join(machine.root, "values")}\ncat ${file}`);
  }

  it("looks at the stages of the stack's own backend, and at an adoption where there is a release to take over", () => {
    const titles = (settings: Record<string, unknown>) =>
      waysOf(settingsSchema.parse(settings)).map(({ title }) => title);
    const stages = (third: string) => ["loki", "dual-write", third, "kps-removed"].map((name) => ` in stage ${name}`);
    assert.deepEqual(titles({}), ["", ", adopted", ...stages("mimir-default")]);
    const victoria = titles({ stage: "kps-removed", metrics: { backend: "victoria-metrics" } });
    assert.deepEqual(victoria, ["", ...stages("victoria-metrics-default")]);
  });

  it("keeps nothing of an adopted release in the stage that removes it", () => {
    const last = (settings: Record<string, unknown>) => waysOf(settingsSchema.parse(settings)).at(-1)!.config;
    const adopting = last({ adopt: { kps: { release: "monitoring/kps", keepGrafana: true } } });
    assert.ok(adopting.includes("adopt.kps.keepGrafana=false"), adopting.join());
    assert.doesNotMatch(last({}).join(), /adopt/);
  });

  it("asks the helm that is built here where none is installed", async () => {
    helm([crd], "built-helm");
    await check(sandbox, () => Promise.resolve("built-helm"));
    assert.ok(machine.called().some((line) => line.startsWith("built-helm template kube-prometheus-stack ")));
  });

  it("fails where helm is missing and can't be built, and says how to get it", async () => {
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

  it("asks for a chart where the settings say that it is", async () => {
    helm([crd]);
    const [{ release, ...rest }] = sandbox;
    const elsewhere = (source: string) => ({ ...rest, release: { ...release, source, repository: null } });
    await check([
      elsewhere("oci://registry.example.org/prometheus-operator-crds"),
      elsewhere("./prometheus-operator-crds"),
    ]);
    const asked = machine.called().filter((line) => line.startsWith("helm template"));
    assert.match(asked.join("\n"), / oci:\/\/registry\.example\.org\/prometheus-operator-crds --version /);
    assert.match(asked.join("\n"), / \.\/prometheus-operator-crds --version /);
    assert.doesNotMatch(asked.join("\n"), /--repo/);
  });

  it("fails for what a chart makes and may not, naming stack, release and object", async () => {
    helm([crd, { kind: "Alertmanager", metadata: { name: "kps" } }]);
    assert.equal(await check(), 1);
    const text = said.join("\n");
    assert.match(text, /✗ sandbox: release monitoring\/kube-prometheus-stack, kube-prometheus-stack \S+\n/);
    assert.match(text, /^ {4}Alertmanager kps must not exist/m);
  });

  it("fails with helm's own words when helm does, and when it gives nothing", async () => {
    machine.command("helm", `[ "$1" = template ] || exit 0\necho "no such chart version" >&2; exit 1`);
    assert.equal(await check(), 1);
    assert.match(said.join("\n"), /✗ sandbox: .*\n.*exit code 1:\n {4}no such chart version/);
    helm([]);
    assert.equal(await check(), 1);
    assert.match(said.join("\n"), /the chart renders no objects/);
  });

  it("compares upstream's rules with the chart's defaults in every stage, beside kube-prometheus-stack as long as it is there", async () => {
    assert.deepEqual(
      rules.map(({ title, beside }) => [/sandbox(.*):/.exec(title)?.[1], beside?.kps !== undefined]),
      [
        ["", true],
        [", adopted", true],
        ...["loki", "dual-write", "mimir-default"].map((stage) => [` in stage ${stage}`, true]),
        [" in stage kps-removed", false],
      ],
    );
    const group = (name: string, alert: string) => ({
      kind: "PrometheusRule",
      metadata: { name },
      spec: { groups: [{ name, rules: [{ alert, expr: "up" }] }] },
    });
    const file = (name: string, ...objects: object[]) => {
      writeFileSync(join(machine.root, name), objects.map((object) => stringify(object)).join("---\n"));
    };
    file("defaults", group("kubernetes-apps", "KubePodNotReady"), group("node-exporter", "NodeRAIDDegraded"));
    file("upstream-rules", group("kubernetes-apps", "KubePodNotReady"), group("general.rules", "Watchdog"));
    file("kube-prometheus-stack", group("prometheus", "PrometheusBadConfig"));
    // The chart's values: it knows none of the program's but these two.
    writeFileSync(join(machine.root, "chart.yaml"), "{ defaultRules: {}, fullnameOverride: '' }");
    machine.command(
      "helm",
      [
        `[ "$1" = show ] && exec cat ${machine.root}/chart.yaml`,
        `[ "$1" = template ] || exit 0`,
        `cat > ${machine.root}/$2.values; cat ${machine.root}/$2`,
      ].join("\n"),
    );
    assert.equal(await check([rules[0]]), 1);
    assert.deepEqual(said.slice(1), []);
    const lines = said[0].split("\n").slice(1);
    assert.ok(lines.includes('    the chart has no value crds: it drops {"enabled":false}'), said[0]);
    const table = lines.filter((line) => line.includes("components/upstream-rules/names.ts lacks"));
    assert.equal(table.length, 2);
    assert.match(table[0], /names\.ts lacks Watchdog, and has beside what the chart has: InfoInhibitor, /);
    assert.match(table[1], /names\.ts lacks nothing, /);
    assert.deepEqual(
      lines.filter((line) => !line.includes("the chart has no value") && !table.includes(line)),
      [
        "    NodeRAIDDegraded (group node-exporter of the chart) is missing, and no reason is listed",
        "    Watchdog is there twice: in release upstream-rules and this program",
        "    PrometheusBadConfig is there twice: in release kube-prometheus-stack and this program",
      ],
    );
    assert.equal(readFileSync(join(machine.root, "defaults.values"), "utf8").trim(), "{}");
  });

  it("fails where there was nothing to check", async () => {
    helm([crd]);
    assert.equal(await check([]), 1);
    assert.match(said.join("\n"), /no stack has anything for this check/);
  });
});
