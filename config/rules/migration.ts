import { fullname } from "../../components/kube-prometheus-stack/chart";
import { plainSecrets } from "../plain-secrets";
import { formatPath, type Problem } from "../problem";
import type { ParsedSettings } from "../schema";
import { stageNames, type StageName } from "../sections/migration";
import type { Rule } from "./rule";

/** Rules of stages, of the removal of kube-prometheus-stack, and of what is taken over. */
export const migrationRules: readonly Rule[] = [
  {
    must: "a stack with kube-prometheus-stack goes one stage at a time, forward or back",
    check: ({ stage, migration, kps }) => {
      const route = migration.from && kps.enabled ? between(migration.from, stage) : [];
      if (route.length <= 2) return [];
      return [
        {
          key: "stage",
          what: `"${stage}" is not next to "${migration.from}", where the cluster is (migration.from)`,
          allowed: `one step at a time: ${route.join(" → ")}`,
          example: route[1],
        },
      ];
    },
  },
  {
    must: "kube-prometheus-stack is retired only when Mimir has taken over",
    check: ({ stage, migration }) =>
      migration.retireKps && (stage === "loki" || stage === "dual-write")
        ? [
            {
              key: "migration.retireKps",
              what: `true contradicts stage "${stage}", in which kube-prometheus-stack evaluates the rules`,
              allowed: "true only in stage mimir-default, as the step before kps-removed",
              example: false,
            },
          ]
        : [],
  },
  {
    must: "kube-prometheus-stack's protection was lifted in an update of its own before it is removed",
    check: (settings) =>
      removes(settings) && !settings.migration.retireKps
        ? [
            {
              key: "migration.retireKps",
              what: 'false contradicts stage "kps-removed": a protected release can\'t be deleted in the update that unprotects it',
              allowed: "true, set in stage mimir-default and brought about by an update of its own first",
              example: true,
            },
          ]
        : [],
  },
  {
    must: "it is decided what becomes of kube-prometheus-stack's volume before it is removed",
    check: (settings) =>
      (retires(settings) || removes(settings)) && settings.migration.reclaimVolumes === undefined
        ? [
            {
              key: "migration.reclaimVolumes",
              what: "is missing: the removal of kube-prometheus-stack has to know whether Prometheus's samples go with it",
              allowed: "[prometheus] deletes its volume, [] keeps it",
              example: ["prometheus"],
            },
          ]
        : [],
  },
  {
    must: "Mimir has the samples that kube-prometheus-stack takes with it",
    check: (settings, now) => {
      const { dualWriteSince: since, dualWriteDays: days } = settings.migration;
      if (days === 0 || !(retires(settings) || removes(settings))) return [];
      const asked = `migration.dualWriteDays asks for ${days} days of samples in Mimir`;
      if (since === undefined) {
        return [
          {
            key: "migration.dualWriteSince",
            what: `is missing: ${asked} before kube-prometheus-stack is retired`,
            allowed: "the day on which stage dual-write was brought about; or migration.dualWriteDays: 0",
            example: dayOf(now.getTime() - days * day),
          },
        ];
      }
      const until = Date.parse(since) + days * day;
      if (until <= now.getTime()) return [];
      return [
        {
          key: "migration.retireKps",
          what: `true is too early: ${asked}, and it has had them since ${since} (migration.dualWriteSince)`,
          allowed: `true from ${dayOf(until)} on, once \`npm run verify -- --require-days ${days}\` passes; or fewer migration.dualWriteDays, where older samples may go`,
          example: false,
        },
      ];
    },
  },
  {
    must: "volumes are reclaimed only with the retirement that frees them",
    check: ({ migration }) =>
      migration.reclaimVolumes?.length && !migration.retireKps
        ? [
            {
              key: "migration.reclaimVolumes",
              what: `${JSON.stringify(migration.reclaimVolumes)} has no effect while migration.retireKps is false`,
              allowed: "nothing, or migration.retireKps: true in stage mimir-default",
            },
          ]
        : [],
  },
  {
    must: "only a kube-prometheus-stack that is there is retired or adopted",
    check: ({ kps, migration, adopt }) => {
      if (kps.enabled) return [];
      const set = [migration.retireKps && "migration.retireKps", adopt.kps && "adopt.kps"].filter(
        (key) => key !== false,
      );
      return set.flatMap((key) =>
        key
          ? [
              {
                key,
                what: "contradicts kps.enabled: false, which says that the cluster has no kube-prometheus-stack",
                allowed: `nothing while kps.enabled is false, or kps.enabled: true`,
              },
            ]
          : [],
      );
    },
  },
  {
    must: "what is kept of an adopted kube-prometheus-stack outlives it nowhere",
    check: ({ stage, adopt }) => {
      if (stage !== "kps-removed" || !adopt.kps) return [];
      const { keepGrafana, keepExporters } = adopt.kps;
      const kept: Problem[] = [];
      const gone = 'true contradicts stage "kps-removed": it goes with the release';
      if (keepGrafana) kept.push({ key: "adopt.kps.keepGrafana", what: gone, allowed: "false", example: false });
      if (keepExporters) kept.push({ key: "adopt.kps.keepExporters", what: gone, allowed: "false", example: false });
      return kept;
    },
  },
  {
    must: "a release that is gone is installed, not imported",
    check: ({ stage, migration, adopt }) =>
      migration.from === "kps-removed" && stage !== "kps-removed" && adopt.kps?.import
        ? [
            {
              key: "adopt.kps.import",
              what: `true, and ${adopt.kps.release} went in stage "kps-removed", where the cluster is (migration.from): there is nothing to import`,
              allowed: "false: it is installed under its name and with its values, and finds a volume that was kept",
              example: false,
            },
          ]
        : [],
  },
  {
    must: "no secret stands in the values of an adopted kube-prometheus-stack",
    check: ({ adopt: { kps } }) =>
      plainSecrets(kps?.values).map((path) => ({
        key: formatPath(["adopt", "kps", "values", ...path]),
        what: "is a secret in clear text, by its key: Helm, previews and Pulumi's state would show it",
        allowed:
          "nothing; put it into a Kubernetes Secret, and name that (grafana.admin.existingSecret, basicAuth.password.name …)",
      })),
  },
  {
    must: "an adopted kube-prometheus-stack has its Prometheus where this program asks it",
    check: ({ adopt: { kps } }) => {
      if (!kps) return [];
      const { namespaceOverride, prometheus } = kps.values as AdoptedValues;
      const [namespace] = kps.release.split("/");
      const moved: [path: string, value: unknown, expected: unknown][] = [
        ["namespaceOverride", namespaceOverride, namespace],
        ["prometheus.service.enabled", prometheus?.service?.enabled, true],
        ["prometheus.service.port", prometheus?.service?.port, 9090],
        ["prometheus.prometheusSpec.routePrefix", prometheus?.prometheusSpec?.routePrefix, "/"],
      ];
      return moved
        .filter(([, value, expected]) => value !== undefined && value !== null && value !== "" && value !== expected)
        .map(([path, value, expected]) => ({
          key: `adopt.kps.values.${path}`,
          what: `${JSON.stringify(value)} puts Prometheus where neither Grafana nor the checks of this program ask it`,
          allowed: `nothing, or ${JSON.stringify(expected)}`,
          example: expected,
        }));
    },
  },
  {
    must: "an existing Alertmanager's receivers are its own affair",
    check: ({ adopt, alertmanager }) => {
      if (!adopt.alertmanagerUrl) return [];
      const { pushover, heartbeat, webhook } = alertmanager;
      return Object.entries({ pushover, heartbeat, webhook })
        .filter(([, value]) => value)
        .map(([key, value]) => ({
          key: `alertmanager.${key}`,
          what: `${JSON.stringify(value)} has no effect: adopt.alertmanagerUrl uses an Alertmanager that exists, with its own receivers`,
          allowed: "nothing, or no adopt.alertmanagerUrl",
        }));
    },
  },
  {
    must: "an Alertmanager that is used does not go with this update",
    check: ({ adopt: { alertmanagerUrl, kps } }) => {
      if (!alertmanagerUrl || !kps) return [];
      const [namespace, release] = kps.release.split("/");
      const [service, where] = new URL(alertmanagerUrl).hostname.split(".");
      const inRelease = [`${fullname(release, kps.values)}-alertmanager`, "alertmanager-operated"].includes(service);
      return inRelease && (where === undefined || where === namespace)
        ? [
            {
              key: "adopt.alertmanagerUrl",
              what: `"${alertmanagerUrl}" is the Alertmanager inside ${kps.release} (adopt.kps), which this program switches off there`,
              allowed: "nothing, so that the stack's own takes over; or an Alertmanager outside that release",
            },
          ]
        : [];
    },
  },
];

/** Values of an adopted release that say where its Prometheus is. */
interface AdoptedValues {
  namespaceOverride?: unknown;
  prometheus?: {
    service?: { enabled?: unknown; port?: unknown } | null;
    prometheusSpec?: { routePrefix?: unknown } | null;
  } | null;
}

/** Whether the update lifts kube-prometheus-stack's protection, or did so before. Back from `kps-removed` there is nothing left to be lost. */
const retires = ({ stage, migration, kps }: ParsedSettings) =>
  kps.enabled && stage === "mimir-default" && migration.from !== "kps-removed" && migration.retireKps;

/** Whether the update takes kube-prometheus-stack out. */
const removes = ({ stage, migration, kps }: ParsedSettings) =>
  kps.enabled && stage === "kps-removed" && migration.from !== "kps-removed";

/** Milliseconds. */
const day = 86_400_000;

const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** The stages from one to another, both included. */
function between(from: StageName, to: StageName): StageName[] {
  const [start, end] = [stageNames.indexOf(from), stageNames.indexOf(to)];
  return start <= end ? stageNames.slice(start, end + 1) : stageNames.slice(end, start + 1).reverse();
}
