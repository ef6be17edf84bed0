import {
  belongingKinds,
  belongingsOf,
  endingsInWords,
  endWithOperator,
  isOfRelease,
  isStacks,
  keyOf,
  missing,
  owningKinds,
  stepThatDeletes,
  within,
  type Around,
  type Belonging,
  type BelongingKind,
  type Belongings,
  type Ending,
  type EndingStep,
  type Owning,
} from "../shared/belongings";
import { readersOf } from "./alertmanager-configs";
import { fail, pass, type Check, type Context, type Outcome } from "./check";
import type { Recorded } from "../shared/record";
import { count } from "../shared/words";
import { objects } from "./prometheus-api";
import { NoAnswer } from "./reach";
import type { Subject } from "./subject";

/** What the cluster's monitoring has by name, against what was recorded before a step. */

type Objects = Partial<Record<keyof typeof owningKinds, readonly Owning[]>>;

/** The objects that have what is there now; a kind that can't be listed is a note. */
async function owning({ reach }: Context, notes: string[]): Promise<Objects> {
  const lists = await Promise.all(
    Object.entries(owningKinds).map(async ([kind, path]) => {
      const before = notes.length;
      const all = (await objects(reach, kind, path, notes)) as Owning[];
      return notes.length > before ? [] : [[kind, all.map((object) => ({ ...object, kind }))] as const];
    }),
  );
  return Object.fromEntries(lists.flat());
}

/** What is there now, and is read, scraped or run by somebody. */
async function belongings(context: Context, all: Objects, notes: string[]): Promise<Belongings> {
  const { subject } = context;
  const { ScrapeConfig, AlertmanagerConfig } = all;
  const alive = {
    ...all,
    ...(ScrapeConfig && { ScrapeConfig: scraped(ScrapeConfig, subject) }),
    ...(subject.formerKps && { ThanosRuler: [], PrometheusAgent: [] }),
  };
  const has = belongingsOf(alive, aroundOf(subject));
  try {
    const { receivers, who } = await readersOf(context, AlertmanagerConfig ?? [], notes);
    const read = AlertmanagerConfig?.filter((object) => who(object) !== undefined);
    return { ...has, ...(read && belongingsOf({ AlertmanagerConfig: read })), receiver: receivers };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    notes.push(`receivers not looked at: ${error.message}`);
    return has;
  }
}

/** The ScrapeConfigs that somebody scrapes: Alloy reads none of others, only those of the settings, with or without an object. */
const scraped = (all: readonly Owning[], { on, readable }: Subject): readonly Owning[] =>
  on.scraper !== "alloy"
    ? all
    : [
        ...all.filter(isStacks),
        ...readable.scrapeConfigs.map(({ name: called }) => {
          const [namespace, name] = called.split("/");
          return { kind: "ScrapeConfig", metadata: { namespace, name } };
        }),
      ];

const aroundOf = ({ prometheus, labels }: Subject): Around => ({ release: prometheus?.release, labels });

/** What ends with kube-prometheus-stack: what only its release has, what only its operator runs, and ScrapeConfigs that the settings don't have. */
function endsWithKps(all: Objects, subject: Subject): Ending[] {
  const { on, backend, prometheus, readable } = subject;
  if (!on.kps || !prometheus) return [];
  const { release } = prometheus;
  const objects = Object.values(all).flat();
  const of = (whose: (object: Owning) => boolean) =>
    objects.filter(whose).flatMap((object) => within(object, aroundOf(subject)));
  const isReleases = (object: Owning) => isOfRelease(object, release);
  const stay = new Set(of((object) => !isReleases(object)).map(keyOf));
  const ofReleases = objects.filter(isReleases).flatMap((object) =>
    within(object, aroundOf(subject))
      .filter((thing) => !stay.has(keyOf(thing)))
      .map((thing) => ({ ...thing, ...goesWith(stepThatDeletes(object)), how: belongingKinds[thing.kind].way })),
  );
  return [
    ...ofReleases,
    ...endWithOperator(
      of((object) => !isReleases(object) && !isStacks(object)),
      readable.scrapeConfigs.map(({ name }) => name),
      backend,
    ),
  ];
}

/** The Alertmanager of a release that this stack has is gone already. */
const goesWith = (step: EndingStep): Pick<Ending, "why" | "step"> =>
  step === "keepGrafana"
    ? { why: "it belongs to the release's Grafana, which goes with adopt.kps.keepGrafana: false", step }
    : { why: "it belongs to the release, which is deleted in stage kps-removed", step: "kps-removed" };

/**
 * Names what was there before a step and isn't any more. It is ✗ unless all of it was said before.
 * @param before what was recorded; with nothing in it, only what is there now is recorded
 */
export const kept = (before: Recorded): Check => ({
  id: "record/kept",
  title: "What the monitoring had is still there",
  needs: [],
  asks: "the API server for PrometheusRules, labelled ConfigMaps, Ingresses, HTTPRoutes, ScrapeConfigs, AlertmanagerConfigs, ThanosRulers and PrometheusAgents; Alertmanager for its receivers",
  todo: "the notes list each by name, with what to do; remove from the record what you don't need",
  look: (context) => lookForKept(context, before),
});

/** What only the stack's own objects have. Each step's plan lists what of it ends; that the rest is there is for other rows. */
function stacksOwn(all: Objects, { labels }: Subject): Belonging[] {
  const of = (whose: (object: Owning) => boolean) =>
    belongingsOf(Object.fromEntries(Object.entries(all).map(([kind, objects]) => [kind, objects.filter(whose)])), {
      labels,
    });
  return missing(
    of(isStacks),
    of((object) => !isStacks(object)),
  );
}

const ofStack = {
  why: "it was the stack's own, and doesn't exist in this stage or with these settings",
  how: "`npm run plan` lists such names before a step",
};

async function lookForKept(context: Context, { has: had, ends, own = [] }: Recorded): Promise<Outcome> {
  const unasked: string[] = [];
  const objects = await owning(context, unasked);
  const has = await belongings(context, objects, unasked);
  const stillThere = ends.filter(({ kind, name }) => has[kind]?.includes(name));
  const later = new Map([...endsWithKps(objects, context.subject), ...stillThere].map((end) => [keyOf(end), end]));
  const wasOwn = new Set(own.map(keyOf));
  const lost = missing(had, has).map((each) => ({
    ...each,
    said: ends.find((end) => keyOf(end) === keyOf(each)) ?? (wasOwn.has(keyOf(each)) ? ofStack : undefined),
  }));
  const notes = [
    ...lost.map(({ kind, name, said }) => {
      const { why, way } = belongingKinds[kind];
      return `${kind} ${name}: ${said ? `${said.why}, as announced: ${said.how}` : `${why}. To get it back: ${way}`}`;
    }),
    ...endingsInWords([...later.values()]).map((sentence) => `will end: ${sentence}`),
    ...unasked,
  ];
  const found = (Object.keys(has) as BelongingKind[])
    .filter((kind) => has[kind]!.length > 0)
    .map((kind) => `${kind}: ${has[kind]!.length}`);
  const measures = { has, ends: [...later.values()], own: stacksOwn(objects, context.subject) };
  const silent = lost.filter(({ said }) => !said);
  if (silent.length > 0) return fail(`${count(silent.length, "name")} gone unexpectedly`, { notes, measures });
  const gone = lost.length > 0 ? `; ${count(lost.length, "name")} gone as announced` : "";
  return pass(`${found.join(", ") || "nothing"}${gone}`, { notes, measures });
}
