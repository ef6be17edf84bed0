import type { RuleGroup } from "../rules/types";
import type { ReceiverSecrets } from "./receiver-secrets";

/** How Prometheus finds an Alertmanager: a Service of the cluster by its port's name, or an address. */
export type AlertTarget = { namespace: string; service: string; port: string } | { url: string };

/** What the rest of the stack knows of its Alertmanager: a workload of its own, Mimir's, or one that exists. */
export interface AlertReceiver {
  /** Where alerts are sent to. */
  readonly url: string;
  /** How Prometheus finds it. */
  readonly target: AlertTarget;
  /** Alerts about it; none about one that is somebody else's. */
  readonly rules: RuleGroup[];
  /** What Mimir's pod needs to run it; undefined where Mimir doesn't. */
  readonly inMimir?: AlertmanagerInMimir;
}

/** An Alertmanager that is a part of Mimir's process. */
export interface AlertmanagerInMimir {
  /** Text of its configuration file. */
  configuration: string;
  /** Address that notifications link to, with the path that Mimir serves it at. */
  externalUrl: string;
  /** What its receivers read; none where they read nothing. */
  secrets?: ReceiverSecrets;
}
