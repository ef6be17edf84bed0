import { z } from "zod";
import { day, httpUrl } from "../values";

/** The migration: its stage, its retirement step, and what the cluster already has. */

/** The stages, in their order. */
export const stageNames = ["loki", "dual-write", "mimir-default", "kps-removed"] as const;

/** Name of a stage. */
export type StageName = (typeof stageNames)[number];

/** Which stage the stack is in. */
export const stage = z.enum(stageNames).default("loki").describe("stage of the migration");

/** Steps between stages. */
export const migration = z
  .strictObject({
    from: z
      .enum(stageNames)
      .optional()
      .describe("stage that the cluster is in, where the stack's own outputs don't say (offline: --from)"),
    dualWriteSince: day
      .optional()
      .describe(
        "day from which on Mimir has every sample: when stage `dual-write` was brought about (`npm run verify` tells)",
      ),
    dualWriteDays: z
      .int()
      .min(0)
      .default(14)
      .describe("days of samples that Mimir must have before kube-prometheus-stack is retired; 0: not asked"),
    retireKps: z
      .boolean()
      .default(false)
      .describe("lifts the protection of kube-prometheus-stack; a step of its own before stage `kps-removed`"),
    reclaimVolumes: z
      .array(z.enum(["prometheus"]))
      .optional()
      .describe(
        "volumes that the removal of kube-prometheus-stack deletes; `[]` keeps every one; stage `kps-removed` needs the choice",
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
          .describe("the Helm release that is imported"),
        import: z
          .boolean()
          .default(true)
          .describe(
            "false: the release went in stage kps-removed and comes back under its name and with its values, on the way to mimir-default",
          ),
        keepGrafana: z
          .boolean()
          .default(false)
          .describe("keeps the Grafana inside the release until the stack's own has taken over"),
        keepExporters: z
          .boolean()
          .default(false)
          .describe("keeps the release's node-exporter and kube-state-metrics (host port 9100) for this update"),
        values: z
          .record(z.string(), z.unknown())
          .default({})
          .meta({ allowed: "values of the chart", example: { fullnameOverride: "kps" } })
          .describe("values of the release that stay (`helm get values`), under those that this program sets"),
      })
      .optional()
      .describe("a kube-prometheus-stack that runs already"),
    crds: z
      .boolean()
      .default(false)
      .describe("CRDs exist without Helm ownership (a chart's crds/ folder): their release takes ownership"),
    alertmanagerUrl: httpUrl.optional().describe("an Alertmanager that exists and is used in place of the stack's own"),
  })
  .prefault({});
