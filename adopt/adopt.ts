import { explain } from "../config/explain";
import type { Problem } from "../config/problem";
import { checkSettings } from "../config/check";
import { settingsSchema, type Settings } from "../config/schema";
import { mergeValues } from "../components/kube-prometheus-stack/merge";
import { Findings, type Fit, type Look, type Question } from "./findings";
import type { Inventory, Unseen } from "./inventory";
import { lookAtAlertmanager } from "./looks/alertmanager";
import { lookAtCrds } from "./looks/crds";
import { lookAtExporters } from "./looks/exporters";
import { lookAtGrafana } from "./looks/grafana";
import { lookAtKps } from "./looks/kube-prometheus-stack";
import { lookAtLoki } from "./looks/loki";
import { lookAtNamespace } from "./looks/namespace";
import { lookAtNodes } from "./looks/nodes";
import { lookAtObjectStore } from "./looks/object-store";
import { lookAtOwners } from "./looks/owners";
import { lookAtSecrets } from "./looks/secrets";
import { lookAtStorageClasses } from "./looks/storage-class";

/** A row of the adoption's table each; owners come last, as they are those of what the others took. */
const looks: readonly Look[] = [
  lookAtNodes,
  lookAtStorageClasses,
  lookAtNamespace,
  lookAtKps,
  lookAtCrds,
  lookAtExporters,
  lookAtGrafana,
  lookAtAlertmanager,
  lookAtLoki,
  lookAtObjectStore,
  lookAtSecrets,
  lookAtOwners,
];

/** What fits a cluster. */
export interface Adoption {
  /** Address of the API server. */
  server: string;
  /** Settings that fit and that the stack's file does not have yet; each is allowed by itself. */
  fits: Fit[];
  /** How many settings that fit the stack's file has already. */
  already: number;
  questions: Question[];
  /** What is wrong when all of them are in the stack's file. */
  problems: Problem[];
  unseen: Unseen[];
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
 * The settings that fit a cluster, and what they leave open.
 * @param args what the cluster has, and what the stack's file says so far
 */
export function adopt({ inventory, raw, settings, today }: AdoptArgs): Adoption {
  const found = new Findings(today);
  for (const look of looks) look(inventory, settings, found);
  const fits = found.fits.filter((fit) => allowed(fit, found));
  const isNew = ({ key, value }: Fit) => !same(valueAt(raw, key), value);
  // A fit that is a whole section stands in place of the file's.
  const whole = Object.fromEntries(fits.filter(({ key }) => !key.includes(".")).map(({ key }) => [key, {}]));
  const { problems } = checkSettings(mergeValues({ ...raw, ...whole }, nested(fits)), { now: today });
  return {
    server: inventory.server,
    fits: fits.filter(isNew),
    already: fits.filter((fit) => !isNew(fit)).length,
    questions: found.questions,
    problems,
    unseen: inventory.unseen,
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

/** Whether the schema takes a setting; one that it doesn't is a question. */
function allowed(fit: Fit, found: Findings): boolean {
  const raw = nested([fit]);
  const parsed = settingsSchema.safeParse(raw);
  const issues = (parsed.error?.issues ?? []).filter((issue) => issue.path.join(".").startsWith(fit.key));
  if (issues.length === 0) return true;
  const problems = explain(issues, { schema: settingsSchema, raw, isSecret: () => false });
  found.ask(
    `${fit.key} (${fit.why}) can't be set: ${problems.map(({ key, what }) => `${key}: ${what}`).join("; ")}`,
    `choose what comes nearest; allowed: ${[...new Set(problems.map((problem) => problem.allowed))].join("; ")}`,
  );
  return false;
}

const valueAt = (raw: Record<string, unknown>, key: string): unknown =>
  key.split(".").reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], raw);

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
