import type { RuleGroup } from "./types";

/** What goes wrong on a node, from node-exporter and kube-state-metrics. */
export const nodeRules: RuleGroup[] = [
  {
    name: "nodes",
    rules: [
      {
        alert: "NodeDown",
        expr: 'up{job="node-exporter"} == 0',
        for: "5m",
        labels: { severity: "critical" },
        annotations: {
          summary: "Node {{ $labels.node }} doesn't answer",
          description:
            "node-exporter on {{ $labels.node }} ({{ $labels.instance }}) has not answered a scrape for 5 minutes: the node is off, its network is down, or the exporter is.",
        },
      },
      {
        alert: "KubeNodeNotReady",
        // A node that was cordoned for maintenance may be restarted.
        expr:
          'kube_node_status_condition{job="kube-state-metrics",condition="Ready",status="true"} == 0\n' +
          'and on (cluster, node) kube_node_spec_unschedulable{job="kube-state-metrics"} == 0',
        for: "10m",
        labels: { severity: "critical" },
        annotations: {
          summary: "Node {{ $labels.node }} is not ready",
          description:
            "The kubelet of {{ $labels.node }} has not been ready for 10 minutes: Kubernetes moves its pods elsewhere.",
        },
      },
      {
        alert: "NodeMemoryHighUtilization",
        expr: 'node_memory_MemAvailable_bytes{job="node-exporter"} / node_memory_MemTotal_bytes{job="node-exporter"} < 0.1',
        for: "15m",
        labels: { severity: "warning" },
        annotations: {
          summary: "Node {{ $labels.node }} is short of memory",
          description:
            "{{ $value | humanizePercentage }} of its memory is available, and it has been less than 10 % for 15 minutes: the kernel will soon kill a process.",
        },
      },
    ],
  },
  {
    name: "node-clock",
    rules: [
      {
        alert: "NodeClockSkewDetected",
        // Away from the right time, and not on its way back.
        expr:
          '(node_timex_offset_seconds{job="node-exporter"} > 0.05 and deriv(node_timex_offset_seconds{job="node-exporter"}[5m]) >= 0)\n' +
          'or (node_timex_offset_seconds{job="node-exporter"} < -0.05 and deriv(node_timex_offset_seconds{job="node-exporter"}[5m]) <= 0)',
        for: "10m",
        labels: { severity: "warning" },
        annotations: {
          summary: "The clock of {{ $labels.node }} is off",
          description:
            "The clock of {{ $labels.node }} is off by {{ $value | humanizeDuration }} and doesn't recover. Loki and Mimir refuse data from the future.",
        },
      },
      {
        alert: "NodeClockNotSynchronising",
        // 16 s is the error at which the kernel gives up; a Pi has no clock that runs while it is off.
        expr:
          'min_over_time(node_timex_sync_status{job="node-exporter"}[5m]) == 0\n' +
          'and node_timex_maxerror_seconds{job="node-exporter"} >= 16',
        for: "10m",
        labels: { severity: "warning" },
        annotations: {
          summary: "The clock of {{ $labels.node }} isn't synchronised",
          description:
            "No NTP server has set the clock of {{ $labels.node }} for a long time. Is its time service running?",
        },
      },
    ],
  },
  {
    name: "node-hardware",
    rules: [
      {
        alert: "NodeTemperatureHigh",
        // A Raspberry Pi slows down from 80 °C; if a sensor has its own critical temperature, five degrees below that.
        // https://www.raspberrypi.com/documentation/computers/raspberry-pi.html#frequency-management-and-thermal-control
        expr:
          'node_thermal_zone_temp{job="node-exporter",type=~"cpu.thermal"} > 80\n' +
          'or node_hwmon_temp_celsius{job="node-exporter"} > (node_hwmon_temp_crit_celsius{job="node-exporter"} > 0) - 5',
        for: "10m",
        labels: { severity: "warning" },
        annotations: {
          summary: "Node {{ $labels.node }} is hot",
          description:
            '{{ with $labels.type }}Zone {{ . }}{{ else }}Sensor {{ $labels.sensor }} of {{ $labels.chip }}{{ end }} on {{ $labels.node }} has been at {{ printf "%.0f" $value }} °C for 10 minutes: the processor slows down, or soon will.',
        },
      },
      {
        alert: "NodeUndervoltage",
        // The Pi's firmware sensor (driver raspberrypi-hwmon) only has this alarm. node-exporter takes it for a voltage in
        // millivolts, so that "1" reads 0.001 V: collector/hwmon_linux.go.
        expr: 'max_over_time(node_hwmon_in_lcrit_alarm_volts{job="node-exporter"}[15m]) > 0',
        labels: { severity: "warning" },
        annotations: {
          summary: "Node {{ $labels.node }} has too little voltage",
          description:
            "The firmware of {{ $labels.node }} reported less than 4.63 V in the last 15 minutes. The node slows down, and its disks may fail during a write.",
        },
      },
    ],
  },
];
