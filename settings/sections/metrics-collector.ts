import { z } from "zod";
import { backends } from "../../stages";
import { seconds } from "../units";
import { bytes, duration, namespacedName, namespaceName, objectName, resources } from "../values";
import { remoteWriteQueue } from "./metrics";
import { scrapeConfigs } from "./scrape-config";

/** What keeps metrics, and the metrics collector: Grafana Alloy, from stage `mimir-default` on, or vmagent, in stage `kps-removed`. */
export const metrics = z
  .strictObject({
    backend: z
      .enum(backends)
      .default("mimir")
      .describe(
        "long-term storage of metrics: Mimir in the object store, or VictoriaMetrics on a volume, with the stage victoria-metrics-default instead of mimir-default; change it in stage loki only",
      ),
    storage: bytes
      .default("5Gi")
      .describe(
        "size of the volume for waiting samples, in bytes: Alloy's write-ahead log takes 6.6 bytes a sample for three times mimirOutage (450,000 series every 30 s with the defaults); vmagent's queue 20 bytes a sample for mimirOutage, plus 1Gi (440,000 series)",
      ),
    storageClass: objectName.optional().describe("storage class of that volume; default: cluster.storageClass"),
    mimirOutage: duration
      .refine((v) => seconds(v) >= 600, "is shorter than 10 minutes")
      .meta({ allowed: "a duration of at least 10 minutes: a number and a unit (m, h, d), no spaces", example: "4h" })
      .default("4h")
      .describe("how long Mimir, or VictoriaMetrics, may be down without losing a sample"),
    remoteWrite: remoteWriteQueue.describe(
      "queue of remote_write to Mimir; what doesn't fit waits in the write-ahead log",
    ),
    // A change that Mimir didn't take is tried five times within a second and then left until this (`run` in Alloy's
    // internal/component/mimir/rules/kubernetes/events.go). Mimir reads each group again from the object store for it, uncached (`ListRules` in its
    // pkg/ruler/api.go), once for each of Alloy's components: with 100 groups and two components 200 small objects.
    rulesSyncInterval: duration
      .default("1m")
      .describe(
        "how often Mimir's rules are compared with the cluster's, and changes that Mimir refused are sent again; each time Mimir reads every rule group from the object store at least twice: set it longer if reads cost money. A changed PrometheusRule is synchronised at once",
      ),
    ruleNamespaces: z
      .array(namespaceName)
      .default([])
      .describe(
        "namespaces whose PrometheusRules are synchronised separately: an invalid one then only stops those of its namespace",
      ),
    secrets: z
      .array(namespacedName)
      .default([])
      .describe(
        "Secrets that monitors name (basicAuth, authorization, TLS): the collector may read these and no others; with vmagent, those of the stack's namespace need not be listed",
      ),
    configMaps: z.array(namespacedName).default([]).describe("ConfigMaps that monitors name; the same applies"),
    scrapeConfigs,
    resources: resources({ cpu: "200m", memory: "768Mi", memoryLimit: "2Gi" }),
    rulesResources: resources({ cpu: "20m", memory: "128Mi", memoryLimit: "384Mi" }),
  })
  .prefault({});
