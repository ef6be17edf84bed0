import type { Settings } from "../../settings/schema";
import type { Route as RouteSettings, TimeInterval as TimeIntervalSettings } from "../../settings/sections/routes";
import { seconds } from "../../settings/units";
import { heartbeat, notifications, receiver, type Receiver } from "./receivers";

/** What of the settings the configuration is made from. */
export type AlertmanagerConfigArgs = Pick<
  Settings["alertmanager"],
  | "pushover"
  | "heartbeat"
  | "webhook"
  | "receivers"
  | "routes"
  | "timeIntervals"
  | "inhibitRules"
  | "infoInhibitor"
  | "groupBy"
  | "groupWait"
  | "groupInterval"
  | "repeatInterval"
  | "heartbeatInterval"
>;

/**
 * Alertmanager's configuration file. No secret is in it: receivers read theirs from files.
 * @see https://prometheus.io/docs/alerting/latest/configuration/
 */
export interface AlertmanagerConfig {
  route: Route;
  inhibit_rules: InhibitRule[];
  receivers: Receiver[];
  time_intervals?: TimeInterval[];
}

/** Where alerts go. */
export interface Route {
  receiver: string;
  matchers?: string[];
  group_by?: string[];
  group_wait?: string;
  group_interval?: string;
  repeat_interval?: string;
  mute_time_intervals?: string[];
  active_time_intervals?: string[];
  continue?: boolean;
  routes?: Route[];
}

/** A time that routes name. */
export interface TimeInterval {
  name: string;
  time_intervals: {
    times?: { start_time: string; end_time: string }[];
    weekdays?: string[];
    days_of_month?: string[];
    months?: string[];
    years?: string[];
    location?: string;
  }[];
}

/** Which alerts are kept quiet by which others. */
export interface InhibitRule {
  source_matchers: string[];
  target_matchers: string[];
  equal: string[];
}

const nobody = "null";

/**
 * Alertmanager's configuration: Watchdog only to the dead man's switch, severity none to no receiver, then the routes of the
 * settings, and what is left to one receiver.
 * @param args the settings
 */
export function alertmanagerConfig(args: AlertmanagerConfigArgs): AlertmanagerConfig {
  const rest = notifications(args);
  const deadMansSwitch = heartbeat(args);
  const { receivers = {}, routes = [], timeIntervals, inhibitRules = [], infoInhibitor = true } = args;
  return {
    route: {
      receiver: rest?.name ?? nobody,
      group_by: args.groupBy,
      group_wait: args.groupWait,
      group_interval: args.groupInterval,
      repeat_interval: args.repeatInterval,
      routes: [
        watchdogRoute(args, deadMansSwitch),
        { receiver: nobody, matchers: ['severity="none"'] },
        ...routes.map(route),
      ],
    },
    inhibit_rules: [
      inhibit("critical", "warning|info"),
      inhibit("warning", "info"),
      ...(infoInhibitor ? [byInfoInhibitor] : []),
      ...inhibitRules.map(({ sourceMatchers, targetMatchers, equal }) => ({
        source_matchers: sourceMatchers,
        target_matchers: targetMatchers,
        equal,
      })),
    ],
    receivers: [
      { name: nobody },
      ...[rest, deadMansSwitch].filter((receiver) => receiver !== undefined),
      ...Object.entries(receivers).map(([name, settings]) => receiver(name, settings)),
    ],
    ...(timeIntervals && {
      time_intervals: Object.entries(timeIntervals).map(([name, interval]) => ({
        name,
        time_intervals: [timeInterval(interval)],
      })),
    }),
  };
}

function route(settings: RouteSettings): Route {
  const { groupBy, groupWait, groupInterval, repeatInterval, muteTimeIntervals, activeTimeIntervals } = settings;
  return {
    receiver: settings.receiver === "none" ? nobody : settings.receiver,
    ...(settings.matchers.length > 0 && { matchers: settings.matchers }),
    ...(groupBy && { group_by: groupBy }),
    ...(groupWait && { group_wait: groupWait }),
    ...(groupInterval && { group_interval: groupInterval }),
    ...(repeatInterval && { repeat_interval: repeatInterval }),
    ...(muteTimeIntervals && { mute_time_intervals: muteTimeIntervals }),
    ...(activeTimeIntervals && { active_time_intervals: activeTimeIntervals }),
    ...(settings.continue && { continue: true }),
  };
}

function timeInterval({ times, daysOfMonth, ...rest }: TimeIntervalSettings): TimeInterval["time_intervals"][number] {
  return {
    ...(times && { times: times.map(({ start, end }) => ({ start_time: start, end_time: end })) }),
    ...(daysOfMonth && { days_of_month: daysOfMonth }),
    ...rest,
  };
}

// The dead man's switch must be called at every tick of the group. A notification is repeated when the last one is older than
// `repeat_interval`; the last one was sent a little after its tick, so with both equal every second tick would be left out.
function watchdogRoute({ heartbeatInterval }: AlertmanagerConfigArgs, deadMansSwitch: Receiver | undefined): Route {
  return {
    receiver: deadMansSwitch?.name ?? nobody,
    matchers: ['alertname="Watchdog"'],
    group_by: ["alertname"],
    group_wait: "0s",
    group_interval: heartbeatInterval,
    repeat_interval: `${Math.ceil((seconds(heartbeatInterval) * 1000) / 2)}ms`,
  };
}

// The same alert on the same thing, said once: at its highest severity.
function inhibit(severity: string, quiet: string): InhibitRule {
  return {
    source_matchers: [`severity="${severity}"`],
    target_matchers: [`severity=~"${quiet}"`],
    equal: ["alertname", "namespace", "cluster"],
  };
}

/**
 * InfoInhibitor fires for a namespace in which an info alert fires and nothing worse does.
 * @see https://runbooks.prometheus-operator.dev/runbooks/general/infoinhibitor
 */
const byInfoInhibitor: InhibitRule = {
  source_matchers: ['alertname="InfoInhibitor"'],
  target_matchers: ['severity="info"'],
  equal: ["namespace", "cluster"],
};
