import type { Readable } from "../../components/alloy/unsupported";
import type { Graph } from "../../engine/graph";
import type { Backend } from "../../stages";
import { fate, inWords, type Asker } from "../shared/askers";
import { endWithOperator, keyOf, type Belonging, type Ending, type EndingStep } from "../shared/belongings";
import type { Recorded } from "../shared/record";
import { kpsMove, valuesOf } from "./beside";
import { named } from "./names";
import type { Step } from "./steps";
import { nameOf, namespaceOf } from "./volumes";

/** What a move ends, by the names that `adopt` or `verify` recorded: the graph has only what this program declares. */

/**
 * What was recorded and ends with a move, each once.
 * @param source the stack before the move
 * @param target the stack after it: what it has by the same name doesn't end
 * @param steps what the update does
 * @param readable `metrics.scrapeConfigs` of the target count
 * @param backend the target's
 * @param recorded what was found in the cluster before
 */
export function endingsByName(
  source: Graph,
  target: Graph,
  steps: readonly Step[],
  readable: Pick<Readable, "scrapeConfigs">,
  backend: Backend,
  recorded: Recorded,
): Ending[] {
  const now = endingStepsOf(source, target, steps);
  if (now.length === 0) return [];
  const inSettings = readable.scrapeConfigs.map(({ name }) => name);
  const own = new Set([...(recorded.own ?? []), ...scrapeConfigsOf(source)].map(keyOf));
  const others = (["ScrapeConfig", "ThanosRuler", "PrometheusAgent"] as const).flatMap((kind) =>
    (recorded.has[kind] ?? []).map((name): Belonging => ({ kind, name })).filter((each) => !own.has(keyOf(each))),
  );
  const has = named(target);
  const stays = ({ kind, name }: Belonging) =>
    kind === "ScrapeConfig" ? inSettings.includes(name) : (has[kind]?.includes(name) ?? false);
  const byOperator = now.includes("kps-removed") ? endWithOperator(others, inSettings, backend) : [];
  const ending = [...recorded.ends, ...byOperator].filter(
    (each) => (each.step === undefined || now.includes(each.step)) && !stays(each),
  );
  return ending.filter((each, i) => ending.findIndex((other) => keyOf(other) === keyOf(each)) === i);
}

/** Which of the steps that end something a move is. */
function endingStepsOf(source: Graph, target: Graph, steps: readonly Step[]): EndingStep[] {
  const move = kpsMove(source, target, steps);
  if (!move) return [];
  const { owner, after, imports, goes } = move;
  const hasGrafana = (values: ReturnType<typeof valuesOf>) => values.grafana?.enabled === true;
  const had = imports || hasGrafana(valuesOf(owner));
  const losesGrafana = had && !(after && hasGrafana(valuesOf(after)));
  return [
    ...(imports ? (["import"] as const) : []),
    ...(losesGrafana ? (["keepGrafana"] as const) : []),
    ...(goes ? (["kps-removed"] as const) : []),
  ];
}

const scrapeConfigsOf = (graph: Graph): Belonging[] =>
  [...graph.values()]
    .filter(({ type }) => type.endsWith(":ScrapeConfig"))
    .map((resource) => ({ kind: "ScrapeConfig", name: `${namespaceOf(resource, graph)}/${nameOf(resource)}` }));

/**
 * What becomes of those who asked Prometheus by the names of a release's Services, once these are deleted.
 * @param askers recorded in the cluster
 * @param formerNames names that the stack keeps for them
 * @param backend the stack's
 * @param namespace the stack's
 */
export const askersInWords = (
  askers: readonly Asker[],
  formerNames: readonly string[],
  backend: Backend,
  namespace: string,
): string[] =>
  askers.map((asker) => {
    const said = inWords(asker, backend, namespace);
    if (fate(asker, backend, namespace) !== undefined) return said;
    return formerNames.includes(asker.asks)
      ? `${said}: prometheusApi.formerNames keeps the name, from the update after this one on (with migration.from: kps-removed)`
      : `${said}: this name will no longer exist; add it to prometheusApi.formerNames, or point it to metrics.${namespace}:9090 before that`;
  });
