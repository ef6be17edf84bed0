import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { parse } from "yaml";
import { rulesConfigMap } from "../../components/loki/pod";
import type { AlertingRule, RuleGroup } from "../../components/rules/types";
import { checkSettings } from "../../settings/check";
import { settingsSchema } from "../../settings/schema";
import { placeAt, placeOf } from "../../settings/tree";
import type { KubernetesObject } from "../../commands/shared/objects";
import { offlineRender } from "../../commands/shared/render";
import { runInline } from "../program/support/inline";
import { anchors, code, fences, links, pages, root, section, spans, type Page } from "./markdown";
import { stageNames } from "../../stages";
import { testStack } from "../stacks/stacks";

const page = (path: string): Page => pages.find((one) => one.path === path) ?? assert.fail(`there is no ${path}`);

/** Pages that a person follows step by step. */
const runbooks = pages.filter(({ path }) => path === "README.md" || path.startsWith("docs/"));

describe("Documentation", () => {
  it("is there, in the places that the README names", () => {
    assert.ok(runbooks.length >= 8, `only ${runbooks.length} pages`);
  });

  it("has no link to a file, or to a heading, that isn't there", () => {
    const broken = pages.flatMap((from) =>
      links(from)
        .filter((target) => !/^[a-z]+:/.test(target))
        .filter((target) => {
          const [file, anchor] = target.split("#");
          const path = file === "" ? from.path : normalize(join(dirname(from.path), decodeURIComponent(file)));
          if (!existsSync(join(root, path))) return true;
          return anchor !== undefined && !anchors(page(path)).includes(anchor);
        })
        .map((target) => `${from.path}: ${target}`),
    );
    assert.deepEqual(broken, []);
  });

  it("names no npm script that isn't there", () => {
    const scriptsOf = (file: string) =>
      Object.keys((JSON.parse(readFileSync(join(root, file), "utf8")) as { scripts: object }).scripts);
    const scripts = { "": scriptsOf("package.json"), policy: scriptsOf("policy/package.json") };
    const texts = [
      ...pages.map(({ path, text }) => [path, text]),
      ...[".github/workflows/ci.yml", ".ci/run"].map((file) => [file, readFileSync(join(root, file), "utf8")]),
    ];
    const unknown = texts.flatMap(([path, text]) =>
      [...text.matchAll(/npm run (?:-s )?([a-z][a-z0-9:-]*)(?: --workspace (\w+))?/g)]
        .filter(([, script, workspace = ""]) => !scripts[workspace as keyof typeof scripts]?.includes(script))
        .map(([command]) => `${path}: ${command}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("asks for the versions of Node.js that the workflow tests, and package.json allows", () => {
    const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { engines: { node: string } };
    const workflow = readFileSync(join(root, ".github/workflows/ci.yml"), "utf8");
    const tested = /node: \[(.*)\]/.exec(workflow)?.[1].split(", ") ?? [];
    assert.deepEqual(
      engines.node.match(/\d+/g)!.filter((number) => tested.some((version) => version.split(".")[0] === number)),
      ["20", "22", "24"],
    );
    for (const version of tested)
      for (const path of ["README.md", "docs/first-deployment.md"])
        assert.match(page(path).text, new RegExp(`Node\\.js[^.]*\\b${version}\\b`), path);
    const before = readFileSync(join(root, ".ci/run"), "utf8");
    const tried = /^for node in (.*?);/m
      .exec(before)?.[1]
      .split(" ")
      .map((version) => version.split(".")[0]);
    assert.deepEqual(tried, tested.slice(1));
  });

  it("has every page of docs in its index, each once", () => {
    const listed = links(page("docs/README.md")).filter((target) => /^[\w-]+\.md$/.test(target));
    const there = pages.flatMap(({ path }) => /^docs\/(?!README)(.*)$/.exec(path)?.[1] ?? []);
    assert.deepEqual(listed.sort(), there.sort());
  });

  it("leads to every page of the repository from its index", () => {
    const reached = new Set(["docs/README.md"]);
    for (const path of reached)
      for (const target of links(page(path))) {
        const [file] = target.split("#");
        const linked = normalize(join(dirname(path), file));
        if (pages.some((one) => one.path === linked)) reached.add(linked);
      }
    assert.deepEqual(
      pages.map(({ path }) => path).filter((path) => path !== "README.md" && !reached.has(path)),
      [],
    );
  });

  it("never has a resource deleted from the state by force, which Pulumi refuses of whatever has dependents", () => {
    const forced = pages.flatMap((one) => code(one).filter((line) => /state delete .*--force/.test(line)));
    assert.deepEqual(forced, []);
  });

  it("has every npm script that a person calls among the commands", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
    const inner = ["mocha", "typecheck"]; // parts of `npm test`
    const silent = Object.keys(scripts)
      .filter((script) => !inner.includes(script))
      .filter(
        (script) => !new RegExp(`npm (run )?([a-z\\\\|]+\\|)?${script}\\b(?!:)`).test(page("docs/commands.md").text),
      );
    assert.deepEqual(silent, []);
  });

  it("has every stage in the table of stages", () => {
    const rows = [...page("docs/stages.md").text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, stage]) => stage);
    assert.deepEqual(rows, stageNames);
  });
});

/** Whether the schema has a key; `[]`, `[0]` and `<name>` stand for any in a list or record, `.*` at the end for all that is below. */
function exists(key: string): boolean {
  const path = key
    .replace(/\.\*$/, "")
    .replaceAll(/\[\d*\]/g, ".*")
    .replaceAll(/<\w+>/g, "*");
  return placeAt(placeOf(settingsSchema), path.split(".")) !== undefined;
}

describe("Settings that the documentation names", () => {
  const sections = Object.keys(settingsSchema.shape);
  /** Components of Alloy, values of charts, files and domains whose names begin like a section. */
  const others =
    /^(loki\.(source|write|process|relabel|echo)\b|mimir\.structuredConfig\b|grafana\.(sidecar|admin)\.|cluster\.local$|.*\.(ini|json|ts|md|yaml|example\.org)$)/;

  it("exist, by `observability:key`", () => {
    const unknown = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/observability:([a-z][A-Za-z]*(?:(?:\.[A-Za-z<>*]+)|\[\d*\])+)/g)]
        .filter(([, key]) => !exists(key))
        .map(([whole]) => `${path}: ${whole}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("exist, by their key alone", () => {
    const named = pages
      .filter(({ path }) => path !== "policy/README.md") // there, keys are those of Loki's configuration and of charts
      .flatMap((one) => spans(one).map((span) => [one.path, span.replace(/: .*$/, "")]))
      .filter(([, key]) => /^[a-z][A-Za-z]*((\.[A-Za-z<>*]+)|\[\d*\])+$/.test(key))
      .filter(([, key]) => sections.includes(key.split(/[.[]/)[0]) && !others.test(key));
    assert.ok(named.length > 100, `only ${named.length} keys were found`);
    assert.deepEqual(
      named.filter(([, key]) => !exists(key)).map((pair) => pair.join(": ")),
      [],
    );
  });

  it("exist in every example of a stack file", () => {
    const examples = runbooks.flatMap((one) =>
      fences(one)
        .filter(({ language, code }) => language === "yaml" && code.startsWith("observability:"))
        .map(({ code }) => ({ path: one.path, settings: parse(code) as Record<string, unknown> })),
    );
    assert.ok(examples.length > 8, `only ${examples.length} examples were found`);
    const unknown = examples.flatMap(({ path, settings }) =>
      Object.entries(settings).flatMap(([key, value]) =>
        leaves(value, [key.replace("observability:", "")])
          .filter(
            (leaf) =>
              placeAt(placeOf(settingsSchema), leaf) === undefined && !leaf.join(".").startsWith("adopt.kps.values."),
          )
          .map((leaf) => `${path}: ${leaf.join(".")}`),
      ),
    );
    assert.deepEqual(unknown, []);
  });
});

it("The README's own stack file is complete: the settings accept it, and no secret is missing", () => {
  const [file] = fences(page("README.md")).filter(({ language }) => language === "yaml");
  const { config } = parse(file.code) as { config: Record<string, unknown> };
  const settings = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("observability:", ""), value]),
  );
  assert.ok(file.code.split("\n").length <= 10, "it is not short any more");
  assert.deepEqual(checkSettings(settings).problems, []);
});

function leaves(value: unknown, path: string[]): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, part]) => leaves(part, [...path, key]));
}

/** Groups of rules of an object: for Prometheus and Mimir, or for Loki. */
function groupsOf(object: KubernetesObject): RuleGroup[] {
  if (object.kind === "PrometheusRule") return (object.spec as { groups: RuleGroup[] }).groups;
  if (object.kind !== "ConfigMap" || object.metadata.name !== rulesConfigMap) return [];
  const { data } = object as unknown as { data: Record<string, string> };
  return Object.values(data).flatMap((file) => (parse(file) as { groups: RuleGroup[] }).groups);
}

describe("The documentation of what is in the cluster", () => {
  let objects: KubernetesObject[];
  let alerts: AlertingRule[];

  before(async () => {
    // The stage that has what the others have, and more; and the one in which Alloy scrapes, with Mimir's own Alertmanager.
    const stage = "mimir-default";
    const config = ["kps.enabled=false", "alertmanager.implementation=mimir", 'rules.volumeLimits["airflow/logs"]=80'];
    config.push("loki.caches.chunks.size=1Gi", "loki.caches.results.size=256Mi");
    const backup = ["enabled=true", "to=s3://backup/home", "endpoint=http://10.0.0.2:9000", "secret=backup"];
    config.push(...backup.map((setting) => `backup.${setting}`));
    // With what is scraped only where a stack says where it is.
    const scraped = ["scheduler", "controllerManager", "proxy", "etcd"].map(
      (part) => `monitors.${part}.endpoints[0]=10.0.0.1`,
    );
    // With VictoriaMetrics, and with Vector.
    const pi = ["kps.enabled=false", "logs.agent=vector"];
    const stacks = await Promise.all([
      ...["production", "sandbox"].map((stack) =>
        offlineRender({ ...testStack(stack), stage, config: scraped, start: runInline }),
      ),
      offlineRender({ ...testStack("production"), stage: "kps-removed", config, start: runInline }),
      offlineRender({ ...testStack("pi"), stage: "kps-removed", config: pi, start: runInline }),
    ]);
    objects = stacks.flatMap(({ resources }) => resources.flatMap(({ object }) => (object ? [object] : [])));
    alerts = objects
      .flatMap(groupsOf)
      .flatMap(({ rules }) => rules.filter((rule): rule is AlertingRule => "alert" in rule));
  });

  it("has a section for every alert, with a command to begin with", () => {
    assert.ok(alerts.length > 50, `only ${alerts.length} alerts`);
    const runbooks = page("docs/alerts.md");
    const missing = alerts.flatMap(({ alert }) => {
      // The anchor to which runbook_url leads.
      const text = (anchors(runbooks).includes(alert.toLowerCase()) && section(runbooks, alert)) || "";
      const whole = /```sh\n.+/.test(text) && text.includes("**Causes**") && text.includes("**Fix**");
      return whole ? [] : [alert];
    });
    assert.deepEqual([...new Set(missing)], []);
  });

  it("lists every alert at the top of its page, once", () => {
    const { text } = page("docs/alerts.md");
    const listed = [...text.slice(0, text.indexOf("## Who is notified")).matchAll(/\[(\w+)\]\(#/g)].map(
      ([, name]) => name,
    );
    const headings = [...text.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading);
    assert.deepEqual(listed, headings);
  });

  it("has no section for an alert that isn't there any more", () => {
    const names = alerts.map(({ alert }) => alert);
    const headings = [...page("docs/alerts.md").text.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading);
    assert.deepEqual(
      headings.filter((heading) => !names.includes(heading)),
      [],
    );
  });

  it("names no alert that isn't there", () => {
    /** Components of this program, which are named like alerts, and upstream's alerts. */
    const others = ["PrometheusOperatorCrds", "KubePrometheusStack", "KubeAPIDown"];
    const named = pages.flatMap((one) => spans(one).map((span) => [one.path, span]));
    const like = named.filter(([, span]) =>
      /^(Alertmanager|Alloy|Kube|Log|Loki|Mimir|Node|ObjectStore|Prometheus|Vector)[A-Z][A-Za-z]+$/.test(span),
    );
    assert.ok(like.length > 10, `only ${like.length} names were found`);
    // Several at once are named by what they begin with.
    const wrong = like.filter(([, name]) => !alerts.some(({ alert }) => alert.startsWith(name)));
    assert.deepEqual(
      wrong.filter(([, name]) => !others.includes(name)).map((pair) => pair.join(": ")),
      [],
    );
  });

  it("names only objects that the program makes, in every kubectl command", () => {
    const there = new Set(objects.flatMap(namesOf));
    const wrong = runbooks.flatMap((one) =>
      code(one)
        // What a command makes itself is not the program's.
        .filter((line) => /kubectl -n monitoring (?!create )/.test(line))
        .flatMap((line) => [
          ...line.matchAll(/\b(statefulset|deployment|daemonset|service|secret|configmap|pvc)[ /]([a-z][a-z0-9-]*)/g),
        ])
        // Names that the chart and its operator give.
        .filter(([, , name]) => !/^(prometheus-)?kube-prometheus-stack-/.test(name))
        .filter(([, kind, name]) => !there.has(`${kind}/${name}`))
        .map(([whole]) => `${one.path}: ${whole}`),
    );
    assert.deepEqual([...new Set(wrong)], []);
  });

  it("selects pods by labels that some pod has", () => {
    const pods = objects.map((object) => JSON.stringify((object.spec as { template?: unknown })?.template ?? ""));
    const selectors = runbooks.flatMap((one) =>
      code(one).flatMap((line) =>
        [...line.matchAll(/kubectl -n monitoring .*-l (app\.kubernetes\.io\/[a-z]+)=([a-z-]+)/g)].map(
          ([, key, value]) => ({
            path: one.path,
            label: `"${key}":"${value}"`,
          }),
        ),
      ),
    );
    assert.ok(selectors.length > 10, `only ${selectors.length} selectors were found`);
    const wrong = selectors.filter(({ label }) => !pods.some((pod) => pod.includes(label)));
    assert.deepEqual(wrong, []);
  });
});

/** `kind/name` of an object, and of the volume claims that it makes. */
function namesOf({ kind, metadata, spec }: KubernetesObject): string[] {
  const { replicas = 1, volumeClaimTemplates = [] } = (spec ?? {}) as {
    replicas?: number;
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
  const claims = volumeClaimTemplates.flatMap(({ metadata: { name } }) =>
    Array.from({ length: replicas }, (_, i) => `pvc/${name}-${metadata.name}-${i}`),
  );
  return [`${kind.toLowerCase()}/${metadata.name}`, ...claims];
}
