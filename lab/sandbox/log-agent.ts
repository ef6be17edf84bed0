import { images } from "../../components/images";
import type { Unavailable } from "../../commands/verify/unavailable";
import type { Settings } from "../../settings/schema";

/** What takes the place of a log agent that can't be had here. */
export interface Substitute {
  /** A setting of this run, `key=value` without the project's name. */
  setting: string;
  /** For the person who runs it. */
  said: string;
}

/**
 * Where the cluster can't have Vector (`VECTOR_BINARY` names one), Alloy collects in its place, by the same settings and with the same labels: without an
 * agent no line would reach Loki, and neither the logs' path nor what asks for lines would be seen.
 * @param settings the stack's
 * @param unavailable image references that the cluster can't pull, with the reason
 * @returns undefined where nothing has to take its place
 */
export function substituteAgent(
  { logs, images: overrides }: Pick<Settings, "logs" | "images">,
  unavailable: Unavailable,
): Substitute | undefined {
  const why = logs.agent === "vector" ? unavailable.get(images(overrides, "vector").vector) : undefined;
  return why === undefined
    ? undefined
    : { setting: "logs.agent=alloy", said: `Vector is not run: ${why}. Alloy collects logs in its place.` };
}
