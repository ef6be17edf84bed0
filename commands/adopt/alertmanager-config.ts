import { settingsSchema } from "../../settings/schema";
import {
  integrationsOf,
  settingsName,
  type AlertmanagerConfig,
  type Integration,
} from "../shared/alertmanager-configs";
import { withoutSecrets } from "./secret-values";

/** An AlertmanagerConfig in the words of the settings `alertmanager`. */
export interface Translation {
  receivers: Record<string, Record<string, unknown>>;
  routes: Record<string, unknown>[];
  timeIntervals: Record<string, unknown>;
  inhibitRules: Record<string, unknown>[];
  /** Where the values of its given secrets are now: `receivers.shop-team-phone.token: Secret shop/pushover, key token`. */
  secrets: string[];
  /** What the settings have no words for; if there is any, the rest is not the whole of it. */
  obstacles: string[];
}

/**
 * Translates an AlertmanagerConfig: the same alerts go to the same people, with this program's texts.
 * @param object the AlertmanagerConfig
 * @param enforced whether the operator adds the object's namespace to its routes and inhibitions (`alertmanagerConfigMatcherStrategy`)
 * @see https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.0/pkg/alertmanager/amcfg.go
 */
export function translate(object: AlertmanagerConfig, enforced: boolean): Translation {
  const { namespace = "", name = "" } = object.metadata ?? {};
  const spec = (object.spec ?? {}) as Spec;
  const integrations = integrationsOf(object);
  const made = integrations.map((each) => ({ each, ...receiver(each, namespace) }));
  const own: Matcher[] = enforced ? [{ name: "namespace", value: namespace, matchType: "=" }] : [];
  const tree = spec.route
    ? flat(spec.route, own, {})
    : { leaves: [], obstacles: integrations.length > 0 ? ["it has no route"] : [] };
  const { leaves } = tree;
  const intervals = new Map(
    (spec.muteTimeIntervals ?? []).map(({ name: interval, timeIntervals: times = [] }) => [
      interval,
      times.map((time, i): [string, object] => [
        settingsName([namespace, name, interval, ...(times.length > 1 ? [i + 1] : [])].join("-")),
        intervalOf(time),
      ]),
    ]),
  );
  const namesOf = (list: readonly string[] | undefined) =>
    list?.length ? list.flatMap((each) => (intervals.get(each) ?? []).map(([key]) => key)) : undefined;
  const translated = {
    receivers: Object.fromEntries(made.map(({ each, settings }) => [each.name, settings])),
    routes: leaves.flatMap(({ receiver: to, matchers, muteTimeIntervals, activeTimeIntervals, ...times }) => {
      const keys = integrations.filter(({ receiver }) => receiver === to).map((each) => each.name);
      return (keys.length > 0 ? keys : ["none"]).map((key) =>
        defined({
          receiver: key,
          matchers: matchers.map(text),
          // The operator lets every alert go on to the routes of others.
          continue: true,
          ...times,
          muteTimeIntervals: namesOf(muteTimeIntervals),
          activeTimeIntervals: namesOf(activeTimeIntervals),
        }),
      );
    }),
    timeIntervals: Object.fromEntries([...intervals.values()].flat()),
    inhibitRules: (spec.inhibitRules ?? []).map(({ sourceMatch = [], targetMatch = [], equal = [] }) => ({
      sourceMatchers: [...sourceMatch, ...own].map(text),
      targetMatchers: [...targetMatch, ...own].map(text),
      equal,
    })),
  };
  const { error } = settingsSchema.safeParse({ alertmanager: translated });
  return {
    ...translated,
    secrets: made.flatMap(({ secrets }) => secrets),
    obstacles: [
      ...made.flatMap(({ obstacles }) => obstacles),
      ...tree.obstacles,
      ...(error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`),
    ],
  };
}

/** What each kind of receiver has in both: fields of the object to those of the settings. */
interface Kind {
  plain?: Record<string, string>;
  secret: Record<string, string>;
  /** What Alertmanager does where `sendResolved` is left out. */
  resolved: boolean;
  /** What the program writes of its own accord. */
  usual?: Record<string, unknown>;
}

const kinds: Readonly<Record<string, Kind>> = {
  pushover: { secret: { token: "token", userKey: "userKey" }, resolved: true },
  slack: { plain: { channel: "channel" }, secret: { apiURL: "url" }, resolved: false },
  discord: { secret: { apiURL: "url" }, resolved: true },
  telegram: {
    plain: { chatID: "chatId", messageThreadID: "messageThreadId" },
    secret: { botToken: "botToken" },
    resolved: true,
    usual: { parseMode: "HTML" },
  },
  email: {
    plain: { to: "to", from: "from", smarthost: "smarthost", authUsername: "username", requireTLS: "requireTls" },
    secret: { authPassword: "password" },
    resolved: false,
  },
  pagerduty: { secret: { routingKey: "routingKey" }, resolved: true },
  webhook: { plain: { url: "url" }, secret: { urlSecret: "url" }, resolved: true },
};

function receiver({ name, receiver: of, kind, config }: Integration, namespace: string) {
  const known = kinds[kind] as Kind | undefined;
  if (!known)
    return { settings: {}, secrets: [], obstacles: [`receiver ${of}: the settings have no receiver of kind ${kind}`] };
  const { plain = {}, secret, resolved, usual = {} } = known;
  const { sendResolved = resolved, httpConfig, ...fields } = config;
  const rest = Object.entries(fields).filter(([field, value]) => !isNothing(value) && value !== usual[field]);
  const secrets: [string, unknown][] = rest.flatMap(([field, value]) =>
    field in secret ? [[secret[field], value]] : [],
  );
  const settings = Object.fromEntries(
    rest.flatMap(([field, value]) =>
      field in plain ? [[plain[field], field === "to" ? addresses(value) : value]] : [],
    ),
  );
  const obstacles = rest
    .filter(([field]) => !(field in plain) && !(field in secret))
    .map(([field]) => `receiver ${of}: receivers of kind ${kind} have no ${field} in the settings`);
  // Settings are in Git.
  if ("url" in settings && withoutSecrets({ url: settings.url }).withheld.length > 0) {
    delete settings.url;
    secrets.push(["url", undefined]);
  }
  const { authorization, ...otherHttp } = (httpConfig ?? {}) as { authorization?: Authorization };
  const isBearer = kind === "webhook" && authorization && (authorization.type ?? "Bearer").toLowerCase() === "bearer";
  if (isBearer) secrets.push(["token", authorization.credentials]);
  if ((authorization && !isBearer) || Object.values(otherHttp).some((value) => !isNothing(value)))
    obstacles.push(`receiver ${of}: from httpConfig, the settings only support a webhook's bearer token`);
  return {
    settings: { kind, ...settings, ...(isBearer && { authorization: "bearer" }), sendResolved },
    secrets: secrets.map(([field, value]) => `receivers.${name}.${field}: ${placeOf(value, namespace)}`),
    obstacles,
  };
}

const isNothing = (value: unknown) =>
  [undefined, null, "", 0].some((nothing) => value === nothing) ||
  (typeof value === "object" && Object.keys(value!).length === 0);

const addresses = (list: unknown) =>
  String(list)
    .split(",")
    .map((each) => each.trim());

function placeOf(selector: unknown, namespace: string): string {
  const { name, key } = (selector ?? {}) as { name?: string; key?: string };
  return name ? `Secret ${namespace}/${name}, key ${key}` : "in the object itself";
}

type Leaf = { receiver: string; matchers: Matcher[] } & Pick<
  Route,
  (typeof inherited)[number] | (typeof ofItself)[number]
>;

const inherited = ["groupBy", "groupWait", "groupInterval", "repeatInterval"] as const;
const ofItself = ["muteTimeIntervals", "activeTimeIntervals"] as const;

/**
 * A tree of routes as a list: the settings have no routes below others. An alert leaves a tree at the first branch that fits, but a list of which
 * every route continues only at its end; so what comes after a branch excludes what that branch takes.
 */
function flat(
  route: Route,
  above: readonly Matcher[],
  from: Pick<Route, "receiver" | (typeof inherited)[number]>,
): { leaves: Leaf[]; obstacles: string[] } {
  const matchers = [...above, ...(route.matchers ?? [])];
  const values = {
    ...Object.fromEntries(inherited.map((key) => [key, route[key] ?? from[key]])),
    receiver: route.receiver || from.receiver,
  };
  const leaves: Leaf[] = [];
  const obstacles: string[] = [];
  let [later, rest]: (Matcher[] | undefined)[] = [[], []];
  for (const child of route.routes ?? []) {
    if (!later) break;
    const below = flat(child, [...matchers, ...later], values);
    leaves.push(...below.leaves);
    obstacles.push(...below.obstacles);
    const [only, ...more] = child.matchers ?? [];
    if (more.length > 0)
      obstacles.push(
        `the route to ${child.receiver || values.receiver} has several matchers and other routes after it, which a list of routes can't express`,
      );
    const others = only && [negated(only)];
    rest = others && rest && [...rest, ...others];
    if (!child.continue) later = others && [...later, ...others];
  }
  if (!values.receiver) obstacles.push("its route has no receiver");
  const own = Object.fromEntries(ofItself.map((key) => [key, route[key]]));
  if (rest) leaves.push({ ...values, ...own, receiver: values.receiver ?? "", matchers: [...matchers, ...rest] });
  return { leaves, obstacles };
}

const operatorOf = ({ matchType, regex }: Matcher) => matchType || (regex ? "=~" : "=");
const opposite: Readonly<Record<string, string>> = { "=": "!=", "!=": "=", "=~": "!~", "!~": "=~" };
const negated = (matcher: Matcher): Matcher => ({ ...matcher, matchType: opposite[operatorOf(matcher)] });
const text = (matcher: Matcher): string =>
  `${matcher.name}${operatorOf(matcher)}"${(matcher.value ?? "").replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;

function intervalOf({ times, weekdays, daysOfMonth, months, years }: TimeInterval): object {
  return defined({
    times: times?.map(({ startTime, endTime }) => ({ start: startTime, end: endTime })),
    weekdays,
    daysOfMonth: daysOfMonth?.map(({ start, end }) => (end ? `${start}:${end}` : String(start))),
    months,
    years,
  });
}

const defined = <T extends object>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;

// The parts of the API's v1alpha1 that are read here.
interface Spec {
  route?: Route;
  inhibitRules?: { sourceMatch?: Matcher[]; targetMatch?: Matcher[]; equal?: string[] }[];
  muteTimeIntervals?: { name: string; timeIntervals?: TimeInterval[] }[];
}
interface Route {
  receiver?: string;
  matchers?: Matcher[];
  continue?: boolean;
  routes?: Route[];
  groupBy?: string[];
  groupWait?: string;
  groupInterval?: string;
  repeatInterval?: string;
  muteTimeIntervals?: string[];
  activeTimeIntervals?: string[];
}
interface Matcher {
  name: string;
  value?: string;
  matchType?: string;
  /** Deprecated there. */
  regex?: boolean;
}
interface TimeInterval {
  times?: { startTime: string; endTime: string }[];
  weekdays?: string[];
  daysOfMonth?: { start: number; end?: number }[];
  months?: string[];
  years?: string[];
}
interface Authorization {
  type?: string;
  credentials?: unknown;
}
