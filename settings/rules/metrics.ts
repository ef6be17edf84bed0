import { backendOf, backendTitles, stageOf } from "../../stages";
import { nearest } from "../nearest";
import { formatPath } from "../problem";
import { quantityValue, sizeBytes } from "../units";
import { secretsOf } from "../sections/scrape-config";
import type { Rule } from "./rule";
import { prometheusEntries } from "../release-values";
import { alternatives, imageNames, type ImageName } from "../image-list";

/** Memory limit that a series in memory asks for, in bytes, queries and compaction included: calculated from what was measured, docs/sizing.md. */
const bytesPerSeries = 4096;

const adopted = "adopt.kps.values.grafana";
const ownDefault = `${adopted}.sidecar.datasources.isDefaultDatasource`;

/** Where the values of an adopted release make a data source its Grafana's default; the chart's own is the default unless its values say otherwise. */
function defaultDataSources(values: Record<string, unknown>): string[] {
  const { grafana } = values as { grafana?: AdoptedGrafana | null };
  const own = grafana?.sidecar?.datasources ?? {};
  const isOwn = [own.enabled, own.defaultDatasourceEnabled, own.isDefaultDatasource].every((each) => each !== false);
  const more = Array.isArray(grafana?.additionalDataSources) ? grafana.additionalDataSources : [];
  return [
    ...(isOwn ? [ownDefault] : []),
    ...more.flatMap((each, i) =>
      each?.isDefault === true ? [`${adopted}.additionalDataSources[${i}].isDefault`] : [],
    ),
  ];
}

/** Values of an adopted release that say which data source is its Grafana's default. */
interface AdoptedGrafana {
  sidecar?: {
    datasources?: { enabled?: unknown; defaultDatasourceEnabled?: unknown; isDefaultDatasource?: unknown } | null;
  } | null;
  additionalDataSources?: ({ isDefault?: unknown } | null)[] | null;
}

/** Rules of kube-prometheus-stack, Mimir, Grafana and the images. */
export const metricsRules: readonly Rule[] = [
  {
    must: "the collector's pod can mount the files that ScrapeConfigs read",
    check: ({ namespace, metrics }) =>
      metrics.scrapeConfigs.flatMap(({ name, spec }, index) => {
        const secrets = secretsOf(spec);
        return secrets.length === 0 || name.startsWith(`${namespace.name}/`)
          ? []
          : [
              {
                key: `metrics.scrapeConfigs[${index}].spec`,
                what: `of ${name} names the Secret ${secrets.join(", ")}: a pod can't mount Secrets of another namespace`,
                allowed: `a ScrapeConfig in namespace ${namespace.name}, with a copy of the Secret there; or a ServiceMonitor or Probe, with the Secret in metrics.secrets`,
              },
            ];
      }),
  },
  {
    must: "Prometheus deletes samples before its volume is full",
    check: ({ kps: { retentionSize, storage } }) =>
      retentionSize && sizeBytes(retentionSize) >= quantityValue(storage)
        ? [
            {
              key: "kps.retentionSize",
              what: `"${retentionSize}" is not below kps.storage, "${storage}": the volume fills before anything is deleted`,
              allowed: "less than the volume, with room for the write-ahead log (1GB is 2^30 bytes)",
              example: `${Math.max(1, Math.floor((quantityValue(storage) * 0.9) / 2 ** 20))}MB`,
            },
          ]
        : [],
  },
  {
    must: "the remote writes of an adopted release have other names",
    check: ({ adopt, stage, kps, metrics }) => {
      const own = backendOf(stageOf({ stage, kps, metrics }));
      return own && prometheusEntries("remoteWrite", adopt.kps?.values).some(({ name }) => name === own)
        ? [
            {
              key: "adopt.kps.values.prometheus.prometheusSpec.remoteWrite",
              what: `has an entry named "${own}", like this program's own: Prometheus refuses two with the same name`,
              allowed: `another name; or no such entry, if it leads to this program's ${backendTitles[own]}`,
              example: `${own}-elsewhere`,
            },
          ]
        : [];
    },
  },
  {
    must: "Mimir's replication factor is not above its replicas",
    check: ({ mimir: { replicas, replicationFactor } }) =>
      replicationFactor > replicas
        ? [
            {
              key: "mimir.replicationFactor",
              what: `${replicationFactor} is more than mimir.replicas, ${replicas}: Mimir would refuse every sample`,
              allowed: `1 to ${replicas}, or more replicas`,
              example: replicas,
            },
          ]
        : [],
  },
  {
    must: "Mimir's own Alertmanager runs in one replica",
    check: ({ mimir: { replicas }, alertmanager: { implementation }, stage, kps, metrics }) =>
      stageOf({ stage, kps, metrics }).mimir && replicas > 1 && implementation === "mimir"
        ? [
            {
              key: "alertmanager.implementation",
              what: `"mimir" contradicts mimir.replicas, ${replicas}: silences of several Alertmanagers in Mimir were never tested`,
              allowed: "prometheus, which is a separate workload; or mimir.replicas: 1",
              example: "prometheus",
            },
          ]
        : [],
  },
  {
    must: "Mimir refuses series before they take more memory than it may have",
    check: ({ mimir: { limits, resources, replicas, replicationFactor }, stage, kps, metrics }) => {
      const held = Math.floor(
        (quantityValue(resources.limits.memory) / bytesPerSeries) * (replicas / replicationFactor),
      );
      return stageOf({ stage, kps, metrics }).mimir && limits.maxSeries > held
        ? [
            {
              key: "mimir.limits.maxSeries",
              what: `${limits.maxSeries} is more than the memory limit, "${resources.limits.memory}", can hold: Mimir would run out of memory again and again before it refuses a series`,
              allowed: `at most ${held} (a series takes 4 KiB, docs/sizing.md), or a higher mimir.resources.limits.memory`,
              example: held,
            },
          ]
        : [];
    },
  },
  {
    must: "a kept Grafana has one default data source",
    check: ({ adopt: { kps }, grafana }) => {
      if (!kps?.keepGrafana) return [];
      const there = defaultDataSources(kps.values);
      if (!grafana.create && grafana.claimDefault) there.push("grafana.claimDefault");
      return there.length > 1
        ? [
            {
              key: there[there.length - 1],
              what: `makes a second default data source for the Grafana in ${kps.release}, besides ${there[0]}: that Grafana would not start`,
              allowed: `one of them; ${ownDefault}: false switches kube-prometheus-stack's own off`,
            },
          ]
        : [];
    },
  },
  {
    must: "an existing Grafana keeps its own ingress",
    check: ({ grafana }) =>
      !grafana.create && grafana.ingress
        ? [
            {
              key: "grafana.ingress",
              what: "has no effect with grafana.create: false: no ingress is created for an existing Grafana",
              allowed: "nothing, or grafana.create: true",
            },
          ]
        : [],
  },
  {
    must: "images replaces images that the program uses",
    check: ({ images }) =>
      Object.keys(images)
        .filter((name) => !(imageNames as readonly string[]).includes(name))
        .map((name) => {
          const near = nearest(name, imageNames);
          return {
            key: formatPath(["images", name]),
            what: `the program uses no image with this name${near ? `; did you mean ${formatPath(["images", near])}?` : ""}`,
            allowed: `the names in images.json: ${imageNames.join(", ")}`,
          };
        }),
  },
  // One rule for each: an invalid reference must not hide the problems of the others.
  ...imageNames.map((name: ImageName): Rule => ({
    must: `images.${name}: the image's platforms are known`,
    check: ({ images: { [name]: reference } }) =>
      reference === undefined || alternatives(name).includes(reference)
        ? []
        : [
            {
              key: formatPath(["images", name]),
              what: `"${reference}" is not one of the images that images.json lists as ${name}`,
              allowed: `${alternatives(name).join(", ")}; to use another one, first add it to images.json, with its platforms`,
              example: alternatives(name)[0],
            },
          ],
  })),
];
