import { count, fail, pass, type Context, type Outcome } from "./check";
import { inLastHour, lastHour, sourceOf } from "./logs";
import { exposed } from "./queries";
import { metricsOf } from "./workloads";

/** Alertmanager answers. */
export async function alertmanagerReady({ subject, reach }: Context): Promise<Outcome> {
  const url = sourceOf(subject, "alertmanager");
  await reach.url(url, "/-/ready");
  return pass(`${new URL(url).host} is ready`);
}

interface Alert {
  startsAt: string;
  /** When it was sent the last time. */
  updatedAt: string;
  receivers: { name: string }[];
  /** Where it is evaluated, as who sent it last says. */
  generatorURL: string;
}

/** Mimir's ruler has no external URL, so its link is a path alone; Prometheus puts its address before. */
const isRulers = ({ generatorURL }: Alert) => generatorURL.startsWith("/");

/** Seconds since an evaluator last sent an alert that fires: both send it anew each minute, or with each evaluation. */
const longestSilence = 300;

/** The alert that always fires has got from whoever evaluates rules to Alertmanager, and still does. */
export async function watchdogFires(context: Context): Promise<Outcome> {
  const { subject, reach, now } = context;
  const filter = new URLSearchParams({ filter: 'alertname="Watchdog"' });
  const text = await reach.url(sourceOf(subject, "alertmanager"), `/api/v2/alerts?${filter}`);
  const alerts = JSON.parse(text) as Alert[];
  const byMimir = subject.on.evaluator === "mimir";
  const [alert] = byMimir ? alerts.filter(isRulers) : alerts;
  if (alert === undefined)
    return fail(
      alerts.length === 0
        ? "Alertmanager has no alert Watchdog: nobody evaluates rules, or nobody's alerts arrive"
        : "Alertmanager has an alert Watchdog, and not from Mimir's ruler: it does not fire there, or doesn't arrive",
      { untouched: byMimir },
    );
  const { startsAt, updatedAt, receivers } = alert;
  const silence = Math.round(now - Date.parse(updatedAt) / 1000);
  if (silence > longestSilence) return fail(`Watchdog was sent ${silence} s ago the last time: its evaluator is gone`);
  // The receiver that stands for nobody: `components/alertmanager/config.ts`.
  const told = receivers.map(({ name }) => name).filter((name) => name !== "null");
  return pass(`firing since ${startsAt}${byMimir ? " by Mimir's ruler" : ""}, for ${told.join(", ") || "nobody"}`);
}

/** How each Alertmanager counts: what its metrics begin with, the label of the heartbeat's, and what that label stands for. */
const counters = {
  receivers: { prefix: "alertmanager_", heartbeat: 'receiver_name="heartbeat"', stands: "the dead man's switch" },
  // It says by what, and not whom. Without a webhook of people's it is the heartbeat alone.
  mimir: {
    prefix: "cortex_alertmanager_",
    heartbeat: 'integration="webhook"',
    stands: "a webhook, the dead man's switch or another",
  },
} as const;

/** Alertmanager's notifications arrive; the dead man's switch has been called where there is one. */
export async function notificationsDelivered(context: Context): Promise<Outcome> {
  const { told, workloads, notifier } = context.subject;
  if (!told.people && !told.heartbeat) return pass("the stack has no receiver: nobody is told of an alert");
  const { prefix, heartbeat, stands } = counters[notifier];
  const texts = await metricsOf(
    context.reach,
    workloads.filter(({ part }) => part === notifier),
  );
  const sum = (name: string, ...labels: string[]) =>
    texts.reduce((total, text) => total + (exposed(text, `${prefix}${name}`, labels) ?? 0), 0);
  const [sent, failed] = [sum("notifications_total"), sum("notifications_failed_total")];
  const said = `${count(sent, "notification")}, ${failed.toLocaleString("en-GB")} failed since Alertmanager's start`;
  const beats = sum("notifications_total", heartbeat) - sum("notifications_failed_total", heartbeat);
  if (told.heartbeat && beats <= 0) return fail(`${said}: Watchdog has not reached ${stands}`);
  const beaten = told.heartbeat ? `; Watchdog reached ${stands} ${count(beats, "time")}` : "";
  if (failed === 0) return pass(said + beaten);
  const recent = await lastHour(context, [`${prefix}notifications_failed_total`]);
  return recent === 0 ? pass(`${said}, none in the last hour${beaten}`) : fail(`${said}${inLastHour(recent)}`);
}
