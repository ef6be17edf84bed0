import { plainSecrets } from "../plain-secrets";
import { formatPath, show, type Problem } from "../problem";
import type { ParsedSettings } from "../schema";
import { configurationOf } from "../sections/alerting";
import type { Rule } from "./rule";
import { backendTitles, stageOf, stagesBetween, stagesWith, type Backend } from "../../stages";
import { fullname } from "../release-values";

/** Rules of stages, of the removal of kube-prometheus-stack, and of what is taken over. */
export const migrationRules: readonly Rule[] = [
  {
    must: "a stack with kube-prometheus-stack goes one stage at a time, forward or back",
    check: ({ stage, migration, kps, metrics: { backend } }) => {
      const route = migration.from && kps.enabled ? stagesBetween(migration.from, stage, [backend]) : [];
      if (route.length <= 2) return [];
      return [
        {
          key: "stage",
          what: `"${stage}" is not next to "${migration.from}", the cluster's current stage (migration.from)`,
          allowed: `one step at a time: ${route.join(" → ")}`,
          example: route[1],
        },
      ];
    },
  },
  {
    must: "kube-prometheus-stack is retired only when the backend has taken over",
    check: ({ stage, migration, metrics: { backend } }) =>
      migration.retireKps && stage !== takenOver(backend) && stage !== "kps-removed"
        ? [
            {
              key: "migration.retireKps",
              what: `true contradicts stage "${stage}", after which kube-prometheus-stack can't be removed yet`,
              allowed: `true only in stage ${takenOver(backend)}, as the step before kps-removed`,
              example: false,
            },
          ]
        : [],
  },
  {
    must: "kube-prometheus-stack's protection was lifted in an earlier update",
    check: (settings) =>
      removes(settings) && !settings.migration.retireKps
        ? [
            {
              key: "migration.retireKps",
              what: 'false contradicts stage "kps-removed": a protected release can\'t be deleted in the update that unprotects it',
              allowed: `true, set in stage ${takenOver(settings.metrics.backend)} and deployed in a separate update first`,
              example: true,
            },
          ]
        : [],
  },
  {
    must: "a decision about kube-prometheus-stack's volume precedes its removal",
    check: (settings) =>
      (retires(settings) || removes(settings)) && settings.migration.reclaimVolumes === undefined
        ? [
            {
              key: "migration.reclaimVolumes",
              what: "is missing: it decides whether Prometheus's samples are deleted with kube-prometheus-stack",
              allowed: "[prometheus] deletes its volume, [] keeps it",
              example: ["prometheus"],
            },
          ]
        : [],
  },
  {
    must: "the backend has the samples that kube-prometheus-stack takes with it",
    check: (settings, now) => {
      const { dualWriteSince: since, dualWriteDays: days } = settings.migration;
      if (days === 0 || !(retires(settings) || removes(settings))) return [];
      const asked = `migration.dualWriteDays requires ${days} days of samples in ${backendTitles[settings.metrics.backend]}`;
      if (since === undefined) {
        return [
          {
            key: "migration.dualWriteSince",
            what: `is missing: ${asked} before kube-prometheus-stack is retired`,
            allowed:
              "the day on which stage dual-write was deployed, or the first backfilled day (`npm run backfill`); or migration.dualWriteDays: 0",
            example: dayOf(now.getTime() - days * day),
          },
        ];
      }
      const until = Date.parse(since) + days * day;
      if (until <= now.getTime()) return [];
      return [
        {
          key: "migration.retireKps",
          what: `true is too early: ${asked}, and they begin on ${since} (migration.dualWriteSince)`,
          allowed: `true from ${dayOf(until)} on, once \`npm run verify -- --require-days ${days}\` passes; or now, with the first backfilled day (\`npm run backfill\`) as migration.dualWriteSince; or fewer migration.dualWriteDays, if older samples may be lost`,
          example: false,
        },
      ];
    },
  },
  {
    must: "volumes are reclaimed only with the retirement that frees them",
    check: ({ migration, metrics: { backend } }) =>
      migration.reclaimVolumes?.length && !migration.retireKps
        ? [
            {
              key: "migration.reclaimVolumes",
              what: `${JSON.stringify(migration.reclaimVolumes)} has no effect while migration.retireKps is false`,
              allowed: `nothing, or migration.retireKps: true in stage ${takenOver(backend)}`,
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
    must: "the CRDs are adopted in one way, by a stack that installs them",
    check: ({ crds, adopt }) => {
      const set = (["crds", "crdsRelease"] as const).filter((key) => adopt[key]);
      const allowed = "adopt.crdsRelease if they belong to a release of their own chart; otherwise adopt.crds";
      if (!crds.create)
        return set.map((key) => ({
          key: `adopt.${key}`,
          what: "contradicts crds.create: false, with which no CRDs are installed or adopted",
          allowed: "nothing while crds.create is false",
        }));
      return set.length > 1 ? [{ key: "adopt.crds", what: "true contradicts adopt.crdsRelease", allowed }] : [];
    },
  },
  {
    must: "kept parts of an adopted kube-prometheus-stack end with it",
    check: ({ stage, adopt }) => {
      if (stage !== "kps-removed" || !adopt.kps) return [];
      const { keepGrafana, keepExporters } = adopt.kps;
      const kept: Problem[] = [];
      const gone = 'true contradicts stage "kps-removed": it is removed with the release';
      if (keepGrafana) kept.push({ key: "adopt.kps.keepGrafana", what: gone, allowed: "false", example: false });
      if (keepExporters) kept.push({ key: "adopt.kps.keepExporters", what: gone, allowed: "false", example: false });
      return kept;
    },
  },
  {
    must: "a removed release is installed, not imported",
    check: ({ stage, migration, adopt }) =>
      migration.from === "kps-removed" && stage !== "kps-removed" && adopt.kps?.import
        ? [
            {
              key: "adopt.kps.import",
              what: `true, but ${adopt.kps.release} was removed in stage "kps-removed", the cluster's current stage (migration.from): there is nothing to import`,
              allowed: "false: it is installed with the same name and values, and uses its old volume if that was kept",
              example: false,
            },
          ]
        : [],
  },
  {
    must: "a kube-prometheus-stack that is installed again finds its names free",
    check: ({ stage, kps, migration, metrics, prometheusApi }) =>
      migration.from === "kps-removed" && stageOf({ stage, kps, metrics }).kps && prometheusApi.formerNames.length > 0
        ? [
            {
              key: "prometheusApi.formerNames",
              what: `${prometheusApi.formerNames.join(", ")} may lead to the Service metrics since stage "kps-removed", the cluster's current stage (migration.from), and the release that is installed again needs these names`,
              allowed: '[], deployed in stage "kps-removed" in a separate update first',
              example: [],
            },
          ]
        : [],
  },
  {
    must: "a kube-prometheus-stack that will be removed is not retained",
    check: ({ stage, migration, kps, removal }) =>
      kps.enabled && removal.retain.includes("kps") && (stage === "kps-removed" || migration.retireKps)
        ? [
            {
              key: "removal.retain",
              what: `kps contradicts ${stage === "kps-removed" ? 'stage "kps-removed"' : "migration.retireKps: true"}: its Prometheus would keep running beside its replacement`,
              allowed: "a list without kps; to keep the release, set kps.enabled: false in an earlier stage",
            },
          ]
        : [],
  },
  {
    must: "the values of an adopted kube-prometheus-stack contain no secret",
    check: ({ adopt: { kps } }) =>
      plainSecrets(kps?.values).map((path) => ({
        key: formatPath(["adopt", "kps", "values", ...path]),
        what: "is, judging by its key, a secret in plain text: Helm, previews and Pulumi's state would show it",
        allowed:
          "nothing; put it into a Kubernetes Secret, and refer to that (grafana.admin.existingSecret, basicAuth.password.name …)",
      })),
  },
  {
    must: "an adopted kube-prometheus-stack has its Prometheus where this program expects it",
    check: ({ adopt: { kps } }) => {
      if (!kps) return [];
      const { namespaceOverride, prometheus } = kps.values as AdoptedValues;
      const [namespace] = kps.release.split("/");
      const elsewhere = "puts Prometheus where neither Grafana nor this program's checks look for it";
      const moved: [path: string, value: unknown, expected: unknown, why?: string][] = [
        ["namespaceOverride", namespaceOverride, namespace],
        ["prometheus.service.enabled", prometheus?.service?.enabled, true],
        ["prometheus.service.port", prometheus?.service?.port, 9090],
        ["prometheus.prometheusSpec.routePrefix", prometheus?.prometheusSpec?.routePrefix, "/"],
        [
          "prometheus.prometheusSpec.shards",
          prometheus?.prometheusSpec?.shards,
          1,
          "divides the targets among that many Prometheus servers, but this program queries only the first",
        ],
      ];
      return moved
        .filter(([, value, expected]) => value !== undefined && value !== null && value !== "" && value !== expected)
        .map(([path, value, expected, why = elsewhere]) => ({
          key: `adopt.kps.values.${path}`,
          what: `${JSON.stringify(value)} ${why}`,
          allowed: `nothing, or ${JSON.stringify(expected)}`,
          example: expected,
        }));
    },
  },
  {
    must: "an existing Alertmanager's receivers are not configured here",
    check: ({ adopt, alertmanager }) => {
      if (!adopt.alertmanagerUrl) return [];
      return configurationOf(alertmanager).map(([key, value]) => ({
        key: `alertmanager.${key}`,
        what: `${show(value)} has no effect: adopt.alertmanagerUrl uses an existing Alertmanager with its own receivers`,
        allowed: "nothing, or no adopt.alertmanagerUrl",
      }));
    },
  },
  {
    must: "this update doesn't delete the Alertmanager that is used",
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
              allowed: "nothing: then the stack's own takes over; or an Alertmanager outside that release",
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
    prometheusSpec?: { routePrefix?: unknown; shards?: unknown } | null;
  } | null;
}

/** The stage before kube-prometheus-stack is removed: everything but scraping is the backend's. */
const takenOver = (backend: Backend) => stagesWith(backend).at(-2)!;

/** Whether the update lifts kube-prometheus-stack's protection, or did so before. Back from `kps-removed` there is nothing left to be lost. */
const retires = ({ stage, migration, kps, metrics: { backend } }: ParsedSettings) =>
  kps.enabled && stage === takenOver(backend) && migration.from !== "kps-removed" && migration.retireKps;

/** Whether the update takes kube-prometheus-stack out. */
const removes = ({ stage, migration, kps }: ParsedSettings) =>
  kps.enabled && stage === "kps-removed" && migration.from !== "kps-removed";

/** Milliseconds. */
const day = 86_400_000;

const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
