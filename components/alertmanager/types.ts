import type { RuleGroup } from "../rules/types";

/** How Prometheus finds an Alertmanager: a Service of the cluster by its port's name, or an address. */
export type AlertTarget = { namespace: string; service: string; port: string } | { url: string };

/** What the rest of the stack knows of its Alertmanager, whether the stack's own or one that exists. */
export interface AlertReceiver {
  /** Where alerts are sent to. */
  readonly url: string;
  /** How Prometheus finds it. */
  readonly target: AlertTarget;
  /** Alerts about it; none about one that is somebody else's. */
  readonly rules: RuleGroup[];
}
