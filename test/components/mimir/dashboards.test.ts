import assert from "node:assert/strict";
import { remoteWriteRules } from "../../../components/kube-prometheus-stack/rules";
import { mimirDashboards } from "../../../components/mimir/dashboards";
import { mimirRules } from "../../../components/mimir/rules";
import { volumeRules } from "../../../components/rules/volumes";
import { settingsSchema } from "../../../settings/schema";
import { panelsOf, type PanelQueries } from "../dashboards/queries";

const environment = { namespace: "observed" };
const settings = settingsSchema.parse({});
const panels = (raw: object = {}): PanelQueries[] =>
  mimirDashboards({ environment, settings: settingsSchema.parse(raw).mimir }).flatMap(panelsOf);

describe("Mimir's dashboard", () => {
  it("is under an address that stays", () => {
    const all = mimirDashboards({ environment, settings: settings.mimir });
    assert.deepEqual(
      all.map(({ uid, title }) => [uid, title]),
      [["mimir", "Mimir"]],
    );
  });

  it("says of each panel what it shows, in which unit, under a title of its own", () => {
    for (const { title, description, unit } of panels())
      assert.ok(title && description?.endsWith(".") && unit, `${title}: ${description}`);
    const titles = panels().map(({ type, title }) => `${type} ${title}`);
    assert.deepEqual([...new Set(titles)], titles);
  });

  it("shows Mimir of the stack's own namespace, and the queue to it", () => {
    const selectors = panels().flatMap(({ queries }) =>
      queries.flatMap(({ expr }) => [...expr.matchAll(/\b(\w+)\{([^}]*)\}/g)].map(([, name, own]) => ({ name, own }))),
    );
    assert(selectors.length > 40, String(selectors.length));
    for (const { name, own } of selectors)
      assert.match(own, /^prometheus_/.test(name) ? /"mimir"/ : /namespace="observed"/, `${name}{${own}}`);
  });

  it("draws the limits that there are, and none that there isn't", () => {
    const limits = (raw?: object) =>
      panels(raw).flatMap(({ queries }) => queries.flatMap(({ expr }) => /^vector\((\d+)\)$/.exec(expr)?.[1] ?? []));
    const { limits: mimir } = settings.mimir;
    assert.deepEqual(limits(), [String(mimir.ingestionRate), String(mimir.maxSeries), String(3 * 2 ** 30)]);
    assert(!limits({ mimir: { limits: { maxSeries: 0 } } }).includes("0"));
  });

  it("names only alerts that there are", () => {
    const groups = [
      ...mimirRules({ environment, settings: settings.mimir }),
      ...remoteWriteRules({ environment, settings: settings.kps, backend: "mimir" }),
      ...volumeRules({ volumeLimits: {} }),
    ];
    const alerts = groups.flatMap(({ rules }) => rules.flatMap((rule) => ("alert" in rule ? [rule.alert] : [])));
    const named = panels().flatMap(({ description = "" }) =>
      [...description.matchAll(/\bAlerts? ([^.]*)\./g)].flatMap(([, names]) => names.split(", ")),
    );
    assert(named.length > 15, String(named.length));
    for (const alert of named) assert(alerts.includes(alert), alert);
  });
});
