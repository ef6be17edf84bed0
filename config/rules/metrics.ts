import { remoteWriteName, remoteWrites } from "../../components/kube-prometheus-stack/remote-write";
import { stageOf } from "../../migration/stages";
import { alternatives, imageNames, type ImageName } from "../../components/images";
import { nearest } from "../nearest";
import { formatPath } from "../problem";
import { quantityValue, sizeBytes } from "../units";
import type { Rule } from "./rule";

/** Memory limit that a series in memory asks for, in bytes, queries and compaction included: calculated from what was measured, docs/sizing.md. */
const bytesPerSeries = 4096;

const adopted = "adopt.kps.values.grafana";
const ownDefault = `${adopted}.sidecar.datasources.isDefaultDatasource`;

/** Where the values of an adopted release make a data source its Grafana's default; the chart's own is one unless it is told otherwise. */
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
    must: "what an adopted release writes to has a name of its own",
    check: ({ adopt, stage, kps }) => {
      const there = stageOf({ stage, kps }).mimir ? remoteWrites(adopt.kps?.values) : [];
      return there.some(({ name }) => name === remoteWriteName)
        ? [
            {
              key: "adopt.kps.values.prometheus.prometheusSpec.remoteWrite",
              what: `has an entry named "${remoteWriteName}", as this program's own is: Prometheus refuses two of one name`,
              allowed: "another name; or no such entry, where it leads to the Mimir that this program brings",
              example: `${remoteWriteName}-elsewhere`,
            },
          ]
        : [];
    },
  },
  {
    must: "Mimir refuses series before they take more memory than it may have",
    check: ({ mimir: { limits, resources }, stage, kps }) => {
      const held = Math.floor(quantityValue(resources.limits.memory) / bytesPerSeries);
      return stageOf({ stage, kps }).mimir && limits.maxSeries > held
        ? [
            {
              key: "mimir.limits.maxSeries",
              what: `${limits.maxSeries} is more than the memory limit, "${resources.limits.memory}", can hold: Mimir would be killed again and again before it refuses a series`,
              allowed: `at most ${held} (a series takes 4 KiB, docs/sizing.md), or a higher mimir.resources.limits.memory`,
              example: held,
            },
          ]
        : [];
    },
  },
  {
    must: "a Grafana that is kept has one default data source",
    check: ({ adopt: { kps }, grafana }) => {
      if (!kps?.keepGrafana) return [];
      const there = defaultDataSources(kps.values);
      if (!grafana.create && grafana.claimDefault) there.push("grafana.claimDefault");
      return there.length > 1
        ? [
            {
              key: there[there.length - 1],
              what: `makes a second default data source for the Grafana in ${kps.release}, beside ${there[0]}: it would not start`,
              allowed: `one of them; ${ownDefault}: false switches kube-prometheus-stack's own off`,
            },
          ]
        : [];
    },
  },
  {
    must: "a Grafana that exists keeps its own way in",
    check: ({ grafana }) =>
      !grafana.create && grafana.ingress
        ? [
            {
              key: "grafana.ingress",
              what: "has no effect with grafana.create: false: the Grafana that exists has its own way in",
              allowed: "nothing, or grafana.create: true",
            },
          ]
        : [],
  },
  {
    must: "an image takes the place of one that the program uses",
    check: ({ images }) =>
      Object.keys(images)
        .filter((name) => !(imageNames as readonly string[]).includes(name))
        .map((name) => {
          const near = nearest(name, imageNames);
          return {
            key: formatPath(["images", name]),
            what: `the program uses no image of this name${near ? `; did you mean ${formatPath(["images", near])}?` : ""}`,
            allowed: `the names in images.json: ${imageNames.join(", ")}`,
          };
        }),
  },
  // One for each: a reference that is wrong by itself must not silence what is to be said of the others.
  ...imageNames.map((name: ImageName): Rule => ({
    must: `images.${name}: it is known which nodes can run it`,
    check: ({ images: { [name]: reference } }) =>
      reference === undefined || alternatives(name).includes(reference)
        ? []
        : [
            {
              key: formatPath(["images", name]),
              what: `"${reference}" is not among the images that images.json has under the name ${name}`,
              allowed: `${alternatives(name).join(", ")}; another one once images.json has it too, with its platforms`,
              example: alternatives(name)[0],
            },
          ],
  })),
];
