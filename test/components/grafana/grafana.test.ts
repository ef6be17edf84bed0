import assert from "node:assert/strict";
import { parse } from "yaml";
import { Grafana } from "../../../components/grafana/grafana";
import { ExistingGrafana } from "../../../components/grafana/existing";
import { dashboard } from "../../../components/grafana/dashboard";
import { dataSources } from "../../../components/grafana/data-sources";
import { image } from "../../../components/images";
import { environment as describeEnvironment } from "../../../components/kubernetes/environment";
import { settingsSchema } from "../../../config/schema";
import { mockPulumi, settled, type Registered } from "../../support/mocks";

const types = {
  statefulSet: "kubernetes:apps/v1:StatefulSet",
  configMap: "kubernetes:core/v1:ConfigMap",
  service: "kubernetes:core/v1:Service",
  ingress: "kubernetes:networking.k8s.io/v1:Ingress",
  monitor: "kubernetes:monitoring.coreos.com/v1:ServiceMonitor",
};

function shown(grafana: object, title = "T") {
  const settings = settingsSchema.parse({ grafana });
  return {
    environment: describeEnvironment(settings),
    settings: settings.grafana,
    dataSources: dataSources({
      default: "prometheus",
      loki: "http://loki",
      prometheus: "http://prometheus:9090",
      alertmanager: "http://alertmanager:9093",
      scrapeInterval: "30s",
    }),
    dashboards: [dashboard({ uid: "nodes", title, description: "D", rows: {} })],
  };
}

const secret = {
  name: "grafana-admin",
  keys: { "admin-user": "admin-user", "admin-password": "admin-password" },
  version: "v1",
};

async function own(grafana: object = {}, { title = "T", admin = secret } = {}) {
  const recorded = mockPulumi();
  const secrets = { mount: () => admin, generate: () => assert.fail("nothing is generated for a Secret that exists") };
  const component = new Grafana(
    "grafana",
    { ...shown(grafana, title), images: { grafana: image("grafana") }, secrets },
    {},
  );
  await settled();
  return { component, resources: recorded.resources };
}

async function existing(grafana: object = {}): Promise<Registered[]> {
  const recorded = mockPulumi();
  new ExistingGrafana("grafana", shown({ create: false, ...grafana }), {});
  await settled();
  return recorded.resources;
}

function one(resources: Registered[], type: string, name = "grafana") {
  const found = resources.filter((each) => each.type === type && each.name === name);
  assert.equal(found.length, 1, `${type} ${name}`);
  return found[0].inputs;
}

const pod = (resources: Registered[]) => one(resources, types.statefulSet).spec.template;

/** The files that a container sees: path → ConfigMap and key, Secret and key. */
function files({ spec }: ReturnType<typeof pod>): Record<string, string> {
  const volumes = new Map<string, ReturnType<typeof pod>>(
    spec.volumes.map((each: { name: string }) => [each.name, each]),
  );
  return Object.fromEntries(
    spec.containers[0].volumeMounts.flatMap(({ name, mountPath }: { name: string; mountPath: string }) => {
      const { projected, secret } = volumes.get(name) ?? {};
      const sources =
        projected?.sources ?? (secret ? [{ configMap: { name: secret.secretName, items: secret.items } }] : []);
      return sources.flatMap(
        ({ configMap }: { configMap: { name: string; items?: { key: string; path: string }[] } }) =>
          (configMap.items ?? [{ key: "*", path: "*" }]).map(({ key, path }) => [
            `${mountPath}/${path}`,
            `${configMap.name}/${key}`,
          ]),
      );
    }),
  );
}

describe("Grafana", () => {
  it("reads its configuration, data sources and dashboards where its image looks for them", async () => {
    const { resources } = await own();
    assert.deepEqual(files(pod(resources)), {
      "/etc/grafana/grafana.ini": "grafana/grafana.ini",
      "/etc/grafana/provisioning/dashboards/dashboards.yaml": "grafana/dashboards.yaml",
      "/etc/grafana/provisioning/datasources/datasources.yaml": "grafana-datasources/datasources.yaml",
      "/etc/grafana-admin/admin-user": "grafana-admin/admin-user",
      "/etc/grafana-admin/admin-password": "grafana-admin/admin-password",
      "/etc/grafana-dashboards/*": "grafana-dashboard-nodes/*",
    });
    const { providers } = parse(one(resources, types.configMap).data["dashboards.yaml"]);
    assert.equal(providers[0].options.path, "/etc/grafana-dashboards");
    const board = JSON.parse(one(resources, types.configMap, "grafana-dashboard-nodes").data["nodes.json"]);
    assert.equal(board.uid, "nodes");
  });

  it("has the administrator's password in no ConfigMap, argument or variable, only as a file of the Secret", async () => {
    const { resources } = await own();
    assert.match(
      one(resources, types.configMap).data["grafana.ini"],
      /^admin_password = \$__file\{\/etc\/grafana-admin\/admin-password\}$/m,
    );
    for (const container of [...pod(resources).spec.containers, ...pod(resources).spec.initContainers]) {
      assert.equal(container.env, undefined);
    }
  });

  it("sets a rotated password before it starts, and starts also where that fails", async () => {
    const { spec } = pod((await own()).resources);
    const [password] = spec.initContainers;
    const [, , script] = password.command;
    assert.match(script, /^test -s \/var\/lib\/grafana\/grafana\.db \|\| exit 0$/m);
    assert.match(script, /--password-from-stdin < \/etc\/grafana-admin\/admin-password/);
    assert.match(script, /\|\|\n {2}echo .+ >&2\n$/);
    assert.deepEqual(password.volumeMounts, spec.containers[0].volumeMounts);
  });

  it("reads the keys of a Secret that exists under the names that it has there", async () => {
    const admin = { name: "my-login", keys: { "admin-user": "name", "admin-password": "pass.word" }, version: "" };
    const { resources, component } = await own({}, { admin });
    const seen = files(pod(resources));
    assert.equal(seen["/etc/grafana-admin/admin-password"], "my-login/pass.word");
    assert.match(component.access, /get secret my-login -o jsonpath='\{\.data\.pass\\\.word\}'/);
  });

  it("restarts when data sources, configuration or password change, and not when a dashboard does", async () => {
    const annotations = async (...args: Parameters<typeof own>) =>
      pod((await own(...args)).resources).metadata.annotations;
    const before = await annotations();
    assert.deepEqual(await annotations({}, { title: "Other" }), before);
    assert.notEqual(
      (await annotations({ ingress: { host: "g.example.org" } }))["checksum/config"],
      before["checksum/config"],
    );
    const rotated = await annotations({}, { admin: { ...secret, version: "v2" } });
    assert.notEqual(rotated["checksum/grafana-admin"], before["checksum/grafana-admin"]);
  });

  it("runs as its image's user, with a read-only root, and writes to its volume and to /tmp alone", async () => {
    const { spec } = pod((await own()).resources);
    const [container] = spec.containers;
    assert.equal(spec.securityContext.runAsUser, 472);
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    assert.deepEqual(
      container.volumeMounts.flatMap((mount: { readOnly?: boolean; mountPath: string }) =>
        mount.readOnly ? [] : mount.mountPath,
      ),
      ["/var/lib/grafana", "/tmp"],
    );
  });

  it("keeps its volume when it goes", async () => {
    const { spec } = one((await own()).resources, types.statefulSet);
    assert.equal(spec.persistentVolumeClaimRetentionPolicy.whenDeleted, "Retain");
    assert.equal(spec.volumeClaimTemplates[0].metadata.name, "data");
  });

  it("does not select the pods of a Grafana of kube-prometheus-stack that is kept beside it", async () => {
    const { spec } = one((await own()).resources, types.service);
    const chart = { "app.kubernetes.io/name": "grafana", "app.kubernetes.io/instance": "kube-prometheus-stack" };
    assert.ok(Object.entries(spec.selector).some(([key, value]) => chart[key as keyof typeof chart] !== value));
  });

  it("asks nobody outside for updates, plugins, pictures or news", async () => {
    const ini = one((await own()).resources, types.configMap).data["grafana.ini"];
    for (const line of [
      "reporting_enabled = false",
      "check_for_updates = false",
      "check_for_plugin_updates = false",
      "preinstall_disabled = true",
      "disable_gravatar = true",
      "news_feed_enabled = false",
      "external_enabled = false",
    ]) {
      assert.match(ini, new RegExp(`^${line}$`, "m"));
    }
  });

  describe("the way in", () => {
    it("is kubectl port-forward without an ingress, and says where the password is", async () => {
      const { resources, component } = await own();
      assert.equal(resources.filter(({ type }) => type === types.ingress).length, 0);
      assert.match(
        component.access,
        /kubectl -n monitoring port-forward service\/grafana 3000, then http:\/\/localhost:3000/,
      );
      assert.match(component.access, /kubectl -n monitoring get secret grafana-admin/);
    });

    it("is an ingress where one is set, with TLS where it has a certificate", async () => {
      const ingress = {
        host: "grafana.example.org",
        className: "nginx",
        tlsSecret: "grafana-tls",
        annotations: { a: "b" },
      };
      const { resources, component } = await own({ ingress });
      const { spec, metadata } = one(resources, types.ingress);
      assert.deepEqual(spec.tls, [{ hosts: ["grafana.example.org"], secretName: "grafana-tls" }]);
      assert.equal(spec.ingressClassName, "nginx");
      assert.equal(metadata.annotations.a, "b");
      const [{ backend }] = spec.rules[0].http.paths;
      const service = one(resources, types.service);
      assert.equal(backend.service.name, service.metadata.name);
      assert.equal(backend.service.port.name, service.spec.ports[0].name);
      assert.match(
        one(resources, types.configMap).data["grafana.ini"],
        /^root_url = https:\/\/grafana\.example\.org\/$/m,
      );
      assert.match(one(resources, types.configMap).data["grafana.ini"], /^cookie_secure = true$/m);
      assert.match(component.access, /^https:\/\/grafana\.example\.org;/);
    });

    it("is plain http, with a cookie that is sent over it, without a certificate", async () => {
      const { resources } = await own({ ingress: { host: "grafana.lan" } });
      assert.equal(one(resources, types.ingress).spec.tls, undefined);
      assert.match(one(resources, types.configMap).data["grafana.ini"], /^root_url = http:\/\/grafana\.lan\/$/m);
      assert.match(one(resources, types.configMap).data["grafana.ini"], /^cookie_secure = false$/m);
    });
  });
});

describe("A Grafana that exists", () => {
  it("gets the same data sources and dashboards, labelled for its sidecar, and nothing else is made", async () => {
    const resources = await existing({ dashboardLabel: "my_dashboard", dataSourceLabel: "my_datasource" });
    const objects = resources.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.ok(objects.every(({ type }) => type === types.configMap));
    const sources = one(resources, types.configMap, "grafana-datasources");
    assert.equal(sources.metadata.labels.my_datasource, "1");
    assert.deepEqual(
      parse(sources.data["observability-datasources.yaml"]).datasources.map(({ uid }: { uid: string }) => uid),
      ["prometheus", "loki", "alertmanager"],
    );
    const board = one(resources, types.configMap, "grafana-dashboard-nodes");
    assert.equal(board.metadata.labels.my_dashboard, "1");
    assert.equal(board.metadata.labels.my_datasource, undefined);
  });

  it("has no default data source of ours unless `claimDefault` says so", async () => {
    const defaults = async (settings: object) =>
      parse(
        one(await existing(settings), types.configMap, "grafana-datasources").data["observability-datasources.yaml"],
      ).datasources.filter(({ isDefault }: { isDefault: boolean }) => isDefault).length;
    assert.equal(await defaults({}), 0);
    assert.equal(await defaults({ claimDefault: true }), 1);
  });
});
