import type { Backend } from "../../stages";
import { fail, pass, type Context, type Outcome } from "./check";
import { count, number } from "../shared/words";
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
  /** When it was last sent. */
  updatedAt: string;
  receivers: { name: string }[];
  /** Where it is evaluated, as its last sender says. */
  generatorURL: string;
}

/** How an alert's link shows who sent it: Prometheus's begins with its address, the ruler has no external URL, vmalert has a path of its own. */
const sent: Readonly<Record<Backend, { by: string; is(alert: Alert): boolean }>> = {
  mimir: { by: "Mimir's ruler", is: ({ generatorURL }) => generatorURL.startsWith("/") },
  "victoria-metrics": { by: "vmalert", is: ({ generatorURL }) => generatorURL.includes("/vmalert/alert?") },
};

/** Seconds since an evaluator last sent a firing alert: both send it again each minute, or with each evaluation. */
const longestSilence = 300;

/** The alert that always fires gets from the system that evaluates rules to Alertmanager. */
export async function watchdogFires(context: Context): Promise<Outcome> {
  const { subject, reach, now } = context;
  const filter = new URLSearchParams({ filter: 'alertname="Watchdog"' });
  const text = await reach.url(sourceOf(subject, "alertmanager"), `/api/v2/alerts?${filter}`);
  const alerts = JSON.parse(text) as Alert[];
  const { evaluator } = subject.on;
  const sender = evaluator === "prometheus" ? undefined : sent[evaluator];
  const [alert] = sender ? alerts.filter((each) => sender.is(each)) : alerts;
  if (alert === undefined)
    return fail(
      alerts.length === 0
        ? "Alertmanager has no alert Watchdog: no rules are evaluated, or no alerts arrive"
        : `Alertmanager has the alert Watchdog, but not from ${sender?.by}: it doesn't fire there, or doesn't arrive`,
      { untouched: sender !== undefined },
    );
  const { startsAt, updatedAt, receivers } = alert;
  const silence = Math.round(now - Date.parse(updatedAt) / 1000);
  if (silence > longestSilence) return fail(`Watchdog was last sent ${silence} s ago: its evaluator is gone`);
  // The receiver without notifications: `components/alertmanager/config.ts`.
  const told = receivers.map(({ name }) => name).filter((name) => name !== "null");
  const receiver = told.length > 0 ? `for ${told.join(", ")}` : "for no receiver";
  return pass(`firing since ${startsAt}${sender ? ` by ${sender.by}` : ""}, ${receiver}`);
}

/** How each Alertmanager counts: the prefix of its metrics, the label of the heartbeat's, and what that label stands for. */
const counters = {
  receivers: { prefix: "alertmanager_", heartbeat: 'receiver_name="heartbeat"', stands: "the dead man's switch" },
  // It counts by integration, not by receiver. If people have no webhook, it is only the heartbeat.
  mimir: {
    prefix: "cortex_alertmanager_",
    heartbeat: 'integration="webhook"',
    stands: "a webhook (the dead man's switch or another)",
  },
} as const;

const noReceiver =
  "set alertmanager.pushover, webhook or receivers: docs/alerts.md, section “Who is notified”; if nobody shall be notified, say so: alertmanager.receivers: {}";

/** Alertmanager's notifications arrive; the dead man's switch, if there is one, has been called. */
export async function notificationsDelivered(context: Context): Promise<Outcome> {
  const { told, workloads, notifier } = context.subject;
  if (!told.people && !told.nobody)
    return fail("the stack has no receiver: nobody is notified of an alert", { todo: noReceiver });
  if (!told.people && !told.heartbeat) return pass("to nobody, as the settings say: alertmanager.receivers is empty");
  const { prefix, heartbeat, stands } = counters[notifier];
  const texts = await metricsOf(
    context.reach,
    workloads.filter(({ part }) => part === notifier),
  );
  const sum = (name: string, ...labels: string[]) =>
    texts.reduce((total, text) => total + (exposed(text, `${prefix}${name}`, labels) ?? 0), 0);
  const [sent, failed] = [sum("notifications_total"), sum("notifications_failed_total")];
  const said = `${count(sent, "notification")}, ${number(failed)} failed since Alertmanager's start`;
  const beats = sum("notifications_total", heartbeat) - sum("notifications_failed_total", heartbeat);
  if (told.heartbeat && beats <= 0) return fail(`${said}: Watchdog has not reached ${stands}`);
  const beaten = told.heartbeat ? `; Watchdog reached ${stands} ${count(beats, "time")}` : "";
  if (failed === 0) return pass(said + beaten);
  const recent = await lastHour(context, [`${prefix}notifications_failed_total`]);
  return recent === 0 ? pass(`${said}, none in the last hour${beaten}`) : fail(`${said}${inLastHour(recent)}`);
}
