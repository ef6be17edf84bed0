import { loadSettings } from "./settings/load";
import { stack } from "./stack";

/** The stack's outputs: see `stack`. */
export const { stage, lokiWriters, versions, grafanaAccess, lokiPushUrl, lokiQueryUrl, metricsUrls, alertmanagerUrl } =
  stack(loadSettings());
