import { dashboard, type Dashboard } from "../grafana/dashboard";
import { logs, stat, timeSeries } from "../grafana/panels";
import { rate, sumOrZero } from "./promql";

const alloy = 'job="alloy",node=~"$node"';
const byNode = (series: string) => ({ expr: `sum by (node) (${series})`, legend: "{{node}}" });
const container = 'job="kubelet",metrics_path="/metrics/cadvisor",container="alloy",node=~"$node"';
const unread = `loki_source_file_file_bytes_total{${alloy}} - loki_source_file_read_bytes_total{${alloy}}`;

/** The collectors: what they read, and whether they deliver it. From Alloy's own metrics; Loki's dashboards show what happens to it in Loki. */
export function logCollectorDashboard(): Dashboard {
  return dashboard({
    uid: "observability-log-collector",
    title: "Log collector",
    description:
      "Do the collectors read the nodes' files and journals and the API server's events, and deliver them: sent, late, lost?",
    tags: ["logs"],
    variables: [{ name: "node", label: "Node", query: 'label_values(up{job="alloy"}, node)' }],
    rows: {
      Now: [
        stat({
          title: "Collectors that answer",
          description: "Collectors on nodes, and the collector of events.",
          unit: "short",
          queries: [`sum(up{${alloy}})`],
        }),
        stat({
          title: "Collectors that don't",
          description: "Known collectors that don't answer.",
          unit: "short",
          queries: [`count(up{${alloy}} == 0) or vector(0)`],
          steps: [{ from: 1, color: "red" }],
        }),
        stat({
          title: "Lines sent",
          description: "Lines that Loki accepted, per second.",
          unit: "cps",
          queries: [`sum(${rate(`loki_write_sent_entries_total{${alloy}}`)})`],
        }),
        stat({
          title: "Lines lost in an hour",
          description: "Lines that Loki refused; they are not sent again.",
          unit: "short",
          decimals: 0,
          queries: [sumOrZero(`increase(loki_write_dropped_entries_total{${alloy}}[1h])`)],
          steps: [{ from: 1, color: "red" }],
        }),
        stat({
          title: "Not read yet",
          description: "Bytes of log files that the collectors have not read.",
          unit: "bytes",
          queries: [sumOrZero(unread)],
          steps: [{ from: 10 * 1024 * 1024, color: "orange" }],
        }),
        stat({
          title: "Unhealthy components",
          description: "Components of a collector that are unhealthy; port 12345 of the pod shows why.",
          unit: "short",
          queries: [sumOrZero(`alloy_component_controller_running_components{${alloy},health_type!="healthy"}`)],
          steps: [{ from: 1, color: "orange" }],
        }),
      ],
      Reading: [
        timeSeries({
          title: "Lines of pods read",
          description:
            "Lines read from /var/log/pods. Empty if the collector reads through the API, which has no such count.",
          unit: "cps",
          min: 0,
          stack: true,
          queries: [byNode(rate(`loki_source_file_read_lines_total{${alloy}}`))],
        }),
        timeSeries({
          title: "Lines of the journal read",
          description: "Entries read from the nodes' journals.",
          unit: "cps",
          min: 0,
          stack: true,
          queries: [byNode(rate(`loki_source_journal_target_lines_total{${alloy}}`))],
        }),
        timeSeries({
          title: "Not read yet",
          description:
            "Bytes of log files that have not been read. What the kubelet deletes before it is read is lost.",
          unit: "bytes",
          min: 0,
          queries: [byNode(unread)],
        }),
        timeSeries({
          title: "Files open",
          description: "Log files that are followed.",
          unit: "short",
          min: 0,
          queries: [byNode(`loki_source_file_files_active_total{${alloy}}`)],
        }),
      ],
      Sending: [
        timeSeries({
          title: "Bytes sent",
          description: "Compressed bytes that Loki accepted.",
          unit: "Bps",
          min: 0,
          stack: true,
          queries: [byNode(rate(`loki_write_sent_bytes_total{${alloy}}`))],
        }),
        timeSeries({
          title: "Requests by answer",
          description: "Requests to Loki by HTTP status: 204 accepted, 429 a limit, 5xx an error, -1 no answer.",
          unit: "reqps",
          min: 0,
          queries: [
            {
              expr: `sum by (status_code) (${rate(`loki_write_request_duration_seconds_count{${alloy}}`)})`,
              legend: "{{status_code}}",
            },
          ],
        }),
        timeSeries({
          title: "Request duration",
          description: "The time in which 99 of 100 requests were answered.",
          unit: "s",
          min: 0,
          queries: [
            {
              expr: `histogram_quantile(0.99, sum by (le, node) (${rate(`loki_write_request_duration_seconds_bucket{${alloy}}`)}))`,
              legend: "{{node}}",
            },
          ],
        }),
        timeSeries({
          title: "Retries",
          description: "Batches that were sent again. Their lines are late, not lost.",
          unit: "cps",
          min: 0,
          queries: [byNode(rate(`loki_write_batch_retries_total{${alloy}}`))],
        }),
        timeSeries({
          title: "Lines dropped or lost",
          description:
            "too_old: dropped by the collector, because Loki would refuse them. The others: refused by Loki.",
          unit: "cps",
          min: 0,
          queries: [
            { expr: `sum by (reason) (${rate(`loki_process_dropped_lines_total{${alloy}}`)})`, legend: "{{reason}}" },
            { expr: `sum by (reason) (${rate(`loki_write_dropped_entries_total{${alloy}}`)})`, legend: "{{reason}}" },
          ],
        }),
      ],
      "The collectors themselves": [
        timeSeries({
          title: "CPU",
          description: "Cores that each collector uses.",
          unit: "short",
          min: 0,
          queries: [byNode(rate(`container_cpu_usage_seconds_total{${container}}`))],
        }),
        timeSeries({
          title: "Memory",
          description: "Memory that counts against a collector's limit.",
          unit: "bytes",
          min: 0,
          queries: [byNode(`container_memory_working_set_bytes{${container}}`)],
        }),
        logs({
          title: "Warnings and errors",
          description: "Log lines of the collectors.",
          expr: '{app="alloy"} |~ `level=(warn|error)`',
        }),
      ],
    },
  });
}
