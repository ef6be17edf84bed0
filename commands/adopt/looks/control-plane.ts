import { mergeValues } from "../../../components/kube-prometheus-stack/merge";
import {
  controlPlane,
  controlPlaneParts,
  isScraped,
  type ControlPlanePart,
} from "../../../components/monitors/control-plane";
import { isMap } from "../../../engine/json";
import { at, textAt } from "../config-values";
import type { Findings, Look } from "../findings";
import type { Inventory } from "../inventory";
import { chartObjects, type ChartObject } from "../manifest";
import { kpsReleases } from "../objects";
import type { Release, Values } from "../release";
import { isTakenOver } from "./kube-prometheus-stack";

const runbook = "docs/troubleshooting.md#control-plane";

/**
 * Scheduler, controller manager, kube-proxy and etcd, as a release of kube-prometheus-stack scrapes them: its ServiceMonitors, Services and rules
 * about them are deleted in the first update. Parts that answer are turned on; about the others, a person decides.
 */
export const lookAtControlPlane: Look = (inventory, settings, found) => {
  const [release, ...others] = kpsReleases(inventory, settings);
  if (!settings.kps.enabled || !release || others.length > 0 || isTakenOver(release)) return;
  const objects = chartObjects(release);
  for (const part of controlPlaneParts) {
    const goes = objectsOf(part, objects);
    // If the stack's file has it, it is decided.
    if (goes && !isScraped(settings.monitors[part])) lookAt(part, release, goes, inventory, found);
  }
};

function lookAt(
  part: ControlPlanePart,
  release: Release,
  goes: { monitor: string; all: string },
  { targets }: Inventory,
  found: Findings,
): void {
  const { job, value } = controlPlane[part];
  const effective = at(mergeValues(release.defaults, release.values), value);
  const { settings, problems, lost } = translated(part, isMap<unknown>(effective) ? effective : {});
  const here = `monitors.${part}`;
  const { all, up } = targets?.get(job) ?? { all: 0, up: 0 };
  const what = `the release scrapes ${job}: the first update deletes ${goes.all}`;

  if (problems.length > 0)
    return found.ask(
      `${what}. It can't be taken over automatically: ${problems.join("; ")}`,
      `set ${here} by hand: ${runbook}`,
    );
  if (lost.length > 0)
    found.ask(
      `the release's values for ${job} have no setting here: ${lost.join(", ")}`,
      "do nothing if you don't need them; otherwise leave the setting out and write your own ScrapeConfig",
    );
  if (up > 0) {
    const [first, ...more] = Object.entries(settings);
    const answers = `${up} of its ${all} targets ${up === 1 ? "answers" : "answer"}`;
    found.fit(`${here}.${first[0]}`, first[1], `the first update deletes ${goes.all}; ${answers}`);
    for (const [key, each] of more) found.fit(`${here}.${key}`, each, "its current value");
    return;
  }
  const example = { monitors: { [part]: settings } };
  if (!targets)
    return found.ask(`${what}; it is unknown whether its targets answer`, `set this if they do: ${runbook}`, example);
  if (all > 0)
    return found.ask(
      `${what}; none of its ${all} targets answers`,
      `make it listen on an address that pods can reach, then set this: ${runbook}; or leave it out, and lose its alerts`,
      example,
    );
  found.ask(
    `${what}; it has no targets`,
    `do nothing if the cluster has no such pods (k3s; kube-proxy with Cilium); otherwise set ${here}.endpoints: ${runbook}`,
  );
}

/** What a manifest has about a part; undefined if it doesn't scrape it. */
function objectsOf(
  part: ControlPlanePart,
  objects: readonly ChartObject[],
): { monitor: string; all: string } | undefined {
  const { job, groups } = controlPlane[part];
  const named = (kind: string) =>
    objects
      .filter((each) => each.kind === kind && each.metadata.name.endsWith(`-${job}`))
      .map(({ metadata: { namespace, name } }) => `${kind} ${namespace}/${name}`);
  const [monitor] = named("ServiceMonitor");
  if (monitor === undefined) return undefined;
  const there = objects
    .flatMap(({ kind, spec }) => (kind === "PrometheusRule" ? (spec?.groups ?? []) : []))
    .flatMap(({ name }) => (groups.includes(name) ? [`rule group ${name}`] : []));
  return { monitor, all: [monitor, ...named("Service"), ...there].join(", ") };
}

/** Folder in which the operator's Prometheus mounts the Secrets that its values name. */
const secretFile = /^\/etc\/prometheus\/secrets\/([^/]+)\/([^/]+)$/;

/** A part's values in the chart, as settings. */
interface Translated {
  /** Below `monitors.<part>`. */
  settings: Record<string, unknown>;
  /** Why they would not scrape the same. */
  problems: string[];
  /** Values that only change how it is scraped, and have no setting. */
  lost: string[];
}

/** The settings that scrape a part as the chart's values for it do. */
function translated(part: ControlPlanePart, values: Values): Translated {
  const { selector } = controlPlane[part];
  const monitor = (key: string) => at(values, `serviceMonitor.${key}`);
  const endpoints = at(values, "endpoints");
  const listed = Array.isArray(endpoints) && endpoints.length > 0;
  const own = at(values, "service.selector");
  const wanted = isMap<unknown>(own) && Object.keys(own).length > 0 ? own : selector;
  const port = listed
    ? textAt(values, "service.port")
    : (textAt(values, "service.targetPort") ?? textAt(values, "service.port"));
  const usual = { scheduler: "10259", controllerManager: "10257", proxy: "10249", etcd: "2381" }[part];
  const { settings, problems } = tls(part, monitor);
  return {
    settings: {
      ...(listed ? { endpoints } : { selector: wanted }),
      ...(port && port !== usual && { port: Number(port) }),
      ...settings,
    },
    problems: [
      ...problems,
      ...(port && !/^\d+$/.test(port) ? [`its port is given by name, ${port}`] : []),
      ...(given(monitor("selector")) ? ["its ServiceMonitor selects another Service"] : []),
    ],
    lost: [
      ...(given(at(values, "jobNameOverride")) ? ["jobNameOverride"] : []),
      ...["interval", "proxyUrl", "relabelings", "metricRelabelings", "targetLabels", "resource.enabled"]
        .filter((key) => given(monitor(key)))
        .map((key) => `serviceMonitor.${key}`),
    ],
  };
}

const given = (value: unknown): boolean =>
  isMap<unknown>(value) || Array.isArray(value) ? Object.keys(value).length > 0 : Boolean(value);

function tls(part: ControlPlanePart, monitor: (key: string) => unknown) {
  const settings: Record<string, unknown> = {};
  const problems: string[] = [];
  const serverName = monitor("serverName") || undefined;
  switch (part) {
    case "scheduler":
    case "controllerManager":
      if (monitor("https") === false)
        problems.push("it is scraped by plain HTTP, which no supported Kubernetes serves");
      if (monitor("insecureSkipVerify") === false)
        Object.assign(settings, { insecureSkipVerify: false, ...(serverName ? { serverName } : {}) });
      break;
    case "proxy":
      if (monitor("https") === true) problems.push("it is scraped by TLS, which kube-proxy doesn't support");
      break;
    case "etcd": {
      if (monitor("scheme") !== "https") break;
      const insecureSkipVerify = monitor("insecureSkipVerify") === true;
      const files = ["caFile", "certFile", "keyFile"].map((key) => secretFile.exec(String(monitor(key) ?? "")));
      const [ca, certificate, key] = files.map((match) => match?.[2]);
      const names = new Set(files.flatMap((match) => match?.[1] ?? []));
      if (names.size !== 1 || !certificate || !key || !(ca || insecureSkipVerify))
        problems.push("its certificates are not all from one Secret");
      const [name] = names;
      Object.assign(settings, {
        https: true,
        ...(insecureSkipVerify && { insecureSkipVerify }),
        ...(serverName ? { serverName } : {}),
        clientSecret: { name, ...(ca && { ca }), certificate, key },
      });
    }
  }
  return { settings, problems };
}
