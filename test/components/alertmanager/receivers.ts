import type { z } from "zod";
import type { settingsSchema } from "../../../settings/schema";

type AlertmanagerSettings = NonNullable<z.input<typeof settingsSchema>["alertmanager"]>;

/** Two of one kind, and one of each other, with every secret and all that each can have. */
export const receivers = {
  phone: { kind: "pushover" },
  tablet: { kind: "pushover", sendResolved: false },
  chat: { kind: "slack", channel: "#alerts" },
  guild: { kind: "discord" },
  bot: { kind: "telegram", chatId: -1001234567890, messageThreadId: 3 },
  mail: {
    kind: "email",
    to: ["one@example.org", "two@example.org"],
    from: "alerts@example.org",
    smarthost: "smtp.example.org:587",
    username: "alerts",
  },
  "on-call": { kind: "pagerduty" },
  ntfy: { kind: "webhook", url: "https://ntfy.example.org/alerts?template=alertmanager", authorization: "bearer" },
  matrix: { kind: "webhook", authorization: "basic", username: "bridge" },
} satisfies AlertmanagerSettings["receivers"];
