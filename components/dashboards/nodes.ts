import type { Stage } from "../../stages";
import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, timeSeries } from "../grafana/panels";
import { rate, sumOrZero } from "./promql";

const node = 'job="node-exporter",node=~"$node"';
const idle = `node_cpu_seconds_total{${node},mode="idle"}`;
const filesystem = `${node},fstype!="",mountpoint!=""`;
const disk = `${node},device!~"(loop|ram|zram|dm-|md|sr).*"`;
const network = `${node},device!="lo"`;

/**
 * The nodes: how busy, how full, how hot. From node-exporter.
 * @param stage whose alerts are counted: they are series of the system that evaluates them
 */
export function nodesDashboard({ evaluator }: Pick<Stage, "evaluator">): Dashboard {
  return dashboard({
    uid: "observability-nodes",
    title: "Nodes",
    description: "How busy, how full and how hot each node is.",
    variables: [{ name: "node", label: "Node", query: 'label_values(node_uname_info{job="node-exporter"}, node)' }],
    rows: {
      Now: [
        stat({
          title: "Nodes that answer",
          description: "Nodes whose exporter answers.",
          unit: "short",
          queries: [`sum(up{${node}})`],
        }),
        stat({
          title: "Nodes that don't",
          description: "Nodes whose exporter doesn't answer: the node is off, its network is down, or the exporter is.",
          unit: "short",
          queries: [`count(up{${node}} == 0) or vector(0)`],
          steps: [{ from: 1, color: "red" }],
        }),
        stat({
          title: "CPU used",
          description: "Busy share of all cores of the selected nodes.",
          unit: "percentunit",
          queries: [`1 - avg(${rate(idle)})`],
          steps: [
            { from: 0.7, color: "orange" },
            { from: 0.9, color: "red" },
          ],
        }),
        stat({
          title: "Memory used",
          description: "Share of the memory of the selected nodes that is not available to new processes.",
          unit: "percentunit",
          queries: [`1 - sum(node_memory_MemAvailable_bytes{${node}}) / sum(node_memory_MemTotal_bytes{${node}})`],
          steps: [
            { from: 0.8, color: "orange" },
            { from: 0.9, color: "red" },
          ],
        }),
        stat({
          title: "Fullest filesystem",
          description: "Used share of the fullest filesystem.",
          unit: "percentunit",
          queries: [`max(1 - node_filesystem_avail_bytes{${filesystem}} / node_filesystem_size_bytes{${filesystem}})`],
          steps: [
            { from: 0.85, color: "orange" },
            { from: 0.95, color: "red" },
          ],
        }),
        stat({
          title: "Alerts firing",
          description: "Alerts of the whole cluster that are firing now, without Watchdog.",
          unit: "short",
          source: evaluator,
          queries: [sumOrZero('ALERTS{alertstate="firing",severity!="none"}')],
          steps: [{ from: 1, color: "orange" }],
        }),
      ],
      "CPU and memory": [
        timeSeries({
          title: "CPU",
          description: "Busy share of a node's cores.",
          unit: "percentunit",
          min: 0,
          max: 1,
          queries: [{ expr: `1 - avg by (node) (${rate(idle)})`, legend: "{{node}}" }],
        }),
        timeSeries({
          title: "Load per core",
          description:
            "Processes per core that run or wait for a disk, over five minutes. Above 1, processes wait for each other.",
          unit: "short",
          min: 0,
          queries: [{ expr: `sum by (node) (node_load5{${node}}) / count by (node) (${idle})`, legend: "{{node}}" }],
        }),
        timeSeries({
          title: "Memory",
          description:
            "Share of a node's memory that is not available to new processes. Near 100 % the kernel kills processes.",
          unit: "percentunit",
          min: 0,
          max: 1,
          queries: [
            {
              expr: `1 - node_memory_MemAvailable_bytes{${node}} / node_memory_MemTotal_bytes{${node}}`,
              legend: "{{node}}",
            },
          ],
        }),
        timeSeries({
          title: "Temperature",
          description: "The hottest sensor of a node. A Raspberry Pi slows down at 80 °C.",
          unit: "celsius",
          queries: [{ expr: `max by (node) (node_hwmon_temp_celsius{${node}})`, legend: "{{node}}" }],
        }),
      ],
      "Disks and network": [
        timeSeries({
          title: "Filesystems",
          description: "Used share of a filesystem.",
          unit: "percentunit",
          min: 0,
          max: 1,
          queries: [
            {
              expr: `max by (node, mountpoint) (1 - node_filesystem_avail_bytes{${filesystem}} / node_filesystem_size_bytes{${filesystem}})`,
              legend: "{{node}} {{mountpoint}}",
            },
          ],
        }),
        timeSeries({
          title: "Disks busy",
          description:
            "Share of the time in which a disk was busy. If an SD card is near 100 %, everything waits for it.",
          unit: "percentunit",
          min: 0,
          max: 1,
          queries: [{ expr: rate(`node_disk_io_time_seconds_total{${disk}}`), legend: "{{node}} {{device}}" }],
        }),
        timeSeries({
          title: "Disk traffic",
          description: "Bytes read and written.",
          unit: "Bps",
          min: 0,
          queries: [
            { expr: `sum by (node) (${rate(`node_disk_read_bytes_total{${disk}}`)})`, legend: "{{node}} read" },
            { expr: `sum by (node) (${rate(`node_disk_written_bytes_total{${disk}}`)})`, legend: "{{node}} written" },
          ],
        }),
        timeSeries({
          title: "Network traffic",
          description: "Bytes received and sent on all interfaces except those of pods.",
          unit: "Bps",
          min: 0,
          queries: [
            { expr: `sum by (node) (${rate(`node_network_receive_bytes_total{${network}}`)})`, legend: "{{node}} in" },
            {
              expr: `sum by (node) (${rate(`node_network_transmit_bytes_total{${network}}`)})`,
              legend: "{{node}} out",
            },
          ],
        }),
        timeSeries({
          title: "Network errors",
          description: "Packets that were damaged or dropped.",
          unit: "pps",
          min: 0,
          queries: [
            {
              expr: `sum by (node, device) (${rate(`node_network_receive_errs_total{${network}}`)} + ${rate(`node_network_transmit_errs_total{${network}}`)})`,
              legend: "{{node}} {{device}} damaged",
            },
            {
              expr: `sum by (node, device) (${rate(`node_network_receive_drop_total{${network}}`)} + ${rate(`node_network_transmit_drop_total{${network}}`)})`,
              legend: "{{node}} {{device}} dropped",
            },
          ],
        }),
        timeSeries({
          title: "Open files",
          description: "Used share of the kernel's file handles.",
          unit: "percentunit",
          min: 0,
          queries: [{ expr: `node_filefd_allocated{${node}} / node_filefd_maximum{${node}}`, legend: "{{node}}" }],
        }),
      ],
    },
  });
}
