import { stageOf } from "../stages";
import type { Settings } from "./schema";

/**
 * The names of a removed kube-prometheus-stack that lead to the stack's own address with Prometheus' API: `prometheusApi.formerNames`, once the
 * release is gone. An update deletes last, so the one that removes the release can't make them: the next one does, when the settings say
 * that the release is gone.
 * @param settings the stack's
 */
export const formerNames = ({
  stage,
  kps,
  migration,
  metrics,
  prometheusApi,
}: Pick<Settings, "stage" | "kps" | "migration" | "metrics" | "prometheusApi">): readonly string[] =>
  stageOf({ stage, kps, metrics }).kps || (kps.enabled && migration.from !== "kps-removed")
    ? []
    : prometheusApi.formerNames;
