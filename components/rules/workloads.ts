import type { RuleGroup } from "./types";

const job = 'job="kube-state-metrics"';

/** What goes wrong with pods and what makes them, from kube-state-metrics. */
export const workloadRules: RuleGroup[] = [
  {
    name: "pods",
    rules: [
      {
        alert: "KubePodCrashLooping",
        // Between two crashes the container runs for a moment; within five minutes it waits at least once.
        expr: `max_over_time(kube_pod_container_status_waiting_reason{${job},reason="CrashLoopBackOff"}[5m]) >= 1`,
        for: "15m",
        labels: { severity: "warning" },
        annotations: {
          summary: "Pod {{ $labels.namespace }}/{{ $labels.pod }} crash-loops",
          description:
            "Container {{ $labels.container }} has been starting and ending for 15 minutes. `kubectl logs --previous` shows its last words.",
        },
      },
      {
        alert: "KubePodNotReady",
        // A Job's pods are never ready once they are done, and KubeJobFailed tells of the others.
        expr: [
          "max by (cluster, namespace, pod) (",
          `  kube_pod_status_phase{${job},phase=~"Pending|Unknown"} == 1`,
          "  or (",
          `    kube_pod_status_phase{${job},phase="Running"} == 1`,
          `    and on (cluster, namespace, pod) kube_pod_status_ready{${job},condition="true"} == 0`,
          "  )",
          ")",
          `unless on (cluster, namespace, pod) kube_pod_owner{${job},owner_kind="Job"}`,
        ].join("\n"),
        for: "15m",
        labels: { severity: "warning" },
        annotations: {
          summary: "Pod {{ $labels.namespace }}/{{ $labels.pod }} is not ready",
          description: "It has not been ready for 15 minutes. `kubectl describe pod` shows what it waits for.",
        },
      },
      {
        alert: "KubeContainerWaiting",
        expr: `kube_pod_container_status_waiting_reason{${job},reason!="CrashLoopBackOff"} > 0`,
        for: "1h",
        labels: { severity: "warning" },
        annotations: {
          summary: "A container of {{ $labels.namespace }}/{{ $labels.pod }} waits",
          description: "Container {{ $labels.container }} has been waiting for an hour: {{ $labels.reason }}.",
        },
      },
      {
        alert: "KubeContainerOutOfMemory",
        expr: [
          `increase(kube_pod_container_status_restarts_total{${job}}[15m]) > 0`,
          "and on (cluster, namespace, pod, container)",
          `kube_pod_container_status_last_terminated_reason{${job},reason="OOMKilled"} == 1`,
        ].join("\n"),
        labels: { severity: "warning" },
        annotations: {
          summary: "A container of {{ $labels.namespace }}/{{ $labels.pod }} was killed for its memory",
          description:
            "Container {{ $labels.container }} reached its memory limit within 15 minutes and was restarted.",
        },
      },
    ],
  },
  {
    name: "workloads",
    rules: [
      {
        alert: "KubeDeploymentReplicasMismatch",
        // While a rollout moves, it is not stuck.
        expr: [
          `kube_deployment_spec_replicas{${job}} > kube_deployment_status_replicas_available{${job}}`,
          `and changes(kube_deployment_status_replicas_updated{${job}}[10m]) == 0`,
        ].join("\n"),
        for: "15m",
        labels: { severity: "warning" },
        annotations: {
          summary: "Deployment {{ $labels.namespace }}/{{ $labels.deployment }} lacks replicas",
          description: "It has had fewer available than the {{ $value }} it asks for, for 15 minutes.",
        },
      },
      {
        alert: "KubeStatefulSetReplicasMismatch",
        expr: [
          `kube_statefulset_replicas{${job}} > kube_statefulset_status_replicas_ready{${job}}`,
          `and changes(kube_statefulset_status_replicas_updated{${job}}[10m]) == 0`,
        ].join("\n"),
        for: "15m",
        labels: { severity: "warning" },
        annotations: {
          summary: "StatefulSet {{ $labels.namespace }}/{{ $labels.statefulset }} lacks replicas",
          description:
            "It has had fewer ready than the {{ $value }} it asks for, for 15 minutes. After a fix its crash-looping pod must be deleted by hand.",
        },
      },
      {
        alert: "KubeDaemonSetRolloutStuck",
        expr: [
          `kube_daemonset_status_desired_number_scheduled{${job}} > kube_daemonset_status_number_available{${job}}`,
          `and changes(kube_daemonset_status_updated_number_scheduled{${job}}[5m]) == 0`,
        ].join("\n"),
        for: "15m",
        labels: { severity: "warning" },
        annotations: {
          summary: "DaemonSet {{ $labels.namespace }}/{{ $labels.daemonset }} is missing on nodes",
          description: "It has not been available on each of its {{ $value }} nodes for 15 minutes.",
        },
      },
      {
        alert: "KubeJobFailed",
        expr: `kube_job_failed{${job},condition="true"} > 0`,
        for: "15m",
        labels: { severity: "warning" },
        annotations: {
          summary: "Job {{ $labels.namespace }}/{{ $labels.job_name }} failed",
          description: "It gave up. Delete it once you know why: the alert stays as long as the Job does.",
        },
      },
    ],
  },
];
