import type { Stage } from "../../migration/stages";
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
 * @param stage whose alerts are counted: they are series of who evaluates them
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
          description: "Nodes whose exporter is scraped.",
          unit: "short",
          queries: [`sum(up{${node}})`],
        }),
        stat({
          title: "Nodes that don't",
          description: "Nodes whose exporter is known and does not answer: off, cut off, or the exporter is down.",
          unit: "short",
          queries: [`count(up{${node}} == 0) or vector(0)`],
          steps: [{ from: 1, color: "red" }],
        }),
        stat({
          title: "CPU used",
          description: "Share of all cores of all chosen nodes that is not idle.",
          unit: "percentunit",
          queries: [`1 - avg(${rate(idle)})`],
          steps: [
            { from: 0.7, color: "orange" },
            { from: 0.9, color: "red" },
          ],
        }),
        stat({
          title: "Memory used",
          description: "Share of the memory of all chosen nodes that can't be given to a new process.",
          unit: "percentunit",
          queries: [`1 - sum(node_memory_MemAvailable_bytes{${node}}) / sum(node_memory_MemTotal_bytes{${node}})`],
          steps: [
            { from: 0.8, color: "orange" },
            { from: 0.9, color: "red" },
          ],
        }),
        stat({
          title: "Fullest filesystem",
          description: "Share that is used of the fullest filesystem.",
          unit: "percentunit",
          queries: [`max(1 - node_filesystem_avail_bytes{${filesystem}} / node_filesystem_size_bytes{${filesystem}})`],
          steps: [
            { from: 0.85, color: "orange" },
            { from: 0.95, color: "red" },
          ],
        }),
        stat({
          title: "Alerts firing",
          description: "Alerts that fire now, of the whole cluster, without Watchdog.",
          unit: "short",
          source: evaluator,
          queries: [sumOrZero('ALERTS{alertstate="firing",severity!="none"}')],
          steps: [{ from: 1, color: "orange" }],
        }),
      ],
      "CPU and memory": [
        timeSeries({
          title: "CPU",
          description: "Share of a node's cores that is not idle.",
          unit: "percentunit",
          min: 0,
          max: 1,
          queries: [{ expr: `1 - avg by (node) (${rate(idle)})`, legend: "{{node}}" }],
        }),
        timeSeries({
          title: "Load per core",
          description:
            "Processes that run or wait for a disk, of five minutes, for each core. Above 1 they wait for each other.",
          unit: "short",
          min: 0,
          queries: [{ expr: `sum by (node) (node_load5{${node}}) / count by (node) (${idle})`, legend: "{{node}}" }],
        }),
        timeSeries({
          title: "Memory",
          description: "Share of a node's memory that can't be given to a new process. Near 1 the kernel kills.",
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
          description: "The hottest sensor of a node. A Raspberry Pi slows down from 80 °C on.",
          unit: "celsius",
          queries: [{ expr: `max by (node) (node_hwmon_temp_celsius{${node}})`, legend: "{{node}}" }],
        }),
      ],
      "Disks and network": [
        timeSeries({
          title: "Filesystems",
          description: "Share of a filesystem that is used.",
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
          description: "Share of the time in which a disk worked. An SD card near 1 makes everything wait.",
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
          description: "Bytes received and sent on all interfaces but those of pods.",
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
          title: "Network faults",
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
          description: "Share of the file handles that the kernel gives out.",
          unit: "percentunit",
          min: 0,
          queries: [{ expr: `node_filefd_allocated{${node}} / node_filefd_maximum{${node}}`, legend: "{{node}}" }],
        }),
      ],
    },
  });
}
