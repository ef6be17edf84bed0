import { z } from "zod";
import { hostPort, httpUrl, nonEmptyText } from "../values";

/** Receivers of one's own: who is notified, and how. Nothing here is secret; what is, each receiver reads from its given secret. */

/** Names that stand for receivers that are there without `alertmanager.receivers`. */
const ownReceivers = ["notifications", "heartbeat", "none", "null"];

/** The name of a receiver; a key of the Secret and a path of a setting begin with it. */
export const receiverName = z
  .string()
  .refine((v) => /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(v), "is not a name of a receiver")
  .refine((v) => !ownReceivers.includes(v), "is a name that this program uses")
  .meta({
    allowed: `at most 63 lower-case letters, digits and '-', starting with a letter, and none of ${ownReceivers.join(", ")}`,
    example: "phone",
  });

const sendResolved = z.boolean().default(true).describe("also notifies when alerts are resolved");

const username = nonEmptyText
  .optional()
  .describe("user name of its login, for a mail server that needs one, or a webhook with authorization basic");

const address = z
  .string()
  .refine((v) => /^[^\s@,<>"]+@[^\s@,<>"]+$/.test(v), "is not an e-mail address")
  .meta({ allowed: "name@host", example: "home@example.org" });

const pushover = z.strictObject({ kind: z.literal("pushover"), sendResolved });

const slack = z.strictObject({
  kind: z.literal("slack"),
  channel: nonEmptyText
    .meta({ allowed: "#channel or @user", example: "#alerts" })
    .optional()
    .describe("instead of the incoming webhook's channel, if Slack allows it"),
  sendResolved,
});

const discord = z.strictObject({ kind: z.literal("discord"), sendResolved });

const telegram = z.strictObject({
  kind: z.literal("telegram"),
  chatId: z
    .int()
    .refine((v) => v !== 0, "is no chat")
    .meta({ allowed: "a whole number, below 0 for a group", example: -1001234567890 })
    .describe("the chat that the bot writes to"),
  messageThreadId: z.int().min(1).optional().describe("a topic of the group"),
  sendResolved,
});

const email = z.strictObject({
  kind: z.literal("email"),
  to: z.array(address).min(1).meta({ allowed: "a list of addresses, at least one" }).describe("who gets the mail"),
  from: address.describe("whose mail it is"),
  smarthost: hostPort
    .meta({ example: "smtp.example.org:587" })
    .describe("the mail server; port 465: TLS from the start"),
  username,
  requireTls: z.boolean().default(true).describe("refuses a server that offers no TLS"),
  sendResolved,
});

const pagerduty = z.strictObject({ kind: z.literal("pagerduty"), sendResolved });

const webhook = z.strictObject({
  kind: z.literal("webhook"),
  url: httpUrl.optional().describe("address to which alerts are posted; leave it out if it is secret"),
  authorization: z.enum(["bearer", "basic"]).optional().describe("how it authenticates; default: not at all"),
  username,
  sendResolved,
});

const receiver = z.discriminatedUnion("kind", [pushover, slack, discord, telegram, email, pagerduty, webhook]);

/** A receiver as the settings give it. */
export type Receiver = z.output<typeof receiver>;

/** Receivers, each under its name. */
export const receivers = z
  .record(receiverName, receiver)
  .meta({ allowed: "receivers by name; each: an object with kind and that kind's keys" })
  .optional()
  .describe(
    "your own receivers, by name; a route has to lead to each (given secret `receivers.<name>`); `{}`: nobody is notified, on purpose",
  );

/** A field of a receiver's given secret. */
export type ReceiverField = "token" | "userKey" | "url" | "botToken" | "password" | "routingKey";

/** What a receiver of each kind reads from its given secret. */
const fieldsByKind: { [Kind in Receiver["kind"]]: (receiver: Extract<Receiver, { kind: Kind }>) => ReceiverField[] } = {
  pushover: () => ["token", "userKey"],
  slack: () => ["url"],
  discord: () => ["url"],
  telegram: () => ["botToken"],
  email: ({ username }) => (username ? ["password"] : []),
  pagerduty: () => ["routingKey"],
  webhook: ({ url, authorization }) => [
    ...(url ? [] : ["url" as const]),
    ...(authorization ? [authorization === "bearer" ? ("token" as const) : ("password" as const)] : []),
  ],
};

/** Every field that a receiver's given secret may have. */
export const receiverFieldNames: readonly ReceiverField[] = [
  "token",
  "userKey",
  "url",
  "botToken",
  "password",
  "routingKey",
];

/**
 * The fields of a receiver's given secret.
 * @param receiver the receiver
 * @returns none where it needs no secret
 */
export const receiverFields = (receiver: Receiver): ReceiverField[] =>
  (fieldsByKind[receiver.kind] as (receiver: Receiver) => ReceiverField[])(receiver);
