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
  receivers: { name: string }[];
}

/** The alert that always fires has got from whoever evaluates rules to Alertmanager. */
export async function watchdogFires({ subject, reach }: Context): Promise<Outcome> {
  const filter = new URLSearchParams({ filter: 'alertname="Watchdog"' });
  const text = await reach.url(sourceOf(subject, "alertmanager"), `/api/v2/alerts?${filter}`);
  const alerts = JSON.parse(text) as Alert[];
  if (alerts.length === 0)
    return fail("Alertmanager has no alert Watchdog: nobody evaluates rules, or nobody's alerts arrive");
  const [{ startsAt, receivers }] = alerts;
  // The receiver that stands for nobody: `components/alertmanager/config.ts`.
  const told = receivers.map(({ name }) => name).filter((name) => name !== "null");
  return pass(`firing since ${startsAt}, for ${told.join(", ") || "nobody"}`);
}

/** Alertmanager's notifications arrive; the dead man's switch has been called where there is one. */
export async function notificationsDelivered(context: Context): Promise<Outcome> {
  const { told, workloads } = context.subject;
  if (!told.people && !told.heartbeat) return pass("the stack has no receiver: nobody is told of an alert");
  const texts = await metricsOf(
    context.reach,
    workloads.filter(({ part }) => part === "receivers"),
  );
  const sum = (name: string, ...labels: string[]) =>
    texts.reduce((total, text) => total + (exposed(text, `alertmanager_${name}`, labels) ?? 0), 0);
  const [sent, failed] = [sum("notifications_total"), sum("notifications_failed_total")];
  const said = `${count(sent, "notification")}, ${failed.toLocaleString("en-GB")} failed since Alertmanager's start`;
  const heartbeat = `receiver_name="heartbeat"`;
  const beats = sum("notifications_total", heartbeat) - sum("notifications_failed_total", heartbeat);
  if (told.heartbeat && beats <= 0) return fail(`${said}: Watchdog has not reached the dead man's switch`);
  const beaten = told.heartbeat ? `; Watchdog reached the dead man's switch ${count(beats, "time")}` : "";
  if (failed === 0) return pass(said + beaten);
  const recent = await lastHour(context, ["alertmanager_notifications_failed_total"]);
  return recent === 0 ? pass(`${said}, none in the last hour${beaten}`) : fail(`${said}${inLastHour(recent)}`);
}
