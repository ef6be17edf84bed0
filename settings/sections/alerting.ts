import { z } from "zod";
import { bytes, duration, durationOrZero, httpUrl, objectName, resources } from "../values";
import { httpRoute, ingress } from "./exposure";
import { receivers } from "./receivers";
import { groupLabels, inhibitRules, routes, timeIntervals } from "./routes";

/** Path of the interface and API of Mimir's Alertmanager: Mimir's own default (`api.alertmanager_http_prefix`). */
export const alertmanagerPrefix = "/alertmanager";

/** Key of the configuration, in the ConfigMap and in a Secret of one's own. */
export const configurationKey = "alertmanager.yaml";

/** Folder in Alertmanager's pod that has it, and in a Secret of one's own every other key as a file beside it. */
export const configurationDirectory = "/etc/alertmanager/config";

/** Alerts: Alertmanager and whom it notifies. */
export const alertmanager = z
  .strictObject({
    implementation: z
      .enum(["prometheus", "mimir"])
      .default("prometheus")
      .describe("prometheus: a separate workload; mimir: the one inside Mimir, in stages with Mimir"),
    pushover: z.boolean().default(false).describe("notifies by Pushover (given secret `pushover`)"),
    heartbeat: z
      .boolean()
      .default(false)
      .describe("calls a dead man's switch while Watchdog fires (given secret `heartbeat`)"),
    webhook: httpUrl
      .optional()
      .describe("an HTTP receiver in the cluster that gets every notification; for addresses that are not secret"),
    receivers,
    routes,
    timeIntervals,
    inhibitRules,
    infoInhibitor: z
      .boolean()
      .optional()
      .describe(
        "mutes info alerts while upstream's alert InfoInhibitor fires in their namespace, which it does while nothing worse fires; default: true",
      ),
    existingConfigSecret: objectName
      .optional()
      .describe(
        `a Secret in the stack's namespace whose key ${configurationKey} is the whole configuration, instead of all receivers and routes here`,
      ),
    groupBy: groupLabels.default(["alertname", "namespace", "cluster"]).describe("labels that alerts are grouped by"),
    groupWait: durationOrZero.default("30s").describe("how long a new group waits for more alerts"),
    groupInterval: duration.default("5m").describe("how long a group waits before it sends new alerts"),
    repeatInterval: duration.default("12h").describe("how long until a group that still fires is sent again"),
    heartbeatInterval: duration.default("5m").describe("how often the dead man's switch is called"),
    externalUrl: httpUrl
      .optional()
      .describe(
        "address that notifications link to; with implementation mimir its path is /alertmanager; default: that of ingress or httpRoute, otherwise the Service's",
      ),
    ingress: ingress.describe(
      "how people reach Alertmanager, which has no login: put one in front of it; if not set: `kubectl port-forward`",
    ),
    // Not `route`, which would be one letter from `routes`.
    httpRoute: httpRoute.describe("the same through the Gateway API: an HTTPRoute"),
    runbooks: httpUrl
      .refine((v) => !v.includes("#"), "has a # in it")
      .meta({ example: "https://git.example.org/home/observability/src/branch/main/docs/alerts.md" })
      .optional()
      .describe("address at which you can open docs/alerts.md: each alert then links to its section"),
    storage: bytes
      .default("1Gi")
      .describe(
        "size of the volume for silences and the notification log, in bytes; Mimir's Alertmanager keeps them on Mimir's volume",
      ),
    storageClass: objectName.optional().describe("storage class of that volume; default: cluster.storageClass"),
    resources: resources({ cpu: "20m", memory: "64Mi", memoryLimit: "128Mi" }),
  })
  .prefault({});

const configuration = [
  "pushover",
  "heartbeat",
  "webhook",
  "receivers",
  "routes",
  "timeIntervals",
  "inhibitRules",
  "infoInhibitor",
  "existingConfigSecret",
] as const;

/**
 * What settings say of Alertmanager's configuration beside what has a default, each with its key.
 * @param settings of Alertmanager
 * @returns none where they leave all of it to the defaults
 */
export const configurationOf = (settings: z.output<typeof alertmanager>): [key: string, value: unknown][] =>
  configuration.flatMap((key) => (says(settings[key]) ? [[key, settings[key]]] : []));

/** An empty list or object asks for nothing. */
const says = (value: unknown): boolean =>
  typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);

/**
 * Whether somebody may be notified. Who is, in a configuration of one's own, is not known here.
 * @param settings of Alertmanager
 */
export const notifiesPeople = ({
  pushover,
  webhook,
  receivers,
  existingConfigSecret,
}: z.output<typeof alertmanager>): boolean =>
  Boolean(pushover || webhook || existingConfigSecret) || Object.keys(receivers ?? {}).length > 0;

/**
 * Whether settings say that nobody shall be notified: by a list of receivers that is there and empty.
 * @param settings of Alertmanager
 */
export const notifiesNobody = (settings: z.output<typeof alertmanager>): boolean =>
  settings.receivers !== undefined && !notifiesPeople(settings);
