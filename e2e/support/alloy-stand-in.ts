import { isDeepStrictEqual } from "node:util";
import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { parse, stringify } from "yaml";
import { image } from "../../components/images";
import type { RuleGroup } from "../../components/rules/types";
import type { KubernetesObject } from "../../offline/objects";
import { notRunReason, type Unavailable } from "../../sandbox/apply";
import { testCluster, type ApiProxy } from "./cluster";

/**
 * Stands in for Alloy where it can't be had, in the two things that it does for metrics. What it proves is the order of
 * things: that rules and scraping have somebody at every moment of a transition. That Alloy itself does both is not shown by it.
 *
 * - Rules: {@link RuleSync} copies the PrometheusRules of one namespace to Mimir's ruler for as long as the Deployment `alloy-rules` has a ready pod.
 * - Scraping: the StatefulSet `alloy-metrics` runs a Prometheus in agent mode in Alloy's place, with the rights and the volume that the stack gives to
 *   Alloy, and the configuration of targets that prometheus-operator made while kube-prometheus-stack was there.
 */

/** ConfigMap with the configuration of the stand-in that scrapes. */
const configMap = "alloy-stand-in";
const configFile = "prometheus.yaml";

/** The workloads whose image is Alloy's and that the stand-in takes the place of. */
const stoodInFor = ["alloy-rules", "alloy-metrics"];

/**
 * Puts the stand-in in Alloy's place, where Alloy can't be had.
 * @param object any object of the stack; all but the two workloads come back as they are
 * @param unavailable image references that can't be had
 */
export function standIn(object: KubernetesObject, unavailable: Unavailable): KubernetesObject {
  if (!stoodInFor.includes(object.metadata.name) || notRunReason(object, unavailable) === undefined) return object;
  const changed = structuredClone(object) as Workload;
  const { spec } = changed.spec.template;
  const [container] = spec.containers;
  const data = container.volumeMounts.find(({ name }) => name === "data")?.mountPath;
  Object.assign(container, {
    image: image("prometheus"),
    command: ["/bin/prometheus"],
    args: [
      "--agent",
      `--config.file=/stand-in/${changed.metadata.name === "alloy-metrics" ? configFile : "nothing.yaml"}`,
      `--storage.agent.path=${data ?? "/tmp"}/agent`,
      "--web.listen-address=:12345",
    ],
    env: [],
    volumeMounts: [
      ...container.volumeMounts.filter(({ name }) => name !== "tmp"),
      { name: "stand-in", mountPath: "/stand-in" },
      { name: "stand-in-tmp", mountPath: "/tmp" },
    ],
  });
  spec.volumes = [
    ...spec.volumes,
    { name: "stand-in", configMap: { name: configMap } },
    { name: "stand-in-tmp", emptyDir: {} },
  ];
  return changed;
}

interface Workload extends KubernetesObject {
  spec: {
    template: {
      spec: {
        containers: { volumeMounts: { name: string; mountPath: string }[] }[];
        volumes: object[];
      };
    };
  };
}

/**
 * Writes down what the operator's Prometheus scrapes, and where it writes to, for the stand-in.
 * @param namespace where that Prometheus is
 */
export async function rememberTargets(namespace: string): Promise<void> {
  const { kubectl } = await testCluster();
  const secret = "prometheus-kube-prometheus-stack-prometheus";
  const { data } = await kubectl.json<{ data: Record<string, string> }>(["get", "secret", secret, "-n", namespace]);
  const zipped = Buffer.from(data["prometheus.yaml.gz"], "base64");
  // Its config-reloader puts the pod's environment into the file, of which this is all that is in it.
  const text = gunzipSync(zipped).toString("utf8").replaceAll("$(SHARD)", "0");
  const { global, scrape_configs, remote_write } = parse(text) as Record<string, object>;
  await kubectl.apply([
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: configMap, namespace },
      data: {
        [configFile]: stringify({ global: { ...global, rule_query_offset: undefined }, scrape_configs, remote_write }),
        "nothing.yaml": "global: {}\n",
      },
    },
  ]);
}

/** Keeps Mimir's ruler in step with the PrometheusRules of a namespace. */
export class RuleSync {
  private stopped = false;
  private readonly loop: Promise<void>;

  /**
   * Starts at once.
   * @param proxy to the cluster
   * @param namespace of Mimir, the rules and `alloy-rules`
   * @param cluster the label that Alloy adds to each rule
   */
  constructor(
    private readonly proxy: ApiProxy,
    private readonly namespace: string,
    private readonly cluster: string,
  ) {
    this.loop = this.run();
  }

  /** Ends it, after the round that it is in. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      // An error (Mimir restarts, the API server is away) is tried again, as Alloy does.
      await this.round().catch(() => undefined);
      await pause(2000);
    }
  }

  private async round(): Promise<void> {
    const { kubectl } = await testCluster();
    const where = ["-n", this.namespace];
    const jsonpath = "jsonpath={.status.readyReplicas}";
    const ready = await kubectl.run([
      "get",
      "deployment",
      "alloy-rules",
      ...where,
      "--ignore-not-found",
      "-o",
      jsonpath,
    ]);
    if (ready !== "1") return;
    const { items } = await kubectl.json<{ items: PrometheusRule[] }>(["get", "prometheusrules", ...where]);
    const wanted = new Map(
      items.map(({ metadata, spec }) => [metadata.name, spec.groups.map((g) => this.labelled(g))]),
    );
    const there = new Map(Object.entries(await this.there()));
    for (const [name, groups] of wanted) {
      for (const group of groups) {
        const same = there
          .get(name)
          ?.some((one) => one.name === group.name && isDeepStrictEqual(one.rules, group.rules));
        if (!same)
          await this.ruler(`/${name}`, { method: "POST", body: stringify(group, { aliasDuplicateObjects: false }) });
      }
    }
    for (const name of there.keys()) if (!wanted.has(name)) await this.ruler(`/${name}`, { method: "DELETE" });
  }

  private labelled(group: RuleGroup): RuleGroup {
    const rules = group.rules.map((rule) => ({ ...rule, labels: { ...rule.labels, cluster: this.cluster } }));
    return { ...group, rules } as RuleGroup;
  }

  private async there(): Promise<Record<string, RuleGroup[]>> {
    const answer = await this.ruler("", {});
    return (parse(answer) as Record<string, RuleGroup[]> | null) ?? {};
  }

  private async ruler(path: string, init: RequestInit): Promise<string> {
    const target = "services/mimir:9009";
    const answer = await this.proxy.request(this.namespace, target, `/prometheus/config/v1/rules${path}`, init);
    const text = await answer.text();
    if (answer.status === 404 && path === "") return "";
    if (!answer.ok) throw new Error(`Mimir's ruler answered ${answer.status}: ${text}`);
    return text;
  }
}

interface PrometheusRule {
  metadata: { name: string };
  spec: { groups: RuleGroup[] };
}
