import type { AlertingRule } from "../rules/types";

/** Share of lines that the write path has to take: what seed plans of such stacks ask for, 43 minutes of 30 days. */
const objective = 0.999;

/**
 * Burn rates of the error budget of 30 days, each over a long window and, so that the alert ends soon after its cause, over a short one.
 * @see https://sre.google/workbook/alerting-on-slos/ (6: multiwindow, multi-burn-rate alerts)
 */
const burnRates = [
  { long: "1h", short: "5m", rate: 14.4, severity: "critical", gone: "in two days" },
  { long: "6h", short: "30m", rate: 6, severity: "critical", gone: "in five days" },
  { long: "3d", short: "6h", rate: 1, severity: "warning", gone: "before its 30 days are over" },
] as const;

/** What is counted, over a window such as `1h`, which ended `ago`: all, and those that failed. */
export interface Indicator {
  /** Value of the label `slo`. */
  name: string;
  /** For a person: what fails, in the plural. */
  what: string;
  all(window: string, ago?: string): string;
  failed(window: string): string;
  /** What to do first. */
  todo: string;
}

/**
 * Alerts on the write path's error budget.
 * @param indicators what its service level is measured by
 */
export const burnRateAlerts = (indicators: readonly Indicator[]): AlertingRule[] =>
  indicators.flatMap(({ name, what, all, failed, todo }) =>
    burnRates.map(({ long, short, rate, severity, gone }) => {
      const limit = Number((rate * (1 - objective)).toFixed(6));
      const above = (window: string) => `${failed(window)}\n  / ${all(window)} > ${limit}`;
      return {
        alert: "LokiWriteBudgetBurning",
        // A window is judged once all of it was seen: the first minutes of a new Loki are not three days.
        expr: `(${above(long)})\nand\n(${above(short)})\nand\n${all(short, long)} > 0`,
        labels: { severity, slo: name, window: long },
        annotations: {
          summary: `{{ $value | humanizePercentage }} of ${what} failed within ${long}`,
          description: `The goal is that ${objective * 100} % succeed in 30 days; at this rate, the failures that this allows are used up ${gone}. ${todo}`,
        },
      };
    }),
  );
