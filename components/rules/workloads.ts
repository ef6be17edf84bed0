import type { RuleGroup } from "./types";

const job = 'job="kube-state-metrics"';

/** What goes wrong with pods and their workloads, from kube-state-metrics. */
export const workloadRules: RuleGroup[] = [
  {
    name: "pods",
    rules: [
      {
        alert: "KubePodCrashLooping",
        // Between two crashes the container runs for a moment; it waits at least once in five minutes.
        expr: `max_over_time(kube_pod_container_status_waiting_reason{${job},reason="CrashLoopBackOff"}[5m]) >= 1`,
        for: "15m",
        labels: { severity: "warning" },
        annotations: {
          summary: "Pod {{ $labels.namespace }}/{{ $labels.pod }} is crash-looping",
          description:
            "Container {{ $labels.container }} has kept crashing for 15 minutes. `kubectl logs --previous` shows its last lines.",
        },
      },
      {
        alert: "KubeContainerWaiting",
        expr: `kube_pod_container_status_waiting_reason{${job},reason!="CrashLoopBackOff"} > 0`,
        for: "1h",
        labels: { severity: "warning" },
        annotations: {
          summary: "A container of {{ $labels.namespace }}/{{ $labels.pod }} is waiting",
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
        // A rollout that makes progress is not stuck.
        expr: [
          `kube_deployment_spec_replicas{${job}} > kube_deployment_status_replicas_available{${job}}`,
          `and changes(kube_deployment_status_replicas_updated{${job}}[10m]) == 0`,
        ].join("\n"),
        for: "15m",
        labels: { severity: "warning" },
        annotations: {
          summary: "Deployment {{ $labels.namespace }}/{{ $labels.deployment }} has too few replicas",
          description: "For 15 minutes it has had fewer available than the {{ $value }} it asks for.",
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
          summary: "StatefulSet {{ $labels.namespace }}/{{ $labels.statefulset }} has too few replicas",
          description:
            "For 15 minutes it has had fewer ready than the {{ $value }} it asks for. After a fix, delete its crash-looping pod by hand.",
        },
      },
      {
        alert: "KubeJobFailed",
        expr: `kube_job_failed{${job},condition="true"} > 0`,
        for: "15m",
        labels: { severity: "warning" },
        annotations: {
          summary: "Job {{ $labels.namespace }}/{{ $labels.job_name }} failed",
          description: "It won't try again. Delete it once you know why: the alert fires as long as the Job exists.",
        },
      },
    ],
  },
];
