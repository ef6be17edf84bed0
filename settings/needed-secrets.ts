import { stageOf } from "../stages";
import type { Settings } from "./schema";
import { grafanaSecrets } from "./sections/grafana";
import { receiverFields } from "./sections/receivers";
import {
  givenSecrets,
  receiverOfSecret,
  secretOfReceiver,
  type GivenSecret,
  type NamedSecret,
  type PodSecret,
} from "./sections/secrets";

/** What a given secret has. */
export interface SecretContent {
  /** The fields that the program reads. */
  fields: readonly string[];
  /** What it is, in words. */
  what: string;
}

/** A given secret that the settings ask for. */
export interface NeededSecret extends SecretContent {
  secret: GivenSecret;
  /** The setting that asks for it. */
  because: string;
  /** The existing Kubernetes Secret that would take its place, under `secrets.existing`; undefined: none can. */
  unless?: PodSecret;
}

/** When each given secret is asked for. */
const needs: Readonly<Record<NamedSecret, { because: string; unless?: PodSecret; when: (s: Settings) => boolean }>> = {
  minioAdmin: { because: "objectStore.kind minio", when: (s) => s.objectStore.kind === "minio" },
  lokiObjectStore: {
    because: "objectStore.kind existing",
    unless: "lokiObjectStore",
    when: (s) => s.objectStore.kind === "existing",
  },
  mimirObjectStore: {
    because: "objectStore.kind existing in a stage with Mimir",
    unless: "mimirObjectStore",
    when: (s) => s.objectStore.kind === "existing" && stageOf(s).mimir,
  },
  pushover: { because: "alertmanager.pushover", unless: "alertmanager", when: (s) => s.alertmanager.pushover },
  heartbeat: { because: "alertmanager.heartbeat", unless: "alertmanager", when: (s) => s.alertmanager.heartbeat },
  grafanaOauth: {
    because: "grafana.oauth",
    unless: "grafanaConfig",
    when: (s) => grafanaSecrets(s.grafana).includes("grafanaOauth"),
  },
  grafanaSmtp: {
    because: "grafana.smtp.username",
    unless: "grafanaConfig",
    when: (s) => grafanaSecrets(s.grafana).includes("grafanaSmtp"),
  },
};

/**
 * What the program reads from a given secret.
 * @param secret its name
 * @param alertmanager the settings that have the receivers
 * @returns undefined for that of a receiver that there is not, or that reads none
 */
export function contentOf(
  secret: GivenSecret,
  { receivers = {} }: Pick<Settings["alertmanager"], "receivers">,
): SecretContent | undefined {
  const name = receiverOfSecret(secret);
  if (name === undefined) return givenSecrets[secret as NamedSecret];
  const receiver = Object.hasOwn(receivers, name) ? receivers[name] : undefined;
  const fields = receiver ? receiverFields(receiver) : [];
  return receiver && fields.length > 0
    ? { fields, what: `the secret of the ${receiver.kind} receiver ${name}` }
    : undefined;
}

/**
 * The given secrets that a stack can't do without.
 * @param settings the stack's settings
 */
export function neededSecrets(settings: Settings): NeededSecret[] {
  const { alertmanager, secrets } = settings;
  const named = (Object.keys(givenSecrets) as NamedSecret[])
    .filter((secret) => needs[secret].when(settings))
    .map((secret) => ({ secret, because: needs[secret].because, unless: needs[secret].unless }));
  const ofReceivers = Object.keys(alertmanager.receivers ?? {}).map((name) => ({
    secret: secretOfReceiver(name),
    because: `alertmanager.receivers.${name}`,
    unless: "alertmanager" as const,
  }));
  return [...named, ...ofReceivers]
    .filter(({ unless }) => !(unless && secrets.existing[unless]))
    .flatMap((needed) => {
      const content = contentOf(needed.secret, alertmanager);
      return content ? [{ ...needed, ...content }] : [];
    });
}
