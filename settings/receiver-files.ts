import type { Settings } from "./schema";
import { receiverFields, type ReceiverField } from "./sections/receivers";
import { secretOfReceiver, type GivenSecret } from "./sections/secrets";

/** A key of the Secret `alertmanager`, which is also a file that Alertmanager's configuration names. */
export interface ReceiverFile {
  key: string;
  /** The given secret that its text comes from, and the field of it. */
  secret: GivenSecret;
  field: ReceiverField;
}

/**
 * The key of the Secret `alertmanager` that a receiver of one's own reads a secret from. The dot stands in no other key and in no name.
 * @param receiver the receiver's name
 * @param field which of its secrets
 */
export const receiverKey = (receiver: string, field: ReceiverField): string => `${receiver}.${field}`;

/**
 * What Alertmanager's receivers read from files: these keys of its Secret are made and mounted, and no others.
 * @param alertmanager which receivers there are
 */
export function receiverFiles({
  pushover,
  heartbeat,
  receivers = {},
}: Pick<Settings["alertmanager"], "pushover" | "heartbeat" | "receivers">): ReceiverFile[] {
  return [
    ...(pushover
      ? ([
          { key: "pushover-token", secret: "pushover", field: "token" },
          { key: "pushover-user-key", secret: "pushover", field: "userKey" },
        ] as const)
      : []),
    ...(heartbeat ? ([{ key: "heartbeat-url", secret: "heartbeat", field: "url" }] as const) : []),
    ...Object.entries(receivers).flatMap(([name, receiver]) =>
      receiverFields(receiver).map((field) => ({
        key: receiverKey(name, field),
        secret: secretOfReceiver(name),
        field,
      })),
    ),
  ];
}
