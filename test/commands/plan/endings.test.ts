import assert from "node:assert/strict";
import { askersInWords, endingsByName } from "../../../commands/plan/endings";
import { stepsBetween } from "../../../commands/plan/steps";
import type { Ending, EndingStep } from "../../../commands/shared/belongings";
import type { Recorded } from "../../../commands/shared/record";
import type { Resource } from "../../../engine/graph";
import type { Properties } from "../../../engine/values";
import type { Backend } from "../../../stages";
import { graph, resource } from "../../engine/graphs";

const kps = (values: Properties = {}, adopted = true): Resource =>
  resource(
    "kubernetes:helm.sh/v3:Release",
    { name: "kps", namespace: "home", chart: "kube-prometheus-stack", values },
    { options: adopted ? { import: "home/kps" } : {} },
  );
const grafana = { grafana: { enabled: true } };

const end = (name: string, step?: EndingStep, kind: Ending["kind"] = "alert"): Ending => ({
  ...{ kind, name, why: "it goes", how: "write it", step },
});
const said = [end("AtImport", "import"), end("Tempo", "keepGrafana", "data source"), end("AtLast", "kps-removed")];

/** What a move ends, as `kind name`. */
function endings(
  before: Resource[],
  after: Resource[],
  recorded: Partial<Recorded> = {},
  { backend = "mimir" as Backend, scrapeConfigs = [] as string[] } = {},
): string[] {
  const [source, target] = [graph(...before), graph(...after)];
  const readable = { scrapeConfigs: scrapeConfigs.map((name) => ({ name, spec: {} })) };
  const record = { has: {}, ends: said, ...recorded };
  return endingsByName(source, target, stepsBetween(source, target), readable, backend, record).map(
    ({ kind, name }) => `${kind} ${name}`,
  );
}

describe("what a plan names of a record", () => {
  it("is what ends with its step: the import, the end of the release's Grafana, its removal, and nothing between", () => {
    assert.deepEqual(endings([kps({}, false)], [kps(grafana)]), ["alert AtImport"]);
    assert.deepEqual(endings([kps(grafana)], [kps(grafana)]), ["alert AtImport"]);
    assert.deepEqual(endings([kps({}, false)], [kps()]), ["alert AtImport", "data source Tempo"]);
    assert.deepEqual(endings([kps(grafana)], [kps()]), ["data source Tempo"]);
    assert.deepEqual(endings([kps()], []), ["alert AtLast"]);
    assert.deepEqual(endings([kps()], [kps({ prometheus: {} })]), []);
    assert.deepEqual(endings([], []), []);
  });

  it("takes what an earlier version recorded, which doesn't say when, for each of them; and nothing that the target has", () => {
    const ends = [end("Old"), end("KubeHpaMaxedOut", "kps-removed"), end("Own", "kps-removed")];
    const rule = resource("kubernetes:monitoring.coreos.com/v1:PrometheusRule", {
      metadata: { name: "own", namespace: "home" },
      spec: { groups: [{ name: "own", rules: [{ alert: "Own" }] }] },
    });
    const upstream = resource(
      "kubernetes:helm.sh/v3:Release",
      { name: "upstream-rules", chart: "kube-prometheus-stack", values: { prometheusOperator: { enabled: false } } },
      { name: "upstream-rules", urn: "urn:upstream" },
    );
    assert.deepEqual(endings([kps()], [rule, upstream], { ends }), ["alert Old"]);
    assert.deepEqual(endings([kps()], [kps({ prometheus: {} })], { ends }), []);
  });

  it("lists what only the operator runs, and ScrapeConfigs of others that the settings don't have, by what the record has", () => {
    const has: Recorded["has"] = {
      ...{ ScrapeConfig: ["home/nas", "home/door", "home/own", "home/old"] },
      ...{ ThanosRuler: ["home/far"], PrometheusAgent: [], alert: ["Shop"] },
    };
    const own = [{ kind: "ScrapeConfig" as const, name: "home/old" }];
    const ours = resource("kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig", {
      metadata: { name: "own", namespace: "home" },
    });
    const ends = [end("home/nas", "kps-removed", "ScrapeConfig")];
    const of = (more: Parameters<typeof endings>[3]) => endings([kps(), ours], [], { has, ends, own }, more);
    assert.deepEqual(of({}), ["ScrapeConfig home/nas", "ScrapeConfig home/door", "ThanosRuler home/far"]);
    assert.deepEqual(of({ scrapeConfigs: ["home/nas", "home/door"] }), ["ThanosRuler home/far"]);
    assert.deepEqual(of({ backend: "victoria-metrics" }), ["ScrapeConfig home/nas", "ThanosRuler home/far"]);
  });

  it("says of who asks by the release's names whether somebody answers from then on", () => {
    const asker = (who: string, asks: string, wants: "queries" | "read") => ({ who, asks, wants });
    const [kept, lost, read] = askersInWords(
      [
        asker("ScaledObject shop/a", "home/kps-prometheus", "queries"),
        asker("Deployment shop/b", "home/prometheus-operated", "queries"),
        asker("Deployment shop/c", "home/kps-prometheus", "read"),
      ],
      ["home/kps-prometheus"],
      "mimir",
      "home",
    );
    assert.match(kept, /^ScaledObject shop\/a asks home\/kps-prometheus: prometheusApi\.formerNames keeps the name/);
    assert.match(
      lost,
      /^Deployment shop\/b asks .*: this name will no longer exist; .* or point it to metrics\.home:9090 before that$/,
    );
    assert.match(read, /^Deployment shop\/c asks .*: the address has no remote read: .*mimir\.home\.svc/);
  });
});
