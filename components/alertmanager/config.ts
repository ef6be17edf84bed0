import type { Settings } from "../../config/schema";
import { seconds } from "../../config/units";

/** Folder that the keys of the Secret `alertmanager` are mounted at, each as a file. */
export const secretsDirectory = "/etc/alertmanager/secrets";

/** Keys of the Secret `alertmanager`, which are also the files' names. */
export type SecretFile = "pushover-token" | "pushover-user-key" | "heartbeat-url";

/** What of the settings the configuration is made from. */
export type AlertmanagerConfigArgs = Pick<
  Settings["alertmanager"],
  | "pushover"
  | "heartbeat"
  | "webhook"
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
}

/** Where alerts go. */
export interface Route {
  receiver: string;
  matchers?: string[];
  group_by?: string[];
  group_wait?: string;
  group_interval?: string;
  repeat_interval?: string;
  routes?: Route[];
}

/** Which alerts are kept quiet by which others. */
export interface InhibitRule {
  source_matchers: string[];
  target_matchers: string[];
  equal: string[];
}

/** Who is told, and how. */
export interface Receiver {
  name: string;
  pushover_configs?: PushoverConfig[];
  webhook_configs?: WebhookConfig[];
}

interface PushoverConfig {
  send_resolved: boolean;
  token_file: string;
  user_key_file: string;
  priority: string;
  title: string;
  message: string;
}

type WebhookConfig = { send_resolved: boolean } & ({ url: string } | { url_file: string });

const nobody = "null";

/**
 * The files that the configuration reads; the pod mounts these keys of its Secret and no others.
 * @param args which receivers there are
 */
export function secretFiles({
  pushover,
  heartbeat,
}: Pick<AlertmanagerConfigArgs, "pushover" | "heartbeat">): SecretFile[] {
  return [
    ...(pushover ? (["pushover-token", "pushover-user-key"] as const) : []),
    ...(heartbeat ? (["heartbeat-url"] as const) : []),
  ];
}

/**
 * Alertmanager's configuration: everything to one receiver, Watchdog to the dead man's switch and nowhere else.
 * @param args the settings
 */
export function alertmanagerConfig(args: AlertmanagerConfigArgs): AlertmanagerConfig {
  const notifications = notificationReceiver(args);
  const heartbeat = heartbeatReceiver(args);
  return {
    route: {
      receiver: notifications?.name ?? nobody,
      group_by: args.groupBy,
      group_wait: args.groupWait,
      group_interval: args.groupInterval,
      repeat_interval: args.repeatInterval,
      routes: [watchdogRoute(args, heartbeat), { receiver: nobody, matchers: ['severity="none"'] }],
    },
    inhibit_rules: [inhibit("critical", "warning|info"), inhibit("warning", "info")],
    receivers: [{ name: nobody }, ...[notifications, heartbeat].filter((receiver) => receiver !== undefined)],
  };
}

// The dead man's switch must be called at every tick of the group. A notification is repeated when the last one is older than
// `repeat_interval`; the last one was sent a little after its tick, so with both equal every second tick would be left out.
function watchdogRoute({ heartbeatInterval }: AlertmanagerConfigArgs, heartbeat: Receiver | undefined): Route {
  return {
    receiver: heartbeat?.name ?? nobody,
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

function notificationReceiver({ pushover, webhook }: AlertmanagerConfigArgs): Receiver | undefined {
  if (!pushover && !webhook) return undefined;
  return {
    name: "notifications",
    ...(pushover && { pushover_configs: [pushoverConfig] }),
    ...(webhook && { webhook_configs: [{ send_resolved: true, url: webhook }] }),
  };
}

function heartbeatReceiver({ heartbeat }: AlertmanagerConfigArgs): Receiver | undefined {
  if (!heartbeat) return undefined;
  // Not when Watchdog resolves: that call would count as a sign of life.
  return { name: "heartbeat", webhook_configs: [{ send_resolved: false, url_file: file("heartbeat-url") }] };
}

// Pushover shows 250 characters of title and 1024 of message. Priority 1 breaks through quiet hours, -1 makes no sound; the group's
// highest severity counts, which CommonLabels don't have when severities differ. https://pushover.net/api#priority
const pushoverConfig: PushoverConfig = {
  send_resolved: true,
  token_file: file("pushover-token"),
  user_key_file: file("pushover-user-key"),
  priority:
    '{{ $priority := "-1" }}{{ range .Alerts.Firing }}' +
    '{{ if eq .Labels.severity "critical" }}{{ $priority = "1" }}' +
    '{{ else if and (eq .Labels.severity "warning") (eq $priority "-1") }}{{ $priority = "0" }}' +
    "{{ end }}{{ end }}{{ $priority }}",
  title:
    '{{ if eq .Status "firing" }}{{ .Alerts.Firing | len }} firing{{ else }}resolved{{ end }}: ' +
    "{{ .GroupLabels.alertname }}{{ with .GroupLabels.namespace }} in {{ . }}{{ end }}{{ with .GroupLabels.cluster }} ({{ . }}){{ end }}",
  message:
    '{{ range .Alerts }}{{ if eq .Status "resolved" }}Resolved: {{ end }}{{ .Annotations.summary }}\n' +
    "{{ with .Annotations.description }}{{ . }}\n{{ end }}{{ with .Annotations.runbook_url }}{{ . }}\n{{ end }}{{ end }}",
};

function file(name: SecretFile): string {
  return `${secretsDirectory}/${name}`;
}
