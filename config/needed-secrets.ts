import { stageOf } from "../migration/stages";
import type { Settings } from "./schema";
import { givenSecrets, type GivenSecret, type PodSecret } from "./sections/secrets";

/** A given secret that the settings ask for. */
export interface NeededSecret {
  secret: GivenSecret;
  /** The setting that asks for it. */
  because: string;
  /** The existing Kubernetes Secret that would take its place, under `secrets.existing`; undefined: none can. */
  unless?: PodSecret;
}

/** When each given secret is asked for. */
const needs: Readonly<Record<GivenSecret, { because: string; unless?: PodSecret; when: (s: Settings) => boolean }>> = {
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
};

/**
 * The given secrets that a stack can't do without.
 * @param settings the stack's settings
 */
export function neededSecrets(settings: Settings): NeededSecret[] {
  return (Object.keys(givenSecrets) as GivenSecret[])
    .map((secret) => ({ secret, ...needs[secret] }))
    .filter(({ when, unless }) => when(settings) && !(unless && settings.secrets.existing[unless]))
    .map(({ secret, because, unless }) => ({ secret, because, unless }));
}
