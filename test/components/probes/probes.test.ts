import assert from "node:assert/strict";
import type { z } from "zod";
import { images } from "../../../components/images";
import { cannotScrape, scrapesDifferently, type MonitoringObject } from "../../../components/alloy/unsupported";
import { environment } from "../../../components/kubernetes/environment";
import { blackboxConfig } from "../../../components/probes/config";
import { Probes } from "../../../components/probes/probes";
import { probeRules } from "../../../components/probes/rules";
import { settingsSchema } from "../../../settings/schema";
import { nameOf } from "../../../settings/sections/probes";
import { mockPulumi, settled } from "../../support/mocks";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs of any resource
type Any = any;
type Raw = NonNullable<z.input<typeof settingsSchema>["probes"]>;

const probesOf = (...probes: Raw) => settingsSchema.parse({ probes }).probes;

const page = { module: "http", url: "https://shop.example.org/health" } as const;
const ping = { module: "icmp", target: "10.0.40.1" } as const;

async function registered(...probes: Raw): Promise<{ objects: Map<string, Any>; component: Probes }> {
  const recorded = mockPulumi();
  const settings = settingsSchema.parse({ probes, namespace: { name: "monitoring" } });
  const args = {
    settings: settings.exporters.blackbox,
    probes: settings.probes,
    images: images({}, "blackbox-exporter"),
  };
  const component = new Probes("probes", { environment: environment(settings), ...args }, {});
  await settled();
  const objects = recorded.resources.filter(({ type }) => type.startsWith("kubernetes:"));
  return {
    component,
    objects: new Map(objects.map(({ type, name, inputs }) => [`${type.split(":").pop()} ${name}`, inputs])),
  };
}

describe("Probes", () => {
  it("are an object each, whose labels, path and time-out both scrapers read alike", async () => {
    const { objects } = await registered(page, { ...ping, name: "router", timeout: "2s" });
    const { spec } = objects.get("Probe probe-router");
    assert.deepEqual(spec, {
      jobName: "probes",
      module: "router",
      interval: "1m",
      scrapeTimeout: "2s",
      prober: { url: "blackbox-exporter.monitoring.svc.cluster.local:9115", scheme: "http", path: "/probe" },
      targets: { staticConfig: { static: ["10.0.40.1"], labels: { probe: "router" } } },
    });
    for (const [name, object] of objects) {
      if (!name.startsWith("Probe ")) continue;
      assert.deepEqual(cannotScrape(object as MonitoringObject), []);
      assert.deepEqual(scrapesDifferently(object as MonitoringObject), []);
    }
  });

  it("name a module that the exporter has, and are asked at a port that it has", async () => {
    const { objects } = await registered(page, ping);
    const modules = objects.get("ConfigMap blackbox-exporter").data["config.yml"] as string;
    for (const [name, { spec }] of objects)
      if (name.startsWith("Probe ")) assert.match(modules, new RegExp(`^  ${spec.module}:$`, "m"));
    assert.equal(objects.get("Service blackbox-exporter").spec.ports[0].port, 9115);
  });

  it("run as nobody without a capability, and set the sysctl for pings only where one pings", async () => {
    const pod = async (...probes: Raw) =>
      (await registered(...probes)).objects.get("Deployment blackbox-exporter").spec.template.spec;
    const pinging = await pod(page, ping);
    const [{ securityContext }] = pinging.containers;
    assert.deepEqual(securityContext.capabilities, { drop: ["ALL"] });
    assert.equal(pinging.securityContext.runAsNonRoot, true);
    const { runAsGroup, sysctls } = pinging.securityContext;
    assert.deepEqual(sysctls, [{ name: "net.ipv4.ping_group_range", value: `${runAsGroup} ${runAsGroup}` }]);
    assert.equal((await pod(page)).securityContext.sysctls, undefined);
  });

  it("have a name by what they ask, if they are given none", () => {
    const names = probesOf(
      page,
      ping,
      { ...ping, name: "router" },
      { module: "tcp", target: "[fd00::7]:445" },
      { module: "dns", target: "10.0.40.1", query: "NAS.example.org" },
    ).map(nameOf);
    assert.deepEqual(names, [
      "http-shop-example-org-health",
      "icmp-10-0-40-1",
      "router",
      "tcp-fd00-7-445",
      "dns-10-0-40-1-53-nas-example-org-a",
    ]);
  });

  it("refuse what no exporter could ask, with the place and what is allowed", () => {
    const wrong: [Raw[number] | object, string][] = [
      [{ module: "http", url: "shop.example.org" }, "url"],
      [{ module: "tcp", target: "10.0.40.10" }, "target"],
      [{ module: "icmp", target: "https://10.0.40.1" }, "target"],
      [{ ...page, interval: "5m" }, "interval"],
      [{ ...page, contains: "(" }, "contains"],
      [{ ...page, status: [] }, "status"],
    ];
    for (const [probe, field] of wrong) {
      const issues = settingsSchema.safeParse({ probes: [probe] }).error?.issues ?? [];
      assert.deepEqual(issues[0]?.path.slice(0, 3), ["probes", 0, field]);
    }
  });

  it("verify a certificate unless they are told otherwise", () => {
    const { modules } = blackboxConfig(probesOf(page, { ...page, name: "own-ca", insecureSkipVerify: true }));
    assert.equal(modules["http-shop-example-org-health"].http?.tls_config, undefined);
    assert.deepEqual(modules["own-ca"].http?.tls_config, { insecure_skip_verify: true });
  });

  it("have an alert for each severity and number of days, and none about certificates where there can be none", () => {
    const alerts = (...raw: Raw) =>
      probeRules(probesOf(...raw)).flatMap(({ rules }) =>
        rules.map((rule) =>
          "alert" in rule ? `${rule.alert} ${rule.labels.severity} ${/probe=~"(.*?)"/.exec(rule.expr)?.[1]}` : "",
        ),
      );
    assert.deepEqual(alerts(ping, { ...ping, name: "printer", severity: "warning" }, { ...ping, name: "nas" }), [
      "ProbeDown critical icmp-10-0-40-1|nas",
      "ProbeDown warning printer",
    ]);
    const tls = { module: "tcp", target: "10.0.40.10:993", tls: true, name: "mail", certificateDays: 3 } as const;
    assert.deepEqual(alerts(page, tls).slice(1), [
      "CertificateExpiresSoon warning http-shop-example-org-health",
      "CertificateExpiresSoon warning mail",
      "CertificateExpired critical http-shop-example-org-health|mail",
    ]);
  });
});
