import type { AlertReceiver } from "./types";

/**
 * An Alertmanager that exists, in place of the stack's own: nothing is installed for it, its receivers are not configured here, and nothing here knows
 * the labels of its metrics, so there are no alerts about it. Prometheus's own, on an Alertmanager that it can't reach, stay.
 * @param url its address, with its path where it has one
 */
export const existingAlertmanager = (url: string): AlertReceiver => ({ url, target: { url }, rules: [] });
