import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { InvalidInput } from "../../engine/errors";
import {
  conditionsOf,
  integrationsOf,
  labelsFor,
  readConfiguration,
  waysOf,
  type Way,
} from "../shared/alertmanager-routes";
import { programOf, type Api, type Request } from "../shared/api/api-server";
import { whyNot } from "../shared/api/network";

/** What {@link testAlert} needs. */
export interface TestAlertArgs {
  api: Api;
  /** Base URL of Alertmanager. */
  url: string;
  /** Base URL of its metrics, and what their names begin with. */
  metrics: { url: string; prefix: string };
  /** Labels of every alert of the stack. */
  labels: Record<string, string>;
  /** Labels of the command line; they win. */
  given: Record<string, string>;
  /** A receiver that must be reached; default: whoever the labels lead to. */
  receiver?: string;
  /** Seconds until the notification must be out. */
  deadline: number;
  /** Ends the waiting; the alert is resolved then, too. */
  signal: AbortSignal;
  /** Takes a line of progress. */
  tell(line: string): void;
}

/** What became of the alert at one receiver. */
export interface Delivery {
  receiver: string;
  /** Alertmanager's name of the kind of notification; undefined: the receiver notifies nobody. */
  integration?: string;
  status: "delivered" | "refused" | "suppressed" | "waiting" | "nobody";
  /** What was found. */
  found: string;
}

/** What became of a test alert. */
export interface Tested {
  labels: Record<string, string>;
  /** The routes that it takes. */
  ways: Way[];
  deliveries: Delivery[];
  /** Whether Alertmanager was told that the alert has ended. */
  resolved: boolean;
}

/** An alert as Alertmanager's API shows it. */
interface Shown {
  receivers: { name: string }[];
  status: { state: string; silencedBy?: string[]; inhibitedBy?: string[]; mutedBy?: string[] };
}

/** Failed attempts until a receiver counts as refusing; Alertmanager keeps trying for minutes. */
const enoughAttempts = 3;

/**
 * Sends an alert to Alertmanager as an evaluator does, waits until the counters of its receivers moved, and resolves it.
 * @param args where Alertmanager is, and what is sent
 * @throws InvalidInput where Alertmanager can't be asked, or no label leads to the receiver
 */
export async function testAlert(args: TestAlertArgs): Promise<Tested> {
  const { receiver, given, tell, signal } = args;
  const asker = askerOf(args);
  const { config } = JSON.parse(await asker("/api/v2/status")) as { config: { original: string } };
  const configuration = readConfiguration(config.original);
  // A name of its own: a group of an earlier one would wait for its next interval.
  const alertname = `TestAlert${String(randomInt(1_000_000)).padStart(6, "0")}`;
  const usual = { ...args.labels, alertname, severity: "critical" };
  const known = configuration.receivers.map(({ name }) => name);
  if (receiver !== undefined && !known.includes(receiver))
    throw new InvalidInput(`Alertmanager has no receiver "${receiver}"\n→ it has ${known.join(", ")}`);
  const labels = receiver === undefined ? { ...usual, ...given } : reaching(receiver);

  function reaching(name: string): Record<string, string> {
    const [straight, derived] = [{ ...usual, ...given }, labelsFor(configuration, name, given)];
    if (waysOf(configuration, straight).some((way) => way.receiver === name)) return straight;
    const found =
      derived &&
      [
        { ...usual, ...derived },
        { ...args.labels, alertname, ...derived },
      ].find((each) => waysOf(configuration, each).some((way) => way.receiver === name));
    if (found) return found;
    const conditions = conditionsOf(configuration, name);
    throw new InvalidInput(
      conditions.length === 0
        ? `no route leads to receiver "${name}"\n→ add one to alertmanager.routes`
        : `no labels were found that lead to receiver "${name}"; its routes take ${conditions.join(" or ")}, unless a route before them does\n` +
            "→ give them: --label name=value, as often as needed",
    );
  }

  const ways = waysOf(configuration, labels);
  const before = await counters(args);
  const startsAt = new Date().toISOString();
  const annotations = { summary: "A test", description: "Sent by npm run alert. Nothing is wrong." };
  const send = (more: object = {}) => asker("/api/v2/alerts", { json: [{ labels, annotations, startsAt, ...more }] });
  await send();
  tell(`sent ${alertname}; ${ways.map(inWords).join("; ")}`);
  let deliveries: Delivery[] = [];
  try {
    const end = Date.now() + args.deadline * 1000;
    for (;;) {
      // Only the groups say which time interval mutes (`getAlertGroupsHandler` in api/v2/api.go); one alert may be in several.
      const groups = JSON.parse(
        await asker(`/api/v2/alerts/groups?${new URLSearchParams({ filter: `alertname="${labels.alertname}"` })}`),
      ) as { alerts: Shown[] }[];
      const shown = groups.flatMap(({ alerts }) => alerts);
      const names = shown[0]?.receivers.map(({ name }) => name) ?? ways.map((way) => way.receiver);
      const now = await counters(args);
      if (now.process !== before.process) throw new InvalidInput(another);
      const last = Date.now() >= end;
      deliveries = [...new Set(names)].flatMap((name) => {
        const integrations = integrationsOf(configuration, name);
        if (integrations.length === 0)
          return { receiver: name, status: "nobody" as const, found: "this receiver sends no notifications" };
        return integrations.map((integration) => delivery(name, integration, { before, now, shown: shown[0], last }));
      });
      if (last || deliveries.every(({ status }) => status !== "waiting")) break;
      await pause(1000, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
    }
  } finally {
    await send({ endsAt: new Date().toISOString() });
  }
  return { labels, ways, deliveries, resolved: true };
}

const another =
  "Alertmanager's counters are not those of a moment ago: it was restarted, or several replicas answer in turn\n" +
  "→ run it again; with several replicas, against one of them: kubectl port-forward, and --config observability:adopt.alertmanagerUrl=http://127.0.0.1:PORT";

const inWords = ({ receiver, matchers, groupWait }: Way): string =>
  `its route (${matchers.join(", ") || "the last one: every alert"}) leads to ${receiver}, after ${groupWait}`;

interface Seen {
  before: Counted;
  now: Counted;
  shown?: Shown;
  last: boolean;
}

function delivery(receiver: string, integration: string, { before, now, shown, last }: Seen): Delivery {
  const moved = (counter: Counter) =>
    now.of(counter, receiver, integration) - before.of(counter, receiver, integration);
  const [attempts, failed] = [moved("notification_requests_total"), moved("notification_requests_failed_total")];
  const here = { receiver, integration };
  if (attempts > failed) return { ...here, status: "delivered", found: `${integration} took the notification` };
  if (failed >= enoughAttempts || moved("notifications_failed_total") > 0 || (failed > 0 && last))
    return { ...here, status: "refused", found: `${failed} attempts failed; Alertmanager's log says why` };
  const { silencedBy = [], inhibitedBy = [], mutedBy = [] } = shown?.status ?? {};
  if (silencedBy.length > 0) return { ...here, status: "suppressed", found: `silenced by ${silencedBy.join(", ")}` };
  if (inhibitedBy.length > 0)
    return { ...here, status: "suppressed", found: `inhibited by ${inhibitedBy.length} firing alerts` };
  if (mutedBy.length > 0) return { ...here, status: "suppressed", found: `muted by ${mutedBy.join(", ")}` };
  return { ...here, status: "waiting", found: "no notification has been sent" };
}

type Counter = "notification_requests_total" | "notification_requests_failed_total" | "notifications_failed_total";

/** Alertmanager's counters at one time. */
interface Counted {
  /** The value of one at a receiver. */
  of(counter: Counter, receiver: string, integration: string): number;
  /** When the process whose counters they are was started: two have two, also behind one address. */
  process: string | undefined;
}

/** Mimir's counters, and those of an Alertmanager without `receiver-name-in-metrics`, are by integration only. */
async function counters(args: TestAlertArgs): Promise<Counted> {
  const { url, prefix } = args.metrics;
  const text = await askerOf({ ...args, url })("/metrics");
  return {
    process: /^process_start_time_seconds (\S+)$/m.exec(text)?.[1],
    of: (counter, receiver, integration) =>
      [...text.matchAll(new RegExp(`^${prefix}${counter}\\{(.*)\\} (\\S+)$`, "gm"))]
        .filter(([, labels]) => labels.includes(`integration="${integration}"`))
        .filter(([, labels]) => !labels.includes("receiver_name=") || labels.includes(`receiver_name="${receiver}"`))
        .reduce((sum, [, , value]) => sum + Number(value), 0),
  };
}

/** Asks Alertmanager, and takes no other answer than 200. */
function askerOf({ api, url, deadline }: Pick<TestAlertArgs, "api" | "url" | "deadline">) {
  return async (path: string, request: Request = {}): Promise<string> => {
    const milliseconds = Math.min(deadline, 30) * 1000;
    const { host } = new URL(url);
    const signal = AbortSignal.timeout(milliseconds);
    const reply = await programOf(api, url)
      .request(path, { ...request, signal })
      .catch((error: unknown) => {
        throw new InvalidInput(`${host} ${whyNot(error, { milliseconds })}\n→ ${todo}`);
      });
    if (reply.status === 200) return reply.body;
    const [said] = reply.body.trim().split("\n");
    throw new InvalidInput(`Alertmanager (${host}) answers ${reply.status}: ${said.slice(0, 300)}\n→ ${todo}`);
  };
}

const todo = "npm run verify shows whether Alertmanager runs; the credentials need get and create on services/proxy";
