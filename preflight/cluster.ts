import { labels } from "../components/kubernetes/labels";
import type { Settings } from "../config/schema";
import { stageOf } from "../migration/stages";
import { clusterReader, type ClusterReader } from "./kubernetes";
import type { Deadline } from "./network";
import { failed, Finding, ok, outcome, skipped, unsure, type Found, type Result } from "./result";

/** The release of the operator's CRDs: `components/kube-prometheus-stack/crds.ts`. */
const crdsRelease = "prometheus-operator-crds";

/** The oldest Kubernetes in which a StatefulSet's volumes can be told to stay (`persistentVolumeClaimRetentionPolicy`, beta in 1.27). */
const oldestMinor = 27;

type Look = (settings: Settings, cluster: ClusterReader) => Promise<Found>;

/**
 * Whether the cluster answers, and has what the settings say that it has. Nothing is written.
 * @param settings the stack's settings
 * @param deadline how long each request may take
 */
export async function lookAtCluster(settings: Settings, deadline: Deadline): Promise<Result[]> {
  const line = (what: string, found: Found): Result => ({ area: "cluster", what, ...found });
  try {
    const cluster = await clusterReader(settings, deadline);
    const server = line("Kubernetes", await version(settings, cluster));
    const looks: [string, Look][] = [
      [`namespace ${settings.namespace.name}`, namespace],
      ["storage classes", storageClasses],
      ["nodes", nodes],
      ["CRDs", crds],
      ["kube-prometheus-stack", kps],
      ...existingSecrets(settings),
    ];
    const lines = looks.map(async ([what, look]) => line(what, await outcome(() => look(settings, cluster))));
    return [server, ...(await Promise.all(lines))];
  } catch (error) {
    if (error instanceof Finding) return [line("Kubernetes", error.result)];
    throw error;
  }
}

const version: Look = async (_settings, { server, version }) => {
  const found = await version();
  const name = found?.gitVersion ?? "no Kubernetes";
  return Number.parseInt(found?.minor ?? "", 10) >= oldestMinor
    ? ok(`${server} answers: ${name}`)
    : failed(`${server} runs ${name}`, `upgrade it: 1.${oldestMinor} is the oldest that keeps volumes as told`);
};

const namespace: Look = async ({ namespace: { name, create } }, cluster) => {
  const there = await cluster.namespace(name);
  if (!there) {
    return create
      ? ok("is not there; it will be made")
      : failed("is not there, and namespace.create is false", "make it, or set namespace.create: true");
  }
  const expected = Object.entries(labels({ name: "observability" }));
  const own = expected.every(([key, value]) => there.metadata?.labels?.[key] === value);
  if (!create || own) return ok(own ? "is there, and this program's" : "is there");
  return failed("is there, and not this program's: it can't be made", "set namespace.create: false");
};

const storageClasses: Look = async (settings, cluster) => {
  const classes = await cluster.storageClasses();
  const names = classes.map(({ metadata }) => metadata?.name ?? "");
  const byDefault = classes.find(
    ({ metadata }) => metadata?.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
  )?.metadata?.name;
  const wanted = volumes(settings).map(([key, own]) => ({ key, name: own ?? settings.cluster.storageClass }));
  const missing = wanted.filter(({ name }) => (name ? !names.includes(name) : !byDefault));
  if (missing.length === 0) {
    const used = wanted.map(({ name }) => name ?? `${byDefault} (the cluster's default)`);
    return ok([...new Set(used)].join(", "));
  }
  const lacks = missing.map(({ key, name }) => (name ? `"${name}" (${key})` : `a default one (${key})`));
  return failed(
    `the cluster lacks ${lacks.join(", ")}; it has ${names.join(", ") || "none"}`,
    "install the class, or name one that is there, for every volume by cluster.storageClass",
  );
};

/** Each setting that names the storage class of a volume that the stack has, with what it names. */
function volumes(settings: Settings): [key: string, name: string | undefined][] {
  const { loki, mimir, kps, metrics, alertmanager, adopt, grafana, objectStore } = settings;
  const on = stageOf(settings);
  return [
    ["loki.storageClass", loki.storageClass],
    ...when(on.kps, "kps.storageClass", kps.storageClass),
    ...when(on.mimir, "mimir.storageClass", mimir.storageClass),
    ...when(on.scraper === "alloy", "metrics.storageClass", metrics.storageClass),
    ...when(
      !adopt.alertmanagerUrl && alertmanager.implementation === "prometheus",
      "alertmanager.storageClass",
      alertmanager.storageClass,
    ),
    ...when(grafana.create, "grafana.storageClass", grafana.storageClass),
    ...(objectStore.kind === "embedded" ? when(true, "objectStore.storageClass", objectStore.storageClass) : []),
  ];
}

const when = (used: boolean, key: string, name: string | undefined): [string, string | undefined][] =>
  used ? [[key, name]] : [];

const nodes: Look = async ({ cluster: { nodes } }, cluster) => {
  const found = await cluster.nodes();
  const there = inWords(found.map(({ metadata }) => [metadata?.labels?.["kubernetes.io/arch"] ?? "unknown", 1]));
  const described = inWords(nodes.map(({ arch, count }) => [arch, count]));
  return there === described
    ? ok(there)
    : unsure(`there are ${there}; cluster.nodes says ${described}`, "describe the nodes in cluster.nodes");
};

/** How many there are of each architecture. */
function inWords(nodes: [arch: string, count: number][]): string {
  const counts = new Map<string, number>();
  for (const [arch, count] of nodes) counts.set(arch, (counts.get(arch) ?? 0) + count);
  const words = [...counts].sort().map(([arch, count]) => `${count} ${arch}`);
  return words.join(", ") || "none";
}

const crds: Look = async ({ adopt, namespace: { name } }, cluster) => {
  const crd = await cluster.crd("servicemonitors.monitoring.coreos.com");
  if (!crd) return ok("are not there; they will be installed");
  const annotations = crd.metadata?.annotations ?? {};
  const [release, of] = [annotations["meta.helm.sh/release-name"], annotations["meta.helm.sh/release-namespace"]];
  if (release === crdsRelease && of === name) return ok("are there, and this program's");
  const owner = release ? `belong to the Helm release ${of}/${release}` : "belong to no Helm release";
  return adopt.crds ? ok(`${owner}; they are taken over`) : failed(owner, "set adopt.crds: true");
};

const kps: Look = async (settings, cluster) => {
  const { adopt, namespace: own, kps } = settings;
  if (!stageOf(settings).kps) return skipped("not part of this stack");
  const [namespace, name] = adopt.kps?.release.split("/") ?? [own.name, kps.releaseName];
  // Helm keeps each revision of a release in a Secret; its labels say all that is needed here.
  const revisions = await cluster.secrets(namespace, `owner=helm,name=${name}`);
  const states = revisions.map(({ metadata }) => metadata?.labels?.status ?? "unknown");
  const release = `release ${namespace}/${name}`;
  const stuck = states.find((state) => state.startsWith("pending"));
  if (stuck) return failed(`${release} is ${stuck}`, `helm rollback --namespace ${namespace} ${name}`);
  // Its removal was cut off: a rollback would keep it, and nothing can be installed under its name.
  if (states.includes("uninstalling"))
    return failed(`${release} is uninstalling`, `helm uninstall --namespace ${namespace} ${name}`);
  const there = states.includes("deployed");
  if (adopt.kps?.import) {
    return there
      ? ok(`${release} is there and taken over`)
      : failed(`there is no ${release} to take over`, "correct adopt.kps.release: helm list --all-namespaces");
  }
  if (there) return unsure(`${release} is there`, "nothing, if this stack made it; else set adopt.kps.release");
  const others = await cluster.objects("monitoring.coreos.com", "v1", "prometheuses");
  if (others.length === 0) return ok("is not there; it will be installed");
  const names = others.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
  return unsure(
    `a Prometheus runs already: ${names.join(", ")}`,
    "name its Helm release as adopt.kps.release: two operators would fight over one Prometheus",
  );
};

/** Existing Secrets that take the place of the program's own. */
const existingSecrets = ({ secrets: { existing } }: Settings): [string, Look][] =>
  Object.entries(existing).map(([use, { name, keys }]) => [
    `Secret ${name}`,
    async ({ namespace }, cluster) => {
      const secret = await cluster.secret(namespace.name, name);
      if (!secret) return failed(`is not there, and secrets.existing.${use} names it`, "make it, or correct its name");
      const missing = Object.values(keys).filter((key) => !(key in (secret.data ?? {})));
      return missing.length === 0
        ? ok("is there")
        : failed(`lacks ${missing.join(", ")}`, `add the keys, or correct secrets.existing.${use}.keys`);
    },
  ]);
