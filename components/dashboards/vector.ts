import { dashboard, type Dashboard } from "../grafana/dashboard";
import { logs, stat, timeSeries } from "../grafana/panels";
import { counted } from "../rules/counted";
import { rate, sumOrZero } from "./promql";

const vector = 'job="vector",node=~"$node"';
const byNode = (series: string) => ({ expr: `sum by (node) (${series})`, legend: "{{node}}" });
const container = 'job="kubelet",metrics_path="/metrics/cadvisor",container="vector",node=~"$node"';
const lost = `vector_component_discarded_events_total{${vector},intentional="false"}`;

/** The log collectors where they are Vector's; under the address of Alloy's, so that links stay. */
export function vectorDashboard(): Dashboard {
  return dashboard({
    uid: "observability-log-collector",
    title: "Log collector",
    description: "Does Vector read the nodes' files and journals, and deliver them: sent, waiting, lost?",
    tags: ["logs"],
    variables: [{ name: "node", label: "Node", query: 'label_values(up{job="vector"}, node)' }],
    rows: {
      Now: [
        stat({
          title: "Collectors that answer",
          description: "Vector's pods on nodes.",
          unit: "short",
          queries: [`sum(up{${vector}})`],
        }),
        stat({
          title: "Collectors that don't",
          description: "Known pods that don't answer.",
          unit: "short",
          queries: [`count(up{${vector}} == 0) or vector(0)`],
          steps: [{ from: 1, color: "red" }],
        }),
        stat({
          title: "Lines sent",
          description: "Lines that Loki accepted, per second.",
          unit: "cps",
          queries: [`sum(${rate(`vector_component_sent_events_total{${vector},component_id="loki"}`)})`],
        }),
        stat({
          title: "Lines lost in an hour",
          description: "Lines that Loki refused or a program couldn't read; they are not sent again.",
          unit: "short",
          decimals: 0,
          queries: [sumOrZero(counted(lost, "1h"))],
          steps: [{ from: 1, color: "red" }],
        }),
        stat({
          title: "Waiting",
          description: "Bytes in the buffers on the nodes that Loki has not accepted yet.",
          unit: "bytes",
          queries: [sumOrZero(`vector_buffer_size_bytes{${vector},component_id="loki"}`)],
          steps: [{ from: 10 * 1024 * 1024, color: "orange" }],
        }),
        stat({
          title: "Errors in an hour",
          description: "Errors of its components; the pod's log shows which.",
          unit: "short",
          decimals: 0,
          queries: [sumOrZero(counted(`vector_component_errors_total{${vector}}`, "1h"))],
          steps: [{ from: 1, color: "orange" }],
        }),
      ],
      Reading: [
        timeSeries({
          title: "Lines of pods read",
          description: "Lines read from /var/log/pods, after their parts were joined.",
          unit: "cps",
          min: 0,
          stack: true,
          queries: [byNode(rate(`vector_component_sent_events_total{${vector},component_id="pods"}`))],
        }),
        timeSeries({
          title: "Lines of the journal read",
          description: "Entries read from the nodes' journals.",
          unit: "cps",
          min: 0,
          stack: true,
          queries: [byNode(rate(`vector_component_sent_events_total{${vector},component_id="journal"}`))],
        }),
      ],
      Sending: [
        timeSeries({
          title: "Waiting for Loki",
          description:
            "Bytes in the buffers on the nodes. When they are full, Vector stops reading. Alert VectorCannotSend.",
          unit: "bytes",
          min: 0,
          queries: [byNode(`vector_buffer_size_bytes{${vector},component_id="loki"}`)],
        }),
        timeSeries({
          title: "Loki's answers",
          description: "Requests per second, by status.",
          unit: "reqps",
          min: 0,
          queries: [
            {
              expr: `sum by (status) (${rate(`vector_http_client_responses_total{${vector},component_id="loki"}`)})`,
              legend: "{{status}}",
            },
          ],
        }),
        timeSeries({
          title: "Lines not sent",
          description:
            "Left out on purpose (too old, rules of logs.lines), or lost, by component. Alert VectorLinesDropped.",
          unit: "cps",
          min: 0,
          queries: [
            {
              expr: `sum by (component_id, intentional) (${rate(`vector_component_discarded_events_total{${vector}}`)})`,
              legend: "{{component_id}}, on purpose: {{intentional}}",
            },
          ],
        }),
      ],
      "The collectors themselves": [
        timeSeries({
          title: "CPU",
          description: "Cores that each pod uses.",
          unit: "short",
          min: 0,
          queries: [byNode(rate(`container_cpu_usage_seconds_total{${container}}`))],
        }),
        timeSeries({
          title: "Memory",
          description: "Memory that counts against a pod's limit.",
          unit: "bytes",
          min: 0,
          queries: [byNode(`container_memory_working_set_bytes{${container}}`)],
        }),
        logs({
          title: "Warnings and errors",
          description: "Log lines of Vector.",
          expr: '{app="vector"} |~ `(WARN|ERROR)`',
        }),
      ],
    },
  });
}
