import { askers, askingKinds, fate, handlers, inWords, type Asker, type Readable } from "../shared/askers";
import { fail, pass, type Context, type Outcome } from "./check";
import { count } from "../shared/words";
import { sourceOf } from "./logs";
import { byLabel, instant, numberOf } from "./queries";
import { NoAnswer, type Reach } from "./reach";

/** The one address with Prometheus' API, and who asks by other names. */

const addressOf = (namespace: string, service = "metrics") => `http://${service}.${namespace}.svc:9090`;

/** The address is answered, by what the stage asks by default; so is each former name beside it. */
export async function addressAnswers({ subject, reach }: Context): Promise<Outcome> {
  const { namespace, formerNames, on } = subject;
  const beside = formerNames.map((name) => name.split("/")).filter(([where]) => where === namespace);
  const names = ["metrics", ...beside.map(([, name]) => name)];
  const build = "/api/v1/status/buildinfo";
  const expected = await reach.url(sourceOf(subject, on.defaultDataSource), build);
  const problems = await Promise.all(
    names.map(async (name) => {
      const url = addressOf(namespace, name);
      const [one, found] = await Promise.all([instant(reach, url, "vector(1)"), reach.url(url, build)]);
      if (numberOf(one) !== 1) return [`${name}: vector(1) is ${numberOf(one) ?? "nothing"}`];
      return found === expected ? [] : [`${name}: the answer is not from ${on.defaultDataSource}`];
    }),
  );
  const said = `${names.map((name) => `${name}.${namespace}:9090`).join(", ")}: ${on.defaultDataSource}`;
  return problems.flat().length > 0 ? fail(problems.flat().join("; ")) : pass(said);
}

/** Nobody may still use a name or a function that is gone. While kube-prometheus-stack is there, notes list who will be affected. */
export async function askersAreAnswered(context: Context): Promise<Outcome> {
  const { subject, reach } = context;
  const { prometheus, formerNames, on, namespace, backend } = subject;
  if (!prometheus) return pass("the stack never had a kube-prometheus-stack");
  const notes: string[] = [];
  const lists = await Promise.all(
    Object.entries(askingKinds).map(async ([kind, path]) => [kind, await objects(reach, kind, path, notes)] as const),
  );
  const found = askers(Object.fromEntries(lists), prometheus.services, prometheus.release);
  const end = (asker: Asker) => fate(asker, backend, namespace);
  const lines = found.map((asker) => inWords(asker, backend, namespace));
  const measures = { askers: found };
  if (on.kps) {
    const kept = `their names are deleted in stage kps-removed: metrics.${namespace}:9090 stays, and prometheusApi.formerNames keeps them`;
    return pass(`${count(found.length, "object")} with the release's names for Prometheus`, {
      notes: [...lines, ...(found.length > 0 ? [kept] : []), ...(await counted(context, found)), ...notes],
      measures,
    });
  }
  const lost = found.filter((asker) => !asker.byLabels && (!formerNames.includes(asker.asks) || end(asker)));
  const said = `${count(found.length, "object")} with the removed release's names for Prometheus`;
  return lost.length > 0
    ? fail(`${said}, ${lost.length} of them without an answer`, { notes: [...lines, ...notes], measures })
    : pass(said, { notes: [...lines, ...notes], measures });
}

/**
 * What no text shows: that somebody asked Prometheus itself within the last hour. It counts its requests, but not who sent them. Grafana, the
 * address and this command query, so queries say something only once the default is another program; the stack never asks for anything else.
 */
async function counted({ subject, reach }: Context, found: readonly Asker[]): Promise<string[]> {
  const { backend, namespace, on, prometheus } = subject;
  const [where] = prometheus!.services[0].split("/");
  const of = [...queried, ...Object.values(handlers).flat()].join("|");
  const query = `sum by (handler) (increase(prometheus_http_requests_total{namespace="${where}",handler=~"${of}"}[1h]))`;
  let requests: Map<string, number>;
  try {
    requests = byLabel(await instant(reach, sourceOf(subject, "prometheus"), query), "handler");
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return [`requests to Prometheus not counted: ${error.message}`];
  }
  const times = (of: readonly string[]) => Math.round(of.reduce((sum, each) => sum + (requests.get(each) ?? 0), 0));
  const lastHour = (of: readonly string[], what: string) =>
    `Prometheus had ${count(times(of), "request")} ${what} in the last hour`;
  const unnamed = (Object.keys(handlers) as (keyof typeof handlers)[]).filter(
    (wants) => times(handlers[wants]) > 0 && !found.some((asker) => asker.wants === wants),
  );
  return [
    ...unnamed.map((wants) => {
      const said = `${lastHour(handlers[wants], `to ${handlers[wants].join(" or ")}`)}, and no object shows from whom`;
      return [said, fate({ wants }, backend, namespace)].filter(Boolean).join(": ");
    }),
    ...(times(queried) > 0 && on.defaultDataSource !== "prometheus"
      ? [
          `${lastHour(queried, "for queries")}, although the default is ${on.defaultDataSource}: from this command, from panels with the data source prometheus, or from a client that no object shows; its queryLogFile has each client's address`,
        ]
      : []),
  ];
}

/** Handlers of queries. */
const queried = ["/api/v1/query", "/api/v1/query_range", "/api/v1/series"];

/** The objects of a kind; none where the cluster doesn't have it, or these credentials may not list it, which is noted. */
export async function objects(reach: Reach, kind: string, path: string, notes: string[]): Promise<Readable[]> {
  try {
    return (await reach.object<{ items: Readable[] }>(path))?.items ?? [];
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    notes.push(`${kind}s not looked at: ${error.message}`);
    return [];
  }
}
