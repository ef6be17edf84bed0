import assert from "node:assert/strict";
import { parse } from "yaml";
import { Grafana } from "../../../components/grafana/grafana";
import { labelSelector } from "../../../components/grafana/sidecar";
import { ExistingGrafana } from "../../../components/grafana/existing";
import { dashboard } from "../../../components/grafana/dashboard";
import { dataSources } from "../../../components/grafana/data-sources";
import { image } from "../../../components/images";
import { environment as describeEnvironment } from "../../../components/kubernetes/environment";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled, type Registered } from "../../support/mocks";

const types = {
  statefulSet: "kubernetes:apps/v1:StatefulSet",
  configMap: "kubernetes:core/v1:ConfigMap",
  service: "kubernetes:core/v1:Service",
  ingress: "kubernetes:networking.k8s.io/v1:Ingress",
  route: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
  clusterRole: "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
  role: "kubernetes:rbac.authorization.k8s.io/v1:Role",
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

async function own(grafana: object = {}, { title = "T", admin = secret, values = {} } = {}) {
  const recorded = mockPulumi();
  const secrets = {
    mount: (use: string, _data: unknown, read: readonly string[] = []) =>
      use === "grafanaAdmin"
        ? admin
        : { name: "grafana-config", keys: Object.fromEntries(read.map((key) => [key, key])), version: "v1" },
    generate: () => assert.fail("nothing is generated for a Secret that exists"),
    given: () => assert.fail("nothing is read for a Secret that exists"),
  };
  const { adopt } = settingsSchema.parse({ adopt: { kps: { release: "monitoring/kps", values } } });
  const component = new Grafana(
    "grafana",
    {
      ...shown(grafana, title),
      adopt: adopt.kps,
      images: { grafana: image("grafana"), "k8s-sidecar": image("k8s-sidecar") },
      secrets,
    },
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

/** The files that Grafana sees: path → ConfigMap or Secret and key; a folder that a sidecar fills: path → its volume. */
function files({ spec }: ReturnType<typeof pod>): Record<string, string> {
  const volumes = new Map<string, ReturnType<typeof pod>>(
    spec.volumes.map((each: { name: string }) => [each.name, each]),
  );
  return Object.fromEntries(
    spec.containers[0].volumeMounts.flatMap(
      ({ name, mountPath, subPath }: { name: string; mountPath: string; subPath?: string }) => {
        const { projected, secret, configMap, emptyDir } = volumes.get(name) ?? {};
        if (emptyDir) return name === "tmp" ? [] : [[mountPath, name]];
        const sources =
          projected?.sources ??
          [configMap, secret && { name: secret.secretName, items: secret.items }]
            .filter(Boolean)
            .map((each) => ({ configMap: each }));
        return sources.flatMap(
          ({ configMap }: { configMap: { name: string; items?: { key: string; path: string }[] } }) =>
            (configMap.items ?? [{ key: subPath ?? "*", path: subPath ?? "*" }]).map(({ key, path }) => [
              subPath === undefined ? `${mountPath}/${path}` : mountPath,
              `${configMap.name}/${key}`,
            ]),
        );
      },
    ),
  );
}

const ini = (resources: Registered[]): string => one(resources, types.configMap).data["grafana.ini"];

/** A sidecar, with its variables as an object. */
function sidecar(resources: Registered[], name: string) {
  const container = pod(resources).spec.initContainers.find((each: { name: string }) => each.name === name);
  assert.ok(container, name);
  const env = Object.fromEntries(
    container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  return { ...container, env };
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
      "/tmp/dashboards": "sidecar-dashboards",
      "/etc/grafana/provisioning/datasources": "sidecar-datasources",
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
    for (const { env = [] } of [...pod(resources).spec.containers, ...pod(resources).spec.initContainers]) {
      for (const { name, value, valueFrom } of env) {
        assert.equal(valueFrom, undefined);
        if (/PASSWORD|SECRET|TOKEN/.test(name)) assert.match(value, /^\/etc\/grafana-admin\//);
      }
    }
  });

  it("sets a rotated password before it starts, and starts also where that fails", async () => {
    const { spec } = pod((await own()).resources);
    const [prepare] = spec.initContainers;
    const [, , script] = prepare.command;
    assert.match(script, /^test -s \/var\/lib\/grafana\/grafana\.db \|\| exit 0$/m);
    assert.match(script, /--password-from-stdin < \/etc\/grafana-admin\/admin-password/);
    assert.match(script, /\|\|\n {2}echo .+ >&2\n$/);
    assert.deepEqual(prepare.volumeMounts, spec.containers[0].volumeMounts);
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

  it("runs as its image's user, with a read-only root, and has nothing to write to but its volume, /tmp and the sidecar's folder", async () => {
    const { spec } = pod((await own()).resources);
    const [container] = spec.containers;
    assert.equal(spec.securityContext.runAsUser, 472);
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    assert.deepEqual(
      container.volumeMounts.flatMap((mount: { readOnly?: boolean; mountPath: string }) =>
        mount.readOnly ? [] : mount.mountPath,
      ),
      ["/var/lib/grafana", "/tmp", "/etc/grafana/provisioning/datasources"],
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

  describe("what other applications bring", () => {
    it("is looked for in all namespaces, by the labels that kube-prometheus-stack has", async () => {
      const { resources } = await own();
      const { env, restartPolicy } = sidecar(resources, "sidecar-dashboards");
      assert.equal(restartPolicy, "Always");
      assert.equal(env.NAMESPACE, "ALL");
      assert.equal(env.LABEL, "grafana_dashboard");
      assert.equal(env.LABEL_VALUE, "1");
      assert.equal(env.FOLDER_ANNOTATION, "grafana_folder");
      const { providers } = parse(one(resources, types.configMap).data["dashboards.yaml"]);
      assert.deepEqual(providers[1].options, { path: env.FOLDER, foldersFromFilesStructure: true });
      assert.equal(sidecar(resources, "sidecar-datasources").env.LABEL, "grafana_datasource");
      assert.deepEqual(one(resources, types.clusterRole).rules, [
        { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] },
      ]);
    });

    it("is read by a Role in each of the namespaces that are named, and by no ClusterRole", async () => {
      const { resources } = await own({ sidecar: { namespaces: ["shop", "blog"], secrets: true } });
      assert.equal(sidecar(resources, "sidecar-datasources").env.NAMESPACE, "shop,blog,monitoring");
      assert.equal(sidecar(resources, "sidecar-datasources").env.RESOURCE, "both");
      assert.equal(sidecar(resources, "sidecar-dashboards").env.RESOURCE, "both");
      assert.ok(resources.every(({ type }) => type !== types.clusterRole));
      const roles = resources.filter(({ type }) => type === types.role).map(({ inputs }) => inputs);
      assert.deepEqual(
        roles.map(({ metadata, rules }) => [metadata.namespace, rules[0].resources]),
        [
          ["shop", ["configmaps", "secrets"]],
          ["blog", ["configmaps", "secrets"]],
          ["monitoring", ["configmaps", "secrets"]], // where upstream's dashboards are
        ],
      );
    });

    it("leaves out the data source of a release's own Grafana, which would be a second default", async () => {
      const selector = async (values: object) =>
        sidecar((await own({}, { values })).resources, "sidecar-datasources").env.LABEL_VALUE;
      assert.equal(await selector({}), "1,app!=kube-prometheus-stack-grafana");
      assert.equal(await selector({ nameOverride: "kps" }), "1,app!=kps-grafana");
    });

    it("is found by any value of its label where the settings give none, and without Secrets unless they say so", async () => {
      const { resources } = await own({ labelValue: "" });
      const [boards, sources] = ["dashboards", "datasources"].map((name) => sidecar(resources, `sidecar-${name}`).env);
      assert.deepEqual([boards.LABEL, "LABEL_VALUE" in boards], ["grafana_dashboard", false]);
      assert.deepEqual(
        [sources.LABEL, "LABEL_VALUE" in sources],
        ["grafana_datasource,app!=kube-prometheus-stack-grafana", false],
      );
      assert.deepEqual([boards.RESOURCE, sources.RESOURCE], ["configmap", "configmap"]);
      assert.deepEqual(
        [{ label: "boards" }, { label: "boards", value: "1" }].map(labelSelector),
        ["boards", "boards=1"],
        "what verify and preflight ask for",
      );
    });

    it("is read with a token that Grafana itself doesn't have", async () => {
      const { spec } = pod((await own()).resources);
      assert.equal(spec.automountServiceAccountToken, false);
      const withToken = [...spec.initContainers, ...spec.containers]
        .filter(({ volumeMounts }) => volumeMounts.some(({ name }: { name: string }) => name === "sidecar-access"))
        .map(({ name }) => name);
      assert.deepEqual(withToken, ["sidecar-dashboards", "sidecar-datasources"]);
    });

    it("is nothing, and needs no permission, where the sidecar is off", async () => {
      const { resources } = await own({ sidecar: { enabled: false } });
      const { spec } = pod(resources);
      assert.deepEqual(
        spec.initContainers.map(({ name }: { name: string }) => name),
        ["prepare"],
      );
      assert.ok(resources.every(({ type }) => type !== types.clusterRole && type !== types.role));
      assert.equal(parse(one(resources, types.configMap).data["dashboards.yaml"]).providers.length, 1);
    });
  });

  describe("login, mail and plugins", () => {
    const oauth = {
      clientId: "grafana",
      authUrl: "https://id.example.org/auth",
      tokenUrl: "https://id.example.org/token",
    };

    it("logs in by OpenID Connect, with a client secret that is a file", async () => {
      const { resources } = await own({ oauth });
      assert.match(ini(resources), /^\[auth\.generic_oauth\]\nenabled = true$/m);
      assert.match(ini(resources), /^client_secret = \$__file\{\/etc\/grafana-config\/oauth-client-secret\}$/m);
      assert.match(ini(resources), /^skip_org_role_sync = true$/m);
      const template = pod(resources);
      assert.equal(files(template)["/etc/grafana-config/oauth-client-secret"], "grafana-config/oauth-client-secret");
      assert.equal(files(template)["/etc/grafana-config/smtp-password"], undefined);
      assert.equal(template.metadata.annotations["checksum/grafana-config"], "v1");
    });

    /** What Grafana makes of a person's ID token and UserInfo: the first text that the path gives, else the default role. */
    const roleOf = async (text: string, ...claims: object[]) => {
      const { search } = await import("@jmespath-community/jmespath");
      const [, path] = /^role_attribute_path = `?(.+?)`?$/m.exec(text) ?? assert.fail(text);
      const given = claims.map((each) => search(each as never, path)).find((role) => typeof role === "string");
      return given ?? /^auto_assign_org_role = (.+)$/m.exec(text)?.[1];
    };

    it("gives roles by group", async () => {
      const roles = { claim: "realm.groups", admin: ["ops", "it's me"], editor: ["dev"] };
      const text = ini((await own({ oauth: { ...oauth, roles } })).resources);
      const inGroups = (...groups: string[]) => roleOf(text, { realm: { groups } });
      assert.equal(await inGroups("dev", "ops"), "Admin");
      assert.equal(await inGroups("it's me"), "Admin");
      assert.equal(await inGroups("a", "dev"), "Editor");
      assert.equal(await inGroups("devs"), "Viewer");
      assert.equal(await roleOf(text, { realm: { groups: "dev" } }), "Editor", "one group that is no list");
      assert.match(text, /^skip_org_role_sync = false$/m);
    });

    it("asks UserInfo for the groups where the ID token has none, and takes no one without groups for more than the others", async () => {
      const roles = { admin: ["ops"], others: "None" };
      const text = ini((await own({ oauth: { ...oauth, roles } })).resources);
      const userInfo = { groups: ["ops"] };
      for (const token of [{}, { groups: null }, { groups: [] }]) {
        assert.equal(await roleOf(text, token, userInfo), "Admin");
        assert.equal(await roleOf(text, token), "None");
      }
      assert.equal(await roleOf(text, { groups: ["dev"] }, userInfo), "None", "the ID token counts");
    });

    it("lets everyone look without a login only where it is said", async () => {
      assert.doesNotMatch(ini((await own()).resources), /auth\.anonymous/);
      assert.match(
        ini((await own({ anonymous: true })).resources),
        /^\[auth\.anonymous\]\nenabled = true\norg_role = Viewer$/m,
      );
    });

    it("sends mail, with a password that is a file", async () => {
      const smtp = { host: "smtp.example.org:587", from: "g@example.org", username: "g" };
      const { resources } = await own({ smtp });
      assert.match(ini(resources), /^password = \$__file\{\/etc\/grafana-config\/smtp-password\}$/m);
      assert.match(ini(resources), /^startTLS_policy = MandatoryStartTLS$/m);
    });

    it("has what grafana.settings says, and not its own value where both say something", async () => {
      const settings = {
        users: { default_theme: "light" },
        security: { cookie_secure: true },
        server: { root_url: "https://a/#b" },
      };
      const { resources } = await own({ settings });
      assert.match(ini(resources), /^\[users\]\ndefault_theme = light$/m);
      assert.match(ini(resources), /^cookie_secure = true$/m);
      assert.doesNotMatch(ini(resources), /^cookie_secure = false$/m);
      assert.match(ini(resources), /^root_url = `https:\/\/a\/#b`$/m);
      assert.match(ini(resources), /^admin_user = /m);
    });

    it("has data sources of one's own, whose secrets are files", async () => {
      const tempo = {
        ...{ name: "Tempo", uid: "tempo", type: "tempo", url: "http://tempo:3200" },
        secureJsonData: { basicAuthPassword: "$__file{/etc/grafana-secrets/tempo/password}" },
      };
      const { resources } = await own({ dataSources: [tempo], secretMounts: ["tempo"] });
      const file = parse(one(resources, types.configMap, "grafana-datasources").data["datasources.yaml"]);
      const found = file.datasources.find(({ uid }: { uid: string }) => uid === "tempo");
      assert.deepEqual(found.secureJsonData, tempo.secureJsonData);
      assert.equal(found.isDefault, false);
      assert.equal(files(pod(resources))["/etc/grafana-secrets/tempo/*"], "tempo/*");
    });
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

    it("is a route of the Gateway API where one is set", async () => {
      const route = { parentRefs: [{ name: "home", namespace: "gateway" }], hostnames: ["grafana.example.org"] };
      const { resources, component } = await own({ route });
      const { spec } = one(resources, types.route);
      assert.deepEqual(spec.parentRefs, route.parentRefs);
      assert.deepEqual(spec.hostnames, route.hostnames);
      const service = one(resources, types.service);
      assert.deepEqual(spec.rules[0].backendRefs, [{ name: service.metadata.name, port: service.spec.ports[0].port }]);
      assert.match(ini(resources), /^root_url = https:\/\/grafana\.example\.org\/$/m);
      assert.match(component.access, /^https:\/\/grafana\.example\.org;/);
      const plain = await own({ route: { ...route, https: false } });
      assert.match(ini(plain.resources), /^root_url = http:\/\/grafana\.example\.org\/$/m);
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
