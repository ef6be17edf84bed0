import { z } from "zod";
import { stageNames } from "../../stages";
import { day, httpUrl, namespacedName } from "../values";

/** The migration: its stage, its retirement step, and what the cluster already has. */

/** Which stage the stack is in. */
export const stage = z
  .enum(stageNames)
  .default("loki")
  .describe("stage of the migration; the third is named after metrics.backend");

/** Steps between stages. */
export const migration = z
  .strictObject({
    from: z
      .enum(stageNames)
      .optional()
      .describe("stage that the cluster is in, if the stack's own outputs don't say (offline: --from)"),
    dualWriteSince: day
      .optional()
      .describe(
        "first day for which Mimir, or VictoriaMetrics, has every sample: the day on which stage `dual-write` was deployed (`npm run verify` prints it)",
      ),
    dualWriteDays: z
      .int()
      .min(0)
      .default(14)
      .describe(
        "days of samples that Mimir, or VictoriaMetrics, must have before kube-prometheus-stack is retired; 0: not checked",
      ),
    retireKps: z
      .boolean()
      .default(false)
      .describe("lifts the protection of kube-prometheus-stack; a separate step before stage `kps-removed`"),
    reclaimVolumes: z
      .array(z.enum(["prometheus"]))
      .optional()
      .describe(
        "volumes that the removal of kube-prometheus-stack deletes; `[]` keeps all; required for stage `kps-removed`",
      ),
  })
  .prefault({});

/** What exists already and is taken over. */
export const adopt = z
  .strictObject({
    kps: z
      .strictObject({
        release: z
          .string()
          .refine((v) => /^[a-z0-9-]+\/[a-z0-9-]+$/.test(v), "is not namespace/name")
          .meta({ allowed: "namespace/name", example: "monitoring/kube-prometheus-stack" })
          .describe("the Helm release to import"),
        import: z
          .boolean()
          .default(true)
          .describe(
            "false: the release was removed in stage kps-removed and is installed again with its name and values, on the way back from it",
          ),
        keepGrafana: z
          .boolean()
          .default(false)
          .describe("keeps the release's Grafana until the stack's own replaces it"),
        keepExporters: z
          .boolean()
          .default(false)
          .describe("keeps the release's node-exporter and kube-state-metrics (host port 9100) for this update"),
        values: z
          .record(z.string(), z.unknown())
          .default({})
          .meta({ allowed: "values of the chart", example: { fullnameOverride: "kps" } })
          .describe("values of the release to keep (`helm get values`); this program's own override them"),
      })
      .optional()
      .describe("a kube-prometheus-stack that is already running"),
    crds: z
      .boolean()
      .default(false)
      .describe("CRDs exist without Helm ownership (a chart's crds/ folder): their release takes ownership"),
    crdsRelease: namespacedName
      .optional()
      .meta({ allowed: "namespace/name", example: "monitoring/prometheus-operator-crds" })
      .describe("an existing Helm release of the chart prometheus-operator-crds, which is imported"),
    alertmanagerUrl: httpUrl.optional().describe("an existing Alertmanager, used instead of the stack's own"),
  })
  .prefault({});
