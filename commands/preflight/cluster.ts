import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import {
  dataSourceSelector,
  labelSelector as sidecarSelector,
  sidecarNamespaces,
} from "../../components/grafana/sidecar";
import { controlPlane, controlPlaneParts, labelSelector } from "../../components/monitors/control-plane";
import { labels } from "../../components/kubernetes/labels";
import { nodeReaders } from "../../settings/pod-security";
import { hasUpstreamRelease } from "../../settings/release-values";
import type { Settings } from "../../settings/schema";
import { configurationKey } from "../../settings/sections/alerting";
import type { Retainable } from "../../settings/sections/removal";
import { stageOf } from "../../stages";
import { clusterReader, type ClusterReader } from "../shared/api/kubernetes";
import type { Deadline } from "../shared/api/network";
import { judge } from "./alertmanager-file";
import { crdsRelease, lookAtRelease, ownReleases } from "../shared/api/releases";
import { groupBy } from "../shared/group-by";
import { versionChangesTo } from "../shared/versions";
import { broughtDataSources, filesIn } from "../shared/data-source-files";
import { failed, Finding, ok, outcome, skipped, unsure, type Found, type Result } from "../shared/api/result";

/** The oldest Kubernetes, 1.x: what it is needed for counts where the settings have it. */
const oldest: readonly [minor: number, can: string, when: (settings: Settings) => boolean][] = [
  // `SidecarContainers`, on by default since then.
  [
    29,
    "start Grafana's sidecar before Grafana (grafana.sidecar)",
    ({ grafana }) => grafana.create && grafana.sidecar.enabled,
  ],
  // `persistentVolumeClaimRetentionPolicy`, beta since then.
  [27, "keep a StatefulSet's volumes", () => true],
];

/** The protected parts in the stack's state; undefined if the state can't be read. */
export type Managed = ReadonlySet<Retainable> | undefined;

type Look = (settings: Settings, cluster: ClusterReader, managed: Managed) => Promise<Found>;

/**
 * Whether the cluster answers, and has what the settings refer to. Nothing is written.
 * @param settings the stack's settings
 * @param deadline how long each request may take
 * @param managed what of it is the stack's own already
 */
export async function lookAtCluster(settings: Settings, deadline: Deadline, managed?: Managed): Promise<Result[]> {
  const line = (what: string, found: Found): Result => ({ area: "cluster", what, ...found });
  try {
    const cluster = await clusterReader(settings, deadline);
    const server = line("Kubernetes", await version(settings, cluster, managed));
    const looks: [string, Look][] = [
      [`namespace ${settings.namespace.name}`, namespace],
      ["storage classes", storageClasses],
      ["nodes", nodes],
      ["CRDs", crds],
      ["kube-prometheus-stack", kps],
      ["upstream's rules", upstream],
      ["versions", versions],
      ...controlPlaneLooks(settings),
      ...existingSecrets(settings),
      ...existingConfiguration(settings),
      ...gatewayApi(settings),
      ...otherNamespaces(settings),
      ...secretMounts(settings),
      ...dataSources(settings),
    ];
    const lines = looks.map(async ([what, look]) => line(what, await outcome(() => look(settings, cluster, managed))));
    return [server, ...(await Promise.all(lines))];
  } catch (error) {
    if (error instanceof Finding) return [line("Kubernetes", error.result)];
    throw error;
  }
}

const version: Look = async (settings, { server, version }) => {
  const found = await version();
  const name = found?.gitVersion ?? "no Kubernetes";
  const minor = Number.parseInt(found?.minor ?? "", 10);
  const lacking = oldest.find(([needed, , when]) => !(minor >= needed) && when(settings));
  return lacking
    ? failed(`${server} runs ${name}`, `upgrade it: 1.${lacking[0]} is the oldest version that can ${lacking[1]}`)
    : ok(`${server} answers: ${name}`);
};

const enforced = "pod-security.kubernetes.io/enforce";

const namespace: Look = async (settings, cluster, managed) => {
  const { name, create } = settings.namespace;
  const there = await cluster.namespace(name);
  if (!there) {
    return create
      ? ok("does not exist; it will be created")
      : failed("does not exist, and namespace.create is false", "create it, or set namespace.create: true");
  }
  const expected = Object.entries(labels({ name: "observability" }));
  const own = expected.every(([key, value]) => there.metadata?.labels?.[key] === value);
  if (!create) {
    const level = there.metadata?.labels?.[enforced] ?? "privileged";
    const readers = nodeReaders(settings);
    return level === "privileged" || readers.length === 0
      ? ok("exists")
      : failed(
          `enforces the Pod Security Standard ${level}, which refuses pods that read their node: ${readers.join(", ")}`,
          `label it ${enforced}=privileged where it is deployed from, choose another namespace, or switch off what reads nodes`,
        );
  }
  if (!own)
    return failed(
      "exists, but was not created by this program: it can't be created again",
      "set namespace.create: false",
    );
  if (managed?.has("namespace")) return ok("exists, and belongs to this stack");
  return managed
    ? failed("exists from an earlier time, but is not in this stack's state", "set namespace.create: false")
    : ok("exists, and was created by this program");
};

/** What runs is compared with what will: the list of images may have changed by more than a version since the last update. */
const versions: Look = async (settings, cluster) => {
  const [nameLabel, versionLabel] = ["app.kubernetes.io/name", "app.kubernetes.io/version"];
  const { "app.kubernetes.io/part-of": own } = labels({ name: "" });
  const running = await cluster.statefulSets(settings.namespace.name, `app.kubernetes.io/part-of=${own}`);
  const before: Record<string, string[]> = {};
  for (const { metadata } of running) {
    const { [nameLabel]: name = "", [versionLabel]: version } = metadata?.labels ?? {};
    if (version !== undefined) (before[name] ??= []).push(version);
  }
  const changes = versionChangesTo(settings, before);
  const said = (list: typeof changes) => list.map(({ says }) => says).join("; ");
  const refused = changes.filter((change) => change.refused);
  if (refused.length > 0) return failed(said(refused), "set images to the version that is named, and update first");
  return ok(changes.length > 0 ? said(changes) : "no program that runs changes its version");
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
  const byName = groupBy(missing, ({ name }) => (name ? `"${name}"` : "a default one"));
  const lacks = [...byName].map(([name, of]) => `${name} (${of.map(({ key }) => key).join(", ")})`);
  return failed(
    `the cluster lacks ${lacks.join(", ")}; it has ${names.join(", ") || "none"}`,
    "install the class, or use an existing one (for every volume: cluster.storageClass)",
  );
};

/** Each setting that names the storage class of a volume that the stack has, with what it names. */
function volumes(settings: Settings): [key: string, name: string | undefined][] {
  const { loki, mimir, victoriaMetrics, kps, metrics, alertmanager, adopt, grafana, objectStore } = settings;
  const on = stageOf(settings);
  return [
    ["loki.storageClass", loki.storageClass],
    ...when(on.kps, "kps.storageClass", kps.storageClass),
    ...when(on.mimir, "mimir.storageClass", mimir.storageClass),
    ...when(on.victoriaMetrics === true, "victoriaMetrics.storageClass", victoriaMetrics.storageClass),
    ...when(on.scraper !== "prometheus", "metrics.storageClass", metrics.storageClass),
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
    : unsure(`the cluster has ${there}; cluster.nodes says ${described}`, "correct cluster.nodes");
};

/** How many there are of each architecture. */
function inWords(nodes: [arch: string, count: number][]): string {
  const counts = new Map<string, number>();
  for (const [arch, count] of nodes) counts.set(arch, (counts.get(arch) ?? 0) + count);
  const words = [...counts].sort().map(([arch, count]) => `${count} ${arch}`);
  return words.join(", ") || "none";
}

const crds: Look = async (settings, cluster, managed) => {
  const { adopt } = settings;
  const crd = await cluster.crd("servicemonitors.monitoring.coreos.com");
  if (!settings.crds.create) {
    return crd
      ? ok("exist, and are only used")
      : failed("do not exist, and crds.create is false", "install them, or set crds.create: true");
  }
  const wanted = ownReleases(settings).crds;
  const { namespace, name } = wanted;
  const release = lookAtRelease(await cluster.secrets(namespace, `owner=helm,name=${name}`), {
    ...{ ...wanted, imported: adopt.crdsRelease !== undefined, managed: managed?.has("crds") },
    take: `set adopt.crdsRelease: ${namespace}/${name}`,
  });
  if (release) return release;
  if (adopt.crdsRelease)
    return failed(`there is no release ${adopt.crdsRelease} to adopt`, "correct adopt.crdsRelease, or leave it out");
  return crd ? ownerOfCrds(settings, crd) : ok("do not exist; they will be installed");
};

/** A line for each part of the control plane that is found by its pods: a selector without pods silently scrapes nothing. */
function controlPlaneLooks({ monitors }: Settings): [string, Look][] {
  return controlPlaneParts.flatMap((part): [string, Look][] => {
    const { selector } = monitors[part];
    if (!selector) return [];
    const wanted = labelSelector(selector);
    return [
      [
        `pods of ${controlPlane[part].job}`,
        async (_settings, cluster) => {
          const found = await cluster.pods("kube-system", wanted);
          return found.length > 0
            ? ok(`${found.length} in kube-system with ${wanted}`)
            : failed(
                `no pod in kube-system has ${wanted} (monitors.${part}.selector)`,
                `correct it, or set monitors.${part}.endpoints; if the cluster has none (kube-proxy with Cilium), leave monitors.${part} out`,
              );
        },
      ],
    ];
  });
}

/** Their owner by their annotations, if Helm has no release of this program. */
function ownerOfCrds({ adopt, namespace: { name } }: Settings, crd: client.V1CustomResourceDefinition): Found {
  const annotations = crd.metadata?.annotations ?? {};
  const [release, of] = [annotations["meta.helm.sh/release-name"], annotations["meta.helm.sh/release-namespace"]];
  if (release === crdsRelease && of === name)
    return ok("exist, and belong to this release by their annotations; it adopts them");
  const owner = release ? `belong to the Helm release ${of}/${release}` : "belong to no Helm release";
  return adopt.crds ? ok(`${owner}; they are adopted`) : failed(owner, "set adopt.crds: true");
}

const kps: Look = async (settings, cluster, managed) => {
  const { adopt } = settings;
  if (!stageOf(settings).kps) return skipped("not part of this stack");
  const wanted = ownReleases(settings).kps;
  const { namespace, name } = wanted;
  const release = lookAtRelease(await cluster.secrets(namespace, `owner=helm,name=${name}`), {
    ...{ ...wanted, imported: adopt.kps?.import ?? false, managed: managed?.has("kps") },
    take: adopt.kps ? "set adopt.kps.import: true" : `set adopt.kps.release: ${namespace}/${name}`,
  });
  if (release) return release;
  if (adopt.kps?.import) {
    const none = `there is no release ${namespace}/${name} to adopt`;
    return failed(none, "correct adopt.kps.release: helm list --all-namespaces");
  }
  const others = await cluster.objects("monitoring.coreos.com", "v1", "prometheuses");
  if (others.length === 0) return ok("does not exist; it will be installed");
  const names = others.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
  return unsure(
    `a Prometheus is already running: ${names.join(", ")}`,
    "set adopt.kps.release to its Helm release: two operators must not manage one Prometheus",
  );
};

const upstream: Look = async (settings, cluster) => {
  if (!hasUpstreamRelease(settings.rules)) return skipped("switched off: rules.upstream.enabled");
  const wanted = ownReleases(settings).upstream;
  const { namespace, name, clear } = wanted;
  const revisions = await cluster.secrets(namespace, `owner=helm,name=${name}`);
  return (
    lookAtRelease(revisions, { ...wanted, imported: false, managed: undefined, take: clear }) ??
    ok("don't exist; they will be installed")
  );
};

/** Whether a value is as SOPS writes it in its place: https://getsops.io/docs/#encryption-protocol */
const isEncrypted = (encoded: string) => Buffer.from(encoded, "base64").toString().startsWith("ENC[AES256_GCM,");

/** Existing Secrets that replace the program's own. */
const existingSecrets = ({ secrets: { existing } }: Settings): [string, Look][] =>
  Object.entries(existing).map(([use, { name, keys }]) => [
    `Secret ${name}`,
    async ({ namespace }, cluster) => {
      const secret = await cluster.secret(namespace.name, name);
      if (!secret)
        return failed(`does not exist, but secrets.existing.${use} refers to it`, "create it, or correct its name");
      const missing = Object.values(keys).filter((key) => !(key in (secret.data ?? {})));
      if (missing.length > 0)
        return failed(`lacks ${missing.join(", ")}`, `add the keys, or correct secrets.existing.${use}.keys`);
      const encrypted = Object.values(keys).filter((key) => isEncrypted(secret.data?.[key] ?? ""));
      return encrypted.length === 0
        ? ok("exists")
        : failed(
            `has ${encrypted.join(", ")} as SOPS encrypted it: it was applied without being decrypted`,
            "Flux's Kustomization needs spec.decryption, with provider sops and the Secret that has its key: docs/gitops.md",
          );
    },
  ]);

/** The Secret that has Alertmanager's whole configuration. */
const existingConfiguration = ({ alertmanager: { existingConfigSecret: name } }: Settings): [string, Look][] =>
  name === undefined
    ? []
    : [
        [
          `Secret ${name}`,
          async ({ namespace }, cluster) => {
            const secret = await cluster.secret(namespace.name, name);
            if (!secret)
              return failed(
                "does not exist, but alertmanager.existingConfigSecret refers to it",
                `create it: kubectl -n ${namespace.name} create secret generic ${name} --from-file=${configurationKey}`,
              );
            const { [configurationKey]: encoded, ...others } = secret.data ?? {};
            if (!encoded)
              return failed(
                `has no ${configurationKey}, or it is empty; it has ${Object.keys(others).join(", ") || "no keys"}`,
                `put Alertmanager's configuration under the key ${configurationKey}`,
              );
            return judged(Buffer.from(encoded, "base64").toString(), [configurationKey, ...Object.keys(others)]);
          },
        ],
      ];

function judged(text: string, files: readonly string[]): Found {
  const { problems, doubts } = judge(text, files);
  const said = problems.map(({ key, what, allowed }) => `${key}: ${what}${allowed ? ` (allowed: ${allowed})` : ""}`);
  if (said.length > 0)
    return failed(
      `Alertmanager would refuse its ${configurationKey}: ${said.join("; ")}`,
      "correct it in the Secret: with this mistake Alertmanager's pod doesn't start, and no notifications are sent",
    );
  return doubts.length > 0
    ? unsure(
        `${configurationKey} can be read, but ${doubts.join("; ")}`,
        "correct it in the Secret, unless it is intended: docs/alerts.md#who-is-notified",
      )
    : ok(`has ${configurationKey}; Alertmanager accepts its routes, receivers' names, matchers and time intervals`);
}

/** The CRD of routes, without which an update fails at the first of them. */
function gatewayApi({ grafana, alertmanager, loki }: Settings): [string, Look][] {
  const routes = {
    "grafana.route": grafana.route,
    "alertmanager.httpRoute": alertmanager.httpRoute,
    "loki.route": loki.route,
  };
  const set = Object.entries(routes).flatMap(([key, route]) => (route ? [key] : []));
  if (set.length === 0) return [];
  const name = "httproutes.gateway.networking.k8s.io";
  const look: Look = async (_settings, cluster) => {
    const versions = (await cluster.crd(name))?.spec.versions.filter(({ served }) => served) ?? [];
    if (versions.some((each) => each.name === "v1")) return ok("has HTTPRoute v1");
    return failed(
      `${versions.length > 0 ? `has HTTPRoute ${versions.map((each) => each.name).join(", ")}, not v1` : `has no CRD ${name}`}, and ${set.join(", ")} needs it`,
      "install the CRDs of the Gateway API with your gateway controller: https://gateway-api.sigs.k8s.io/guides/#installing-gateway-api; or use ingress",
    );
  };
  return [["Gateway API", look]];
}

/** Namespaces that Grafana's sidecar looks into: each gets a Role. */
function otherNamespaces({ grafana, namespace: own }: Settings): [string, Look][] {
  const { enabled, namespaces = [] } = grafana.sidecar;
  if (!grafana.create || !enabled) return [];
  return namespaces
    .filter((name) => name !== own.name)
    .map((name) => [
      `namespace ${name}`,
      async (_settings, cluster) =>
        (await cluster.namespace(name))
          ? ok("exists")
          : failed("does not exist, and grafana.sidecar.namespaces names it", "create it, or leave it out there"),
    ]);
}

/** Data sources that other applications bring to a Grafana whose default is the stack's: what harms it would keep it from starting. */
function dataSources({ grafana, adopt, namespace: own }: Settings): [string, Look][] {
  const { create, sidecar, claimDefault } = grafana;
  if (create ? !sidecar.enabled : !claimDefault) return [];
  const label = grafana.dataSourceLabel;
  const selector = create ? dataSourceSelector(grafana, adopt.kps) : { label, value: grafana.labelValue };
  const look: Look = async (_settings, cluster) => {
    const all = await cluster.configMaps(
      sidecarSelector(selector),
      create ? sidecarNamespaces(sidecar, own.name) : undefined,
    );
    const isOwn = labels({ name: "grafana" });
    const others = all.filter(
      ({ metadata }) =>
        metadata?.namespace !== own.name ||
        metadata.labels?.["app.kubernetes.io/part-of"] !== isOwn["app.kubernetes.io/part-of"],
    );
    const { found, problems } = broughtDataSources(filesIn(others));
    return problems.length > 0
      ? failed(
          problems.join("; "),
          `correct these ConfigMaps, or remove the label ${label} from them: Grafana reads all that have it`,
        )
      : ok(`${found.length} in labelled ConfigMaps, none in conflict with the stack's own`);
  };
  return [["data sources of other applications", look]];
}

/** Secrets whose files Grafana reads: without one its pod doesn't start. */
const secretMounts = ({ grafana }: Settings): [string, Look][] =>
  grafana.secretMounts.map((name) => [
    `Secret ${name}`,
    async ({ namespace }, cluster) =>
      (await cluster.secret(namespace.name, name))
        ? ok("exists")
        : failed("does not exist, and grafana.secretMounts names it", `create it in namespace ${namespace.name}`),
  ]);
