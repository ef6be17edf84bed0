import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { parse } from "yaml";
import { rulesConfigMap } from "../../components/loki/pod";
import type { AlertingRule, RuleGroup } from "../../components/rules/types";
import { settingsSchema } from "../../config/schema";
import { stageNames } from "../../config/sections/migration";
import { placeAt } from "../../config/tree";
import type { KubernetesObject } from "../../offline/objects";
import { offlineRender } from "../../offline/render";
import { runByHost } from "../program/support/hosted";
import { anchors, code, fences, links, pages, root, section, spans, type Page } from "./markdown";

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
      [...text.matchAll(/npm run (?:-s )?([a-z][a-z0-9:]*)(?: --workspace (\w+))?/g)]
        .filter(([, script, workspace = ""]) => !scripts[workspace as keyof typeof scripts]?.includes(script))
        .map(([command]) => `${path}: ${command}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("has every stage in the README's table", () => {
    const table = section(page("README.md"), "Stages") ?? assert.fail("the README has no section Stages");
    const rows = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, stage]) => stage);
    assert.deepEqual(rows, stageNames);
  });
});

/** Whether the schema has a key; `[]`, `[0]` and `<name>` stand for any in a list or record, `.*` at the end for all that is below. */
function exists(key: string): boolean {
  const path = key
    .replace(/\.\*$/, "")
    .replaceAll(/\[\d*\]/g, ".*")
    .replaceAll(/<\w+>/g, "*");
  return placeAt(settingsSchema, path.split(".")) !== undefined;
}

describe("Settings that the documentation names", () => {
  const sections = Object.keys(settingsSchema.shape);
  /** Components of Alloy, values of charts, files and a domain whose names begin like a section. */
  const others =
    /^(loki\.(source|write|process|relabel|echo)\b|grafana\.(sidecar|admin)\.|cluster\.local$|.*\.(ini|json|ts|md|yaml)$)/;

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
            (leaf) => placeAt(settingsSchema, leaf) === undefined && !leaf.join(".").startsWith("adopt.kps.values."),
          )
          .map((leaf) => `${path}: ${leaf.join(".")}`),
      ),
    );
    assert.deepEqual(unknown, []);
  });
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
    const config = ["kps.enabled=false", "alertmanager.implementation=mimir"];
    const stacks = await Promise.all([
      ...["production", "sandbox"].map((stack) => offlineRender({ stack, stage, start: runByHost })),
      offlineRender({ stack: "production", stage: "kps-removed", config, start: runByHost }),
    ]);
    objects = stacks.flatMap(({ resources }) => resources.flatMap(({ object }) => (object ? [object] : [])));
    alerts = objects
      .flatMap(groupsOf)
      .flatMap(({ rules }) => rules.filter((rule): rule is AlertingRule => "alert" in rule));
  });

  it("has a section for every alert, where its runbook_url leads, with a command to begin with", () => {
    assert.ok(alerts.length > 50, `only ${alerts.length} alerts`);
    const missing = alerts.flatMap(({ alert, annotations: { runbook_url } }) => {
      const [path, anchor] = (runbook_url ?? "").split("#");
      const found = anchor === alert.toLowerCase() && anchors(page(path)).includes(anchor);
      const text = (found && section(page(path), alert)) || "";
      const whole = /```sh\n.+/.test(text) && text.includes("**Causes**") && text.includes("**Fix**");
      return whole ? [] : [`${alert}: ${runbook_url}`];
    });
    assert.deepEqual([...new Set(missing)], []);
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
    /** Components of this program, which are named like alerts. */
    const others = ["PrometheusOperatorCrds", "KubePrometheusStack"];
    const named = pages.flatMap((one) => spans(one).map((span) => [one.path, span]));
    const like = named.filter(([, span]) =>
      /^(Alertmanager|Alloy|Kube|Log|Loki|Mimir|Node|ObjectStore|Prometheus)[A-Z][A-Za-z]+$/.test(span),
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
        .filter((line) => line.includes("kubectl -n monitoring"))
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
