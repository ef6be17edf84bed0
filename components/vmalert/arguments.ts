/** Port of its API and metrics. */
export const httpPort = 8880;

/** Folder of the rule files that it evaluates: those that `rule-files.ts` found to be good. */
export const rulesFolder = "/rules";

/** What vmalert's command line is made of. */
export interface ArgumentsArgs {
  /** Base URL of VictoriaMetrics: asked for every rule, and written to. */
  metricsUrl: string;
  /** Base URL of the Alertmanager. */
  alertmanagerUrl: string;
  /** Interval of groups that name none (Prometheus duration). */
  evaluationInterval: string;
  /** Value of the label `cluster`, which Prometheus put on every alert and recorded series as it sent them. */
  cluster?: string;
}

/**
 * vmalert's command line, which is all of its configuration beside the rules.
 * @param args what it queries, and where it sends alerts
 * @see https://docs.victoriametrics.com/victoriametrics/vmalert/#flags
 */
export function vmalertArguments({
  metricsUrl,
  alertmanagerUrl,
  evaluationInterval,
  cluster,
}: ArgumentsArgs): string[] {
  const flags: Record<string, string> = {
    rule: `${rulesFolder}/*.yaml`,
    configCheckInterval: "15s",
    "datasource.url": metricsUrl,
    // Recorded series, and the state of alerts: since when each is pending. It reads the state back after a restart.
    "remoteWrite.url": metricsUrl,
    "remoteRead.url": metricsUrl,
    // As long as the longest `for` that a rule may have after a restart: the default, an hour, would make those of a day start waiting again.
    "remoteRead.lookback": "24h",
    "notifier.url": alertmanagerUrl,
    // As Prometheus: an alert ends in Alertmanager after four times that (`getResolveDuration`), so that it outlasts a change of who evaluates it.
    "rule.resendDelay": "1m",
    evaluationInterval,
    ...(cluster !== undefined && { "external.label": `cluster=${cluster}` }),
    // Prometheus has no such label, and receivers and silences match on labels.
    disableAlertgroupLabel: "true",
    httpListenAddr: `:${httpPort}`,
    loggerFormat: "json",
  };
  return Object.entries(flags).map(([flag, value]) => `-${flag}=${value}`);
}
