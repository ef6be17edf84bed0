import { z } from "zod";
import { isRegex } from "../regex";
import { duration, durationOrZero, httpUrl, labelKey, metricLabel, namespacedName, objectName, text } from "../values";

/** Rules: single ones of all, and upstream's rules and dashboards, which are those of the chart kube-prometheus-stack. */

/** Upstream's groups of rules, as the chart's values call them (`defaultRules.rules`, 88.5.3). */
export const upstreamGroups = [
  "alertmanager",
  "etcd",
  "configReloaders",
  "general",
  "k8sContainerCpuLimits",
  "k8sContainerCpuRequests",
  "k8sContainerCpuUsageSecondsTotal",
  "k8sContainerMemoryCache",
  "k8sContainerMemoryLimits",
  "k8sContainerMemoryRequests",
  "k8sContainerMemoryRss",
  "k8sContainerMemorySwap",
  "k8sContainerMemoryWorkingSetBytes",
  "k8sContainerResource",
  "k8sPodOwner",
  "kubeApiserverAvailability",
  "kubeApiserverBurnrate",
  "kubeApiserverHistogram",
  "kubeApiserverSlos",
  "kubeControllerManager",
  "kubelet",
  "kubeProxy",
  "kubePrometheusGeneral",
  "kubePrometheusNodeRecording",
  "kubernetesApps",
  "kubernetesResources",
  "kubernetesStorage",
  "kubernetesSystem",
  "kubeSchedulerAlerting",
  "kubeSchedulerRecording",
  "kubeStateMetrics",
  "network",
  "node",
  "nodeExporterAlerting",
  "nodeExporterRecording",
  "prometheus",
  "prometheusOperator",
  "windows",
] as const;

/** One of upstream's groups of rules. */
export type UpstreamGroup = (typeof upstreamGroups)[number];

const group = z.enum(upstreamGroups);

const alertName = z
  .string()
  .refine((v) => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(v), "is not the name of an alert")
  .meta({ allowed: "the name of an alert", example: "CPUThrottlingHigh" });

const labels = z.record(
  metricLabel.refine(
    (v) => !["alertname", "severity", "cluster"].includes(v),
    "is a label that every alert already has",
  ),
  text,
);

const annotations = z.record(metricLabel, text);

const rule = z
  .strictObject({
    alert: z.string().optional(),
    record: z.string().optional(),
    expr: z.union([z.string(), z.number()]),
    for: durationOrZero.optional(),
    keep_firing_for: durationOrZero.optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ alert, record }) => (alert === undefined) !== (record === undefined), "is neither an alert nor a record")
  .meta({ allowed: "a rule as in a PrometheusRule: `alert` or `record`, and `expr`" })
  .describe("an alert, or a recorded series");

/**
 * One entry of the chart's value of this name: the groups of a PrometheusRule.
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.RuleGroup
 */
export const additionalPrometheusRules = z.strictObject({
  groups: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe("its name"),
        interval: duration.optional().describe("how often it is evaluated"),
        query_offset: durationOrZero.optional().describe("how far before now its queries look"),
        limit: z.int().min(0).optional().describe("maximum number of alerts or series of one rule; 0: no limit"),
        partial_response_strategy: z.string().optional().describe("only Thanos reads it"),
        labels: z.record(z.string(), z.string()).optional().describe("labels to add to its rules"),
        rules: z.array(rule).optional().describe("evaluated in this order"),
      }),
    )
    .describe("the groups of the PrometheusRule"),
  additionalLabels: z.record(labelKey, z.string()).optional().describe("labels of the PrometheusRule"),
});

const expiration = (of: string) =>
  z
    .strictObject({ warning: z.int().min(1).optional(), critical: z.int().min(1).optional() })
    .optional()
    .meta({ allowed: "warning and critical, each in seconds", example: { warning: 604800, critical: 86400 } })
    .describe(`how long before the end of a kubelet's ${of} certificate its alerts fire, in seconds`);

/** What else the chart's values have of its rules, by the chart's own names: a release's values stay what they are. */
const defaultRules = z
  .strictObject({
    appNamespacesOperator: z
      .enum(["=~", "!~"])
      .optional()
      .describe("`!~`: the alerts cover all namespaces except those of `rules.upstream.namespaces`"),
    keepFiringFor: duration
      .optional()
      .describe("how long each alert keeps firing after its expression is no longer true"),
    runbookUrl: httpUrl.optional().describe("beginning of the addresses in the annotation `runbook_url`"),
    additionalAggregationLabels: z
      .array(metricLabel)
      .optional()
      .describe("labels that sums and joins keep: those that distinguish several clusters in one Prometheus"),
    kubeletServerCertificateExpiration: expiration("server"),
    kubeletClientCertificateExpiration: expiration("client"),
    node: z
      .strictObject({
        fsSelector: z
          .string()
          .refine((v) => fileSystems.test(v), "is not a list of matchers")
          .meta({ allowed: 'matchers of labels, without braces, such as fstype="ext4"', example: 'fstype=~"ext4|xfs"' })
          .describe("which file systems of nodes are watched"),
      })
      .optional()
      .describe("about nodes"),
    additionalRuleAnnotations: z
      .record(alertName, annotations)
      .optional()
      .meta({
        allowed: "alert → annotations",
        example: { KubeJobFailed: { dashboard: "https://grafana.example.org" } },
      })
      .describe("annotations to add to single alerts"),
    additionalRuleGroupAnnotations: z
      .partialRecord(group, annotations)
      .optional()
      .meta({ allowed: "group → annotations", example: { node: { room: "1" } } })
      .describe("annotations to add to the alerts of single groups"),
  })
  .default({});

const fileSystem = String.raw`\w+\s*(=~|!~|!=|=)\s*"(?:[^"\\\n]|\\.)*"`;
const fileSystems = new RegExp(String.raw`^\s*${fileSystem}(\s*,\s*${fileSystem})*\s*$`);

/** What of the chart's `defaultRules` is a setting under its own name. */
export const chartDefaultRules = Object.keys(defaultRules.unwrap().shape);

/** Settings of rules: of all, and of those that upstream writes. */
export const rules = z
  .strictObject({
    disabled: z
      .array(alertName)
      .default([])
      .describe("single alerts to switch off, upstream's and this program's own (not those of Loki's ruler)"),
    labels: labels
      .default({})
      .meta({ allowed: "label → value", example: { team: "home" } })
      .describe("labels to add to every alert on metrics; `cluster` is always there"),
    overrides: z
      .record(
        alertName,
        z.strictObject({
          for: duration.optional().describe("how long its expression must be true"),
          severity: z.enum(["critical", "warning", "info", "none"]).optional().describe("its label `severity`"),
        }),
      )
      .default({})
      .meta({
        allowed: "alert → `for` (a duration) and `severity`",
        example: { KubeQuotaAlmostFull: { for: "1h", severity: "warning" } },
      })
      .describe("overrides waiting times and severities of single alerts"),
    volumeLimits: z
      .record(namespacedName, z.number().gt(0).lt(100))
      .default({})
      .meta({
        allowed: "namespace/claim → per cent, above 0 and below 100",
        example: { "airflow/airflow-logs": 80 },
      })
      .describe("volumes for which an alert fires when more than this is used, however slowly they fill up"),
    additionalPrometheusRulesMap: z
      .record(objectName, additionalPrometheusRules)
      .default({})
      .meta({
        allowed: "name → `groups` of a PrometheusRule, and `additionalLabels` of the object",
        example: {
          nas: { groups: [{ name: "nas", rules: [{ alert: "NasFull", expr: "nas_free_bytes < 1e9", for: "1h" }] }] },
        },
      })
      .describe(
        "rules of your own, as the chart's value of this name; a PrometheusRule for each name, in every stage. " +
          "They stay as written: `rules.disabled`, `rules.labels` and `rules.overrides` don't apply to them",
      ),
    upstream: z
      .strictObject({
        enabled: z
          .boolean()
          .default(true)
          .describe(
            "false: none of the rules and dashboards of the chart kube-prometheus-stack (version: kps.chartVersion) are installed; " +
              "only this program's own alerts and the recorded series of its dashboards are left",
          ),
        dashboards: z.boolean().default(true).describe("false: no ConfigMaps with upstream's dashboards"),
        groups: z
          .partialRecord(group, z.boolean())
          .default({})
          .meta({ allowed: `group → true or false; groups: ${upstreamGroups.join(", ")}`, example: { network: false } })
          .describe(
            "groups of rules to switch off, or to switch on if something else scrapes what they need; default: on if this stack scrapes it; " +
              "windows can't be switched on: the chart has these rules only together with its exporter",
          ),
        groupLabels: z
          .partialRecord(group, labels)
          .default({})
          .meta({ allowed: "group → labels", example: { nodeExporterAlerting: { team: "hardware" } } })
          .describe("labels to add to the alerts of single groups"),
        namespaces: z
          .string()
          .refine((v) => v !== "", "is empty")
          .refine((v) => isRegex(v) && !/["\\\n]/.test(v), "is not a regular expression that the chart can write")
          .default(".*")
          .meta({ allowed: "a regular expression, without backslashes and quotes", example: "shop|blog" })
          .describe("namespaces that upstream's alerts about workloads and volumes cover"),
        defaultRules: defaultRules.describe("other keys of the chart's value `defaultRules`, under the chart's names"),
      })
      .prefault({}),
  })
  .prefault({});
