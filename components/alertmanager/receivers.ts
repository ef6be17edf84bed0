import { receiverKey } from "../../settings/receiver-files";
import type { Settings } from "../../settings/schema";
import type { Receiver as ReceiverSettings, ReceiverField } from "../../settings/sections/receivers";

/** Folder that the keys of the Secret `alertmanager` are mounted at, each as a file. */
export const secretsDirectory = "/etc/alertmanager/secrets";

/** Who is notified, and how. */
export interface Receiver {
  name: string;
  pushover_configs?: PushoverConfig[];
  webhook_configs?: WebhookConfig[];
  slack_configs?: { send_resolved: boolean; api_url_file: string; channel?: string }[];
  discord_configs?: { send_resolved: boolean; webhook_url_file: string }[];
  telegram_configs?: TelegramConfig[];
  email_configs?: EmailConfig[];
  pagerduty_configs?: { send_resolved: boolean; routing_key_file: string }[];
}

interface PushoverConfig {
  send_resolved: boolean;
  token_file: string;
  user_key_file: string;
  priority: string;
  title: string;
  message: string;
}

type WebhookConfig = { send_resolved: boolean; http_config?: HttpConfig } & ({ url: string } | { url_file: string });

type HttpConfig =
  { authorization: { credentials_file: string } } | { basic_auth: { username?: string; password_file: string } };

interface TelegramConfig {
  send_resolved: boolean;
  bot_token_file: string;
  chat_id: number;
  message_thread_id?: number;
}

interface EmailConfig {
  send_resolved: boolean;
  to: string;
  from: string;
  smarthost: string;
  auth_username?: string;
  auth_password_file?: string;
  require_tls: boolean;
}

/**
 * The receiver of what no route leads elsewhere.
 * @param args the settings
 * @returns undefined where they set none
 */
export function notifications({
  pushover,
  webhook,
}: Pick<Settings["alertmanager"], "pushover" | "webhook">): Receiver | undefined {
  if (!pushover && !webhook) return undefined;
  return {
    name: "notifications",
    ...(pushover && { pushover_configs: [pushoverConfig(true, file("pushover-token"), file("pushover-user-key"))] }),
    ...(webhook && { webhook_configs: [{ send_resolved: true, url: webhook }] }),
  };
}

/**
 * The dead man's switch.
 * @param args the settings
 * @returns undefined where they set none
 */
export function heartbeat({ heartbeat }: Pick<Settings["alertmanager"], "heartbeat">): Receiver | undefined {
  if (!heartbeat) return undefined;
  // Not when Watchdog resolves: that call would count as a sign of life.
  return { name: "heartbeat", webhook_configs: [{ send_resolved: false, url_file: file("heartbeat-url") }] };
}

type Kind = ReceiverSettings["kind"];
type Secret = (field: ReceiverField) => string;

/** Each kind as Alertmanager has it; `secret` gives the file of a secret. */
const kinds: { [K in Kind]: (of: Extract<ReceiverSettings, { kind: K }>, secret: Secret) => Omit<Receiver, "name"> } = {
  pushover: ({ sendResolved }, secret) => ({
    pushover_configs: [pushoverConfig(sendResolved, secret("token"), secret("userKey"))],
  }),
  slack: ({ sendResolved, channel }, secret) => ({
    slack_configs: [{ send_resolved: sendResolved, api_url_file: secret("url"), ...(channel && { channel }) }],
  }),
  discord: ({ sendResolved }, secret) => ({
    discord_configs: [{ send_resolved: sendResolved, webhook_url_file: secret("url") }],
  }),
  telegram: ({ sendResolved, chatId, messageThreadId }, secret) => ({
    telegram_configs: [
      {
        send_resolved: sendResolved,
        bot_token_file: secret("botToken"),
        chat_id: chatId,
        ...(messageThreadId && { message_thread_id: messageThreadId }),
      },
    ],
  }),
  email: ({ sendResolved, to, from, smarthost, username, requireTls }, secret) => ({
    email_configs: [
      {
        send_resolved: sendResolved,
        to: to.join(", "),
        from,
        smarthost,
        ...(username && { auth_username: username, auth_password_file: secret("password") }),
        require_tls: requireTls,
      },
    ],
  }),
  pagerduty: ({ sendResolved }, secret) => ({
    pagerduty_configs: [{ send_resolved: sendResolved, routing_key_file: secret("routingKey") }],
  }),
  webhook: ({ sendResolved, url, authorization, username }, secret) => ({
    webhook_configs: [
      {
        send_resolved: sendResolved,
        ...(url ? { url } : { url_file: secret("url") }),
        ...(authorization === "bearer" && {
          http_config: { authorization: { credentials_file: secret("token") } },
        }),
        ...(authorization === "basic" && {
          http_config: { basic_auth: { username, password_file: secret("password") } },
        }),
      },
    ],
  }),
};

/**
 * A receiver of `alertmanager.receivers`. Alertmanager's own templates write the text, but for Pushover.
 * @param name its name
 * @param settings its kind, and what goes with it
 */
export function receiver(name: string, settings: ReceiverSettings): Receiver {
  const make = kinds[settings.kind] as (of: ReceiverSettings, secret: Secret) => Omit<Receiver, "name">;
  return { name, ...make(settings, (field) => file(receiverKey(name, field))) };
}

function file(key: string): string {
  return `${secretsDirectory}/${key}`;
}

function pushoverConfig(sendResolved: boolean, tokenFile: string, userKeyFile: string): PushoverConfig {
  return { send_resolved: sendResolved, token_file: tokenFile, user_key_file: userKeyFile, ...pushoverTexts };
}

// Pushover shows 250 characters of title and 1024 of message. Priority 1 breaks through quiet hours, -1 makes no sound; the group's
// highest severity counts, which CommonLabels don't have when severities differ. https://pushover.net/api#priority
const pushoverTexts = {
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
