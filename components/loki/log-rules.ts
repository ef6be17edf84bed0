import type { Settings } from "../../settings/schema";
import type { LogAgent } from "../../settings/sections/logs";
import type { Environment } from "../kubernetes/environment";
import type { AlertingRule, RuleGroup } from "../rules/types";

/** What the alerts are made for. */
export interface LogRulesArgs {
  environment: Pick<Environment, "namespace">;
  settings: Pick<Settings["loki"], "structuredMetadata">;
  /** What of the stack sends pods' lines; with `none` no alert expects any. Default: Alloy. */
  agent?: LogAgent;
}

/** How a line reports an error, if Loki doesn't detect its level: key and value, a word in brackets, or its first word. */
const errorLine = String.raw`(?i)(level"?[=:] ?"?(error|fatal|critical)|\[(error|fatal|critical)\]|^\S*(error|fatal|panic):)`;

/** What the kernel logs about a failing disk or card, or a broken filesystem. */
const diskFault = "I/O error|EXT4-fs error|Remounting filesystem read-only|XFS .*[Cc]orruption|BTRFS.*error";

/**
 * Alerts on log lines, in LogQL: Loki's own ruler evaluates them, in every stage. They only cover collected lines: the canary's have no
 * namespace. Each evaluation reads the lines of five minutes, most of them in the writers' memory; hence no shorter interval.
 * @param args where Loki is, and whether lines have a level
 * @see https://grafana.com/docs/loki/v3.6.x/alert/
 */
export function logRules(args: LogRulesArgs): RuleGroup[] {
  return [
    { name: "logs", interval: "5m", rules: [errors(args), ...(args.agent === "none" ? [] : [missing(args)])] },
    { name: "logs-of-nodes", interval: "1m", rules: [diskErrors] },
  ];
}

const perApp = "sum by (cluster, namespace, app)";

const all = '{namespace=~".+"}';

/**
 * LogQL of every collected line that is an error.
 * @param settings whether lines have a level
 */
export function errorLines({ structuredMetadata }: LogRulesArgs["settings"]): string {
  return structuredMetadata ? `${all} | detected_level=~"error|fatal|critical"` : `${all} |~ \`${errorLine}\``;
}

function errors({ settings }: LogRulesArgs): AlertingRule {
  return {
    alert: "LogErrorsHigh",
    // A tenth of the lines, and more than twelve a minute: a program that logs little may log nothing but errors.
    expr: `${perApp} (rate(${errorLines(settings)} [5m]))\n  > 0.1 * ${perApp} (rate(${all} [5m])) + 0.2`,
    for: "10m",
    labels: { severity: "warning" },
    annotations: {
      summary:
        '{{ $labels.namespace }}{{ with $labels.app }}/{{ . }}{{ end }} logs {{ printf "%.1f" $value }} errors a second',
      description:
        "For 10 minutes, more than a tenth of its lines have been errors. To see them: Grafana, Explore, Loki, the labels of this alert and | detected_level=~`error|fatal|critical`.",
    },
  };
}

function missing({ environment: { namespace }, agent = "alloy" }: LogRulesArgs): AlertingRule {
  return {
    alert: "LogsMissing",
    // Loki's own pods write every minute.
    expr: `absent_over_time({namespace="${namespace}"} [15m])`,
    labels: { severity: "critical", namespace },
    annotations: {
      summary: "No log lines of pods arrive in Loki",
      description: `None from namespace ${namespace} arrived in 15 minutes, although Loki itself writes there all the time: the collectors are gone, can't read or can't send. kubectl -n ${namespace} logs daemonset/${agent} --tail=20.`,
    },
  };
}

const diskErrors: AlertingRule = {
  alert: "NodeDiskErrors",
  expr: `sum by (cluster, node) (count_over_time({job="systemd-journal", unit="kernel"} |~ \`${diskFault}\` [10m])) > 0`,
  labels: { severity: "critical" },
  annotations: {
    summary: "The kernel of {{ $labels.node }} reports a failing disk",
    description:
      "{{ $value }} lines in 10 minutes: a worn-out card or disk, a loose cable, or too little voltage (NodeUndervoltage). journalctl -k --since -1h on the node shows them. Move data that must not be lost off this disk.",
  },
};
