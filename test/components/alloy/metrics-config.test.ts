import assert from "node:assert/strict";
import {
  alloyMetricsConfig,
  alloyRule,
  alloyRulesConfig,
  metricsPipeline,
  rulesOff,
  rulesPipeline,
  targetRules,
} from "../../../components/alloy/metrics-config";
import type { Block } from "../../../components/alloy/syntax";
import { labels } from "../../../components/kubernetes/labels";
import { baseTargets, type BaseTarget, type BaseTargetsArgs } from "../../../components/monitors/targets";
import { settingsSchema, type ParsedSettings } from "../../../settings/schema";
import { stackSettings } from "../../settings/support";
import { find, golden, undocumented } from "./pipeline";
import { relabel } from "./relabel";
import { found, type FoundTarget } from "./targets";

/** What both configurations of a stack are made of. */
const args = (settings: ParsedSettings, monitored: Partial<BaseTargetsArgs> = {}) => ({
  settings: settings.metrics,
  namespace: settings.namespace.name,
  cluster: settings.cluster.name,
  pushUrl: "http://mimir.monitoring.svc.cluster.local:9009/api/v1/push",
  rulerUrl: "http://mimir.monitoring.svc.cluster.local:9009",
  targets: baseTargets({
    settings: settings.monitors,
    dropApiserverHistograms: settings.kps.dropApiserverHistograms,
    ...monitored,
  }),
  scrapeInterval: settings.kps.scrapeInterval,
});

const home = settingsSchema.parse({
  cluster: { name: "home" },
  monitors: {
    scheduler: { selector: { component: "kube-scheduler" } },
    controllerManager: { endpoints: ["10.0.0.1"], insecureSkipVerify: false, serverName: "controllers" },
    proxy: { selector: { "k8s-app": "kube-proxy" } },
    etcd: { endpoints: ["10.0.0.1", "10.0.0.2"] },
  },
});
const defaults = args(home);
/** Rules of two namespaces apart from the others'. */
const apart = { ...defaults, settings: { ...home.metrics, ruleNamespaces: ["shop-1", "books"] } };
const onTheWeb: BaseTarget = {
  name: "object-store",
  job: "object-store",
  discovery: { role: "Static", addresses: ["s3.example.org"] },
  tls: {},
  scrapeInterval: "1m",
  path: "/metrics",
  relabelings: [],
  metricRelabelings: [],
};

const names = (blocks: readonly Block[]) => blocks.map(({ name, label }) => `${name}.${label}`);

describe("Alloy's configuration for metrics", () => {
  describe("of the stacks", () => {
    for (const stack of ["staging", "production", "sandbox"]) {
      const settings = settingsSchema.parse(stackSettings(stack));
      for (const [name, text] of Object.entries({
        "rules.alloy": alloyRulesConfig(args(settings)),
        "metrics.alloy": alloyMetricsConfig(args(settings)),
      })) {
        it(`of ${stack} is golden/${name}, with its cluster's name`, () =>
          assert.equal(text, golden(name, text, stack)));
      }
    }
  });

  describe("names only what Alloy 1.18 documents as generally available", () => {
    const variants = {
      everything: metricsPipeline(defaults),
      "half of the API server's histograms": metricsPipeline(args(home, { dropApiserverHistograms: false })),
      "no cluster, and a target on the web": metricsPipeline({ ...defaults, cluster: undefined, targets: [onTheWeb] }),
      rules: rulesPipeline(apart),
    };
    for (const [what, blocks] of Object.entries(variants)) {
      it(`with ${what}`, () => assert.deepEqual(undocumented(blocks), []));
    }
  });

  describe("of rules", () => {
    /** The components that keep a PrometheusRule with these labels, in a namespace. */
    const keepers = (labels: Record<string, string>, namespace = "home", args = defaults) => {
      const of: Record<string, Record<string, string>> = {
        rule_selector: labels,
        rule_namespace_selector: { "kubernetes.io/metadata.name": namespace },
      };
      return rulesPipeline(args)
        .filter(({ blocks }) =>
          blocks.every(({ name, blocks: expressions }) =>
            expressions.every(({ attributes: { key, operator, values } }) => {
              const matches = (values as string[]).includes(of[name][key as string]);
              return operator === "In" ? matches : !matches;
            }),
          ),
        )
        .map(({ label }) => label);
    };
    const own = labels({ name: "rules", component: "mimir" });

    it("keeps each PrometheusRule once: the stack's own apart, so that no other's fault stops them", () => {
      assert.deepEqual(keepers(own), ["stack"]);
      assert.deepEqual(keepers({}), ["cluster"]);
      assert.deepEqual(keepers({ "app.kubernetes.io/part-of": "shop" }), ["cluster"]);
    });

    it("keeps those of a namespace that the settings name apart from all others, and each once", () => {
      assert.deepEqual(keepers({}, "shop-1", apart), ["in_shop_1"]);
      assert.deepEqual(keepers({}, "books", apart), ["in_books"]);
      assert.deepEqual(keepers({}, "home", apart), ["cluster"]);
      assert.deepEqual(keepers(own, "books", apart), ["stack"]);
    });

    it("leaves out the one that somebody labels so", () => {
      const off = { [rulesOff.key]: rulesOff.value };
      assert.deepEqual(keepers(off), []);
      assert.deepEqual(keepers(off, "books", apart), []);
      assert.deepEqual(keepers({ ...own, ...off }), []);
    });

    it("has a prefix for each that no other namespace's stack can have, and that no setting changes", () => {
      const prefixes = (args: typeof defaults) =>
        rulesPipeline(args).map(({ attributes }) => attributes.mimir_namespace_prefix);
      assert.deepEqual(prefixes(defaults), ["monitoring.stack", "monitoring.cluster"]);
      assert.deepEqual(prefixes(apart), [
        "monitoring.stack",
        "monitoring.in.books",
        "monitoring.in.shop-1",
        "monitoring.cluster",
      ]);
    });

    it("labels them as the series are labelled, and not where the stack has no cluster", () => {
      const given = (cluster?: string) =>
        [...rulesPipeline({ ...defaults, cluster }), ...metricsPipeline({ ...defaults, cluster })]
          .filter(({ attributes }) => "external_labels" in attributes)
          .map(({ attributes }) => attributes.external_labels);
      assert.deepEqual(given("home"), [{ cluster: "home" }, { cluster: "home" }, { cluster: "home" }]);
      assert.deepEqual(given(), [undefined, undefined, undefined]);
    });
  });

  describe("of base targets", () => {
    const { targets } = defaults;

    for (const { what, of, meta, labels } of found) {
      it(labels ? `labels ${what} as Prometheus does` : `leaves out ${what}`, () => {
        const target = targets.find(({ name }) => name === of)!;
        const result = relabel(meta, targetRules(target));
        assert.deepEqual(result && scraped(result), labels);
      });
    }

    it("has a case for each", () => {
      assert.deepEqual([...new Set(found.map(({ of }) => of))].sort(), targets.map(({ name }) => name).sort());
    });

    it("drops no series that says how the scrape went: in Prometheus those are not relabelled", () => {
      for (const target of targets) {
        for (const name of ["up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_series_added"]) {
          const series = { __name__: name, job: target.job, instance: "10.0.0.7:10250", namespace: "kube-system" };
          assert.deepEqual(relabel(series, target.metricRelabelings.map(alloyRule)), series, `${target.name}: ${name}`);
        }
      }
    });

    it("lists and watches nodes once, whatever is scraped of them", () => {
      const discoveries = metricsPipeline(defaults).filter(({ name }) => name === "discovery.kubernetes");
      assert.deepEqual(names(discoveries), [
        "discovery.kubernetes.kubelet",
        "discovery.kubernetes.apiserver",
        "discovery.kubernetes.coredns",
        "discovery.kubernetes.kube_scheduler",
        "discovery.kubernetes.kube_proxy",
      ]);
    });

    it("asks the control plane as a Prometheus with that ScrapeConfig does: token, CA, client's certificate", () => {
      const asked = (label: string, monitors: object) => {
        const { monitors: settings } = settingsSchema.parse({ monitors });
        const blocks = metricsPipeline(args(home, { settings }));
        const { attributes, blocks: parts } = blocks.find(
          (each) => each.name === "prometheus.scrape" && each.label === label,
        )!;
        const { scheme, bearer_token_file } = attributes;
        const known = Object.entries(parts[0]?.attributes ?? {}).filter(([, value]) => value !== undefined);
        return { scheme, bearer_token_file, ...Object.fromEntries(known) };
      };
      const account = "/var/run/secrets/kubernetes.io/serviceaccount";
      const endpoints = ["10.0.0.1"];
      const withToken = { scheme: "https", bearer_token_file: `${account}/token` };
      const plain = { scheme: undefined, bearer_token_file: undefined };
      assert.deepEqual(asked("kube_scheduler", { scheduler: { endpoints } }), {
        ...withToken,
        insecure_skip_verify: true,
      });
      assert.deepEqual(asked("kube_scheduler", { scheduler: { endpoints, insecureSkipVerify: false } }), {
        ...withToken,
        ca_file: `${account}/ca.crt`,
      });
      assert.deepEqual(asked("kube_proxy", { proxy: { endpoints } }), plain);
      const clientSecret = { name: "etcd-client" };
      const folder = "/etc/alloy-secrets/etcd-client";
      assert.deepEqual(asked("etcd", { etcd: { endpoints, https: true, clientSecret } }), {
        ...{ scheme: "https", bearer_token_file: undefined, ca_file: `${folder}/ca.crt` },
        ...{ cert_file: `${folder}/tls.crt`, key_file: `${folder}/tls.key` },
      });
    });

    it("shows its token to nothing on the web, and verifies it as on the web", () => {
      const scrape = find(metricsPipeline({ ...defaults, targets: [onTheWeb] }), "prometheus.scrape");
      assert.equal(scrape.attributes.scheme, "https");
      assert.equal(scrape.attributes.bearer_token_file, undefined);
      assert.deepEqual(scrape.blocks, []);
    });

    it("takes the interval of a target that has its own", () => {
      const scrape = find(metricsPipeline({ ...defaults, targets: [onTheWeb] }), "prometheus.scrape");
      assert.deepEqual([scrape.attributes.scrape_interval, scrape.attributes.scrape_timeout], ["60s", "10s"]);
    });

    it("never waits longer for an answer than until the next scrape", () => {
      const timeouts = (scrapeInterval: string) =>
        metricsPipeline({ ...defaults, scrapeInterval }).flatMap(({ attributes, blocks }) => [
          ...(attributes.scrape_timeout ? [attributes.scrape_timeout] : []),
          ...blocks.flatMap(({ attributes }) => attributes.default_scrape_timeout ?? []),
        ]);
      assert.deepEqual([...new Set(timeouts("5s"))], ["5s"]);
      assert.deepEqual([...new Set(timeouts("1m"))], ["10s"]);
    });
  });

  describe("of remote_write", () => {
    const log = (mimirOutage: string) => {
      const { blocks } = find(
        metricsPipeline({ ...defaults, settings: { ...defaults.settings, mimirOutage } }),
        "prometheus.remote_write",
      );
      return find(blocks, "wal").attributes;
    };

    it("keeps at least as much as the outage that is to be survived, half a period, in durations that Go reads", () => {
      assert.deepEqual(log("4h"), { truncate_frequency: "28800s", max_keepalive_time: "28800s" });
      assert.deepEqual(log("1d"), { truncate_frequency: "172800s", max_keepalive_time: "172800s" });
    });

    it("keeps longer than Alloy's least, for the shortest outage that the settings take", () => {
      assert.throws(() => settingsSchema.parse({ metrics: { mimirOutage: "9m" } }), /shorter than 10 minutes/);
      assert.equal(log("10m").max_keepalive_time, "1200s"); // min_keepalive_time is 5m
    });
  });
});

/** What of a target's labels its series get, and the address, path and scheme that it is scraped at. */
function scraped(labels: Record<string, string>): FoundTarget["labels"] {
  const { __address__, __metrics_path__, __scheme__, instance = __address__, ...others } = labels;
  const visible = Object.entries(others).filter(([name]) => !name.startsWith("__"));
  return { ...Object.fromEntries(visible), instance, url: `${__scheme__}://${__address__}${__metrics_path__}` };
}
