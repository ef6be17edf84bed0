import { explain } from "../../settings/explain";
import type { Problem } from "../../settings/problem";
import { checkSettings } from "../../settings/check";
import { settingsSchema, type Settings } from "../../settings/schema";
import { mergeValues } from "../../components/kube-prometheus-stack/merge";
import type { Asker } from "../shared/askers";
import type { Belongings, Ending } from "../shared/belongings";
import { Findings, type Fit, type Look, type Question } from "./findings";
import type { Inventory } from "./inventory";
import { lookAtAlertmanager } from "./looks/alertmanager";
import { lookAtApiServer } from "./looks/api-server";
import { lookAtAlertmanagerConfigs } from "./looks/alertmanager-configs";
import { belongings, lookAtBelongings } from "./looks/belongings";
import { lookAtControlPlane } from "./looks/control-plane";
import { lookAtCrds } from "./looks/crds";
import { lookAtExporters } from "./looks/exporters";
import { lookAtGrafana } from "./looks/grafana";
import { lookAtKps } from "./looks/kube-prometheus-stack";
import { lookAtLoki } from "./looks/loki";
import { lookAtNamespace } from "./looks/namespace";
import { lookAtNodes } from "./looks/nodes";
import { lookAtObjectStore } from "./looks/object-store";
import { lookAtOwners } from "./looks/owners";
import { lookAtScrapeConfigs } from "./looks/scrape-configs";
import { lookAtSecrets } from "./looks/secrets";
import { lookAtStorageClasses } from "./looks/storage-class";
import { lookAtVictoriaMetrics } from "./looks/victoria-metrics";
import type { Unseen } from "./unseen";

/** What is looked at, in the order of the output; owners come last, because they own what the others found. */
const looks: readonly Look[] = [
  lookAtNodes,
  lookAtStorageClasses,
  lookAtNamespace,
  lookAtKps,
  lookAtControlPlane,
  lookAtApiServer,
  lookAtScrapeConfigs,
  lookAtVictoriaMetrics,
  lookAtCrds,
  lookAtExporters,
  lookAtGrafana,
  lookAtAlertmanager,
  lookAtAlertmanagerConfigs,
  lookAtLoki,
  lookAtObjectStore,
  lookAtSecrets,
  lookAtOwners,
];

/** What fits a cluster. */
export interface Adoption {
  /** Address of the API server. */
  server: string;
  /** Settings that fit and that the stack's file does not have yet; each is valid on its own. */
  fits: Fit[];
  /** How many of the settings that fit the stack's file has already. */
  already: number;
  questions: Question[];
  /** What is wrong once all of them are in the stack's file. */
  problems: Problem[];
  unseen: Unseen[];
  /** What the cluster's monitoring has, by kind and name: `verify --before` compares with it. */
  has: Belongings;
  /** What of it the stack won't have. */
  ends: Ending[];
  /** Who asks the release's Prometheus by the names of its Services; only where there is a release. */
  askers?: Asker[];
}

/** What {@link adopt} is made from. */
export interface AdoptArgs {
  inventory: Inventory;
  /** What the stack's file says, by top-level key. */
  raw: Record<string, unknown>;
  /** The same, with every default. */
  settings: Settings;
  today: Date;
}

/**
 * The settings that fit a cluster, and the decisions that are left.
 * @param args what the cluster has, and what the stack's file says so far
 */
export function adopt({ inventory, raw, settings, today }: AdoptArgs): Adoption {
  const found = new Findings(today);
  for (const look of looks) look(inventory, settings, found);
  // One by one only where something is wrong: a look at the whole schema takes milliseconds.
  const { success } = settingsSchema.safeParse(nested(found.fits));
  const fits = success ? found.fits : found.fits.filter((fit) => allowed(fit, found));
  const isNew = ({ key, value }: Fit) => !same(valueAt(raw, key), value);
  // A fit that is a whole section replaces the file's section.
  const whole = Object.fromEntries(fits.filter(({ key }) => !key.includes(".")).map(({ key }) => [key, {}]));
  const proposed = mergeValues({ ...raw, ...whole }, nested(fits));
  const { problems } = checkSettings(proposed, { now: today });
  // What ends is judged by the settings as they will be; the labels that the release's Grafana looks for are in them.
  const then = settingsSchema.safeParse(proposed).data ?? settings;
  lookAtBelongings(inventory, then, found);
  return {
    server: inventory.server,
    fits: fits.filter(isNew),
    already: fits.filter((fit) => !isNew(fit)).length,
    questions: found.questions,
    problems,
    unseen: inventory.unseen,
    has: belongings(inventory, then),
    ends: found.ends,
    askers: found.askers,
  };
}

/** Settings as an object, by top-level key. */
export function nested(fits: readonly Fit[]): Record<string, unknown> {
  return fits.reduce<Record<string, unknown>>(
    (all, { key, value }) =>
      mergeValues(
        all,
        key.split(".").reduceRight<unknown>((below, step) => ({ [step]: below }), value) as object as Record<
          string,
          unknown
        >,
      ),
    {},
  );
}

/** Whether the schema accepts a setting; if it doesn't, this is a question. */
function allowed(fit: Fit, found: Findings): boolean {
  const raw = nested([fit]);
  const parsed = settingsSchema.safeParse(raw);
  const issues = (parsed.error?.issues ?? []).filter((issue) => issue.path.join(".").startsWith(fit.key));
  if (issues.length === 0) return true;
  const problems = explain(issues, { schema: settingsSchema, raw, isSecret: () => false });
  found.ask(
    `${fit.key} (${fit.why}) can't be set: ${problems.map(({ key, what }) => `${key}: ${what}`).join("; ")}`,
    `choose the nearest allowed value: ${[...new Set(problems.map((problem) => problem.allowed))].join("; ")}`,
  );
  return false;
}

const valueAt = (raw: Record<string, unknown>, key: string): unknown =>
  key.split(".").reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], raw);

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
