import type { Settings } from "../../settings/schema";
import type { Environment } from "../kubernetes/environment";
import { metricOf } from "../loki/series";
import type { RuleGroup } from "../rules/types";

/** What the alerts are made for. */
export interface VmagentRulesArgs {
  environment: Pick<Environment, "namespace">;
  settings: Pick<Settings["metrics"], "mimirOutage">;
}

/**
 * Alerts on vmagent: is it there, does what it scrapes get into VictoriaMetrics. Metric names are those that a running 1.150.0 exports.
 *
 * Its own metrics take the same way as all others, and wait with them: what interrupts it also stops the series of these alerts, and only `absent` is
 * left. If VictoriaMetrics itself is down, nothing here fires: then the dead man's switch is no longer called.
 * @param args where it runs, and what it is sized for
 * @see https://github.com/VictoriaMetrics/VictoriaMetrics/blob/v1.150.0/deployment/docker/rules/alerts-vmagent.yml
 */
export function vmagentRules({ environment: { namespace }, settings: { mimirOutage } }: VmagentRulesArgs): RuleGroup[] {
  const metric = metricOf(`job="vmagent", namespace="${namespace}"`);
  const by = "by (cluster, namespace, pod)";
  const log = `kubectl -n ${namespace} logs vmagent-0 -c vmagent --since=1h | grep -E '"level":"(warn|error)"'`;
  const grown = (...names: string[]) =>
    names.map((name) => `sum ${by} (increase(${metric(name)}[15m])) > 0`).join("\nor\n");
  return [
    {
      name: "vmagent",
      rules: [
        {
          alert: "VmagentAbsent",
          expr: `absent(${metric("up")} == 1)`,
          for: "5m",
          labels: { severity: "critical", namespace },
          annotations: {
            summary: "vmagent's own metrics are missing.",
            description: `It scrapes the whole cluster and itself: probably no metrics arrive at all, and alerts that need a series don't fire. It is not running, or VictoriaMetrics refuses what it sends. kubectl -n ${namespace} get pod vmagent-0; ${log}.`,
          },
        },
        {
          alert: "VmagentBehind",
          // In a healthy one hardly anything waits; once VictoriaMetrics is back, all of it is sent within minutes.
          expr: `sum ${by} (min_over_time(${metric("vmagent_remotewrite_pending_data_bytes")}[15m])) > 1e7`,
          for: "15m",
          labels: { severity: "warning" },
          annotations: {
            summary: "{{ $labels.pod }} is behind: {{ $value | humanize1024 }}B wait for VictoriaMetrics.",
            description: `Samples wait on its volume, which has room for ${mimirOutage} (metrics.mimirOutage) while VictoriaMetrics doesn't answer; when it is full, the oldest are deleted. Look at VictoriaMetrics' dashboard for slow inserts and a full disk. ${log} shows its answers.`,
          },
        },
        {
          alert: "VmagentSamplesLost",
          expr: grown("vm_persistentqueue_blocks_dropped_total", "vmagent_remotewrite_packets_dropped_total"),
          labels: { severity: "critical" },
          annotations: {
            summary: "{{ $labels.pod }} has lost samples.",
            description: `VictoriaMetrics refused them, or didn't answer for so long that the volume filled up and the oldest were deleted. ${log} has the reason. Enlarge metrics.storage: docs/growing-a-volume.md.`,
          },
        },
        {
          alert: "VmagentConfigRefused",
          expr: `max ${by} (${metric("vm_promscrape_config_last_reload_successful")}) == 0`,
          for: "10m",
          labels: { severity: "critical" },
          annotations: {
            summary: "{{ $labels.pod }} rejects its scrape configuration.",
            description: `It continues with the previous one: new or changed monitors have no effect, and it would not start again after a restart. ${log} has the reason; kubectl -n ${namespace} logs vmagent-0 -c scrape-config shows the one that it was given.`,
          },
        },
        {
          alert: "VmagentScrapesRefused",
          expr: grown(
            "vm_promscrape_scrapes_skipped_by_sample_limit_total",
            "vm_promscrape_scrapes_skipped_by_label_limit_total",
            "vm_promscrape_max_scrape_size_exceeded_errors_total",
          ),
          for: "15m",
          labels: { severity: "warning" },
          annotations: {
            summary: "{{ $labels.pod }} discards the metrics of some targets.",
            description: `They exceed a limit of their monitor (sampleLimit, labelLimit), or are larger than 128 MiB. ${log} shows which.`,
          },
        },
      ],
    },
  ];
}
