import { parse } from "yaml";
import { parseMatchers, type Matcher } from "../../settings/matchers";
import { goRegex } from "../../settings/regex";

/** Alertmanager's configuration, as far as it decides who is notified. */
export interface Configuration {
  route: Route;
  receivers: ({ name: string } & Record<string, unknown>)[];
}

/** A route, with what it has of its own. */
export interface Route {
  receiver?: string;
  matchers?: string[];
  match?: Record<string, string>;
  match_re?: Record<string, string>;
  continue?: boolean;
  group_wait?: string;
  routes?: Route[];
}

type Labels = Readonly<Record<string, string>>;

/** Where an alert ends: the receiver, and the matchers of the routes on the way. */
export interface Way {
  receiver: string;
  matchers: string[];
  groupWait: string;
}

/**
 * Reads the configuration that a running Alertmanager shows; secrets are hidden in it.
 * @param text YAML
 */
export function readConfiguration(text: string): Configuration {
  const { route, receivers } = parse(text) as Partial<Configuration>;
  return { route: route ?? {}, receivers: receivers ?? [] };
}

/**
 * The kinds of notification that a receiver sends, by Alertmanager's name of the integration.
 * @param configuration of Alertmanager
 * @param name of the receiver
 * @returns none where it notifies nobody
 */
export function integrationsOf({ receivers }: Configuration, name: string): string[] {
  const receiver = receivers.find((each) => each.name === name) ?? {};
  return Object.entries(receiver).flatMap(([key, value]) =>
    key.endsWith("_configs") && Array.isArray(value) && value.length > 0 ? [key.replace(/_configs$/, "")] : [],
  );
}

/**
 * The ways that an alert takes, as Alertmanager goes (`Match` in dispatch/route.go).
 * @param configuration of Alertmanager
 * @param labels of the alert
 */
export const waysOf = ({ route }: Configuration, labels: Labels): Way[] =>
  follow(route, { receiver: route.receiver ?? "", matchers: [], groupWait: "30s" }, labels);

function follow(route: Route, above: Way, labels: Labels): Way[] {
  const matchers = matchersOf(route);
  if (!matchers.every((matcher) => holds(matcher, labels))) return [];
  const here = step(route, above);
  const below: Way[] = [];
  for (const child of route.routes ?? []) {
    const ways = follow(child, here, labels);
    below.push(...ways);
    if (ways.length > 0 && !child.continue) break;
  }
  return below.length > 0 ? below : [here];
}

const step = (route: Route, above: Way): Way => ({
  receiver: route.receiver ?? above.receiver,
  matchers: [...above.matchers, ...matchersOf(route).map(written)],
  groupWait: route.group_wait ?? above.groupWait,
});

/**
 * Labels with which an alert reaches a receiver.
 * @param configuration of Alertmanager
 * @param receiver its name
 * @param given labels that the alert has already; they win
 * @returns undefined where none can be found: a regular expression that is no list of words, or a route before it that takes the alert
 */
export function labelsFor(configuration: Configuration, receiver: string, given: Labels): Labels | undefined {
  const candidates = waysTo(configuration.route, receiver, [], configuration.route.receiver);
  return candidates
    .map((matchers) => ({ ...asked(matchers), ...given }))
    .find((labels) => waysOf(configuration, labels).some((way) => way.receiver === receiver));
}

/**
 * The conditions of every route that leads to a receiver.
 * @param configuration of Alertmanager
 * @param receiver its name
 * @returns one line a route
 */
export const conditionsOf = ({ route }: Configuration, receiver: string): string[] =>
  waysTo(route, receiver, [], route.receiver).map((matchers) => matchers.map(written).join(", ") || "every alert");

function waysTo(route: Route, receiver: string, above: readonly Matcher[], inherited?: string): Matcher[][] {
  const own = route.receiver ?? inherited;
  const matchers = [...above, ...matchersOf(route)];
  const below = (route.routes ?? []).flatMap((child) => waysTo(child, receiver, matchers, own));
  return [...below, ...(own === receiver ? [matchers] : [])];
}

/** A value for each label that must have one. */
function asked(matchers: readonly Matcher[]): Record<string, string> {
  return Object.fromEntries(
    matchers.flatMap(({ label, operator, value }) => {
      const word = operator === "=~" ? firstWord(value) : value;
      const isWord = operator === "=" || (operator === "=~" && /^[\w -]+$/.test(word));
      // Of `.*` and `.+` any value will do.
      if (operator === "=~" && /^\.[*+]$/.test(value)) return [[label, "test"]];
      return isWord ? [[label, word]] : [];
    }),
  );
}

/** The first of a regular expression's words, which may have flags before them or a group around them. */
const firstWord = (regex: string): string =>
  regex
    .replace(/^\(\?[a-zA-Z]+\)/, "")
    .replace(/^\((?:\?[a-zA-Z]*:)?([^()]*)\)$/, "$1")
    .split("|")[0];

const written = ({ label, operator, value }: Matcher): string => `${label}${operator}${JSON.stringify(value)}`;

function matchersOf({ matchers = [], match = {}, match_re = {} }: Route): Matcher[] {
  return [
    ...matchers.flatMap((text) => parseMatchers(text) ?? []),
    ...Object.entries(match).map(([label, value]): Matcher => ({ label, operator: "=", value })),
    ...Object.entries(match_re).map(([label, value]): Matcher => ({ label, operator: "=~", value })),
  ];
}

/** A label that is missing is an empty one. */
function holds({ label, operator, value }: Matcher, labels: Labels): boolean {
  const actual = labels[label] ?? "";
  switch (operator) {
    case "=":
      return actual === value;
    case "!=":
      return actual !== value;
    default:
      // What Go can't read, no running Alertmanager has.
      return goRegex(value)?.testExact(actual) === (operator === "=~");
  }
}
