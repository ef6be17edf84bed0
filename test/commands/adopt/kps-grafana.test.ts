import assert from "node:assert/strict";
import { checkSettings } from "../../../settings/check";
import { stopAll } from "../preflight/stand-ins";
import { helmRelease, secret } from "./cluster";
import { look, said, today } from "./look";

/** The chart's own values, as far as they count here. */
const chart = {
  name: "kube-prometheus-stack",
  version: "88.5.3",
  values: {
    grafana: {
      enabled: true,
      sidecar: {
        dashboards: { label: "grafana_dashboard", labelValue: "1", searchNamespace: "ALL" },
        datasources: { label: "grafana_datasource", labelValue: "1" },
      },
    },
    prometheus: { prometheusSpec: { retention: "10d", replicas: 1 } },
  },
};

const hidden = "hunter2hunter2";
const adopted = (grafana: object, more: ReturnType<typeof secret>[] = []) =>
  look([helmRelease("kps", chart, { config: { grafana } }), ...more]);

const oauth = {
  enabled: true,
  name: "Authelia",
  client_id: "grafana",
  client_secret: hidden,
  scopes: "openid profile groups",
  auth_url: "https://id.example.org/auth",
  token_url: "https://id.example.org/token",
  role_attribute_path: "contains(groups[*], 'admins') && 'Admin' || 'Viewer'",
  tls_skip_verify_insecure: true,
};

describe("adopting the Grafana of kube-prometheus-stack", () => {
  after(stopAll);

  it("takes over nothing of a release that has the chart's defaults: the stack's are the same", async () => {
    const { settings } = await adopted({});
    assert.equal(settings.grafana, undefined);
  });

  it("takes over its login, and asks for the client's secret, which is printed nowhere", async () => {
    const found = await adopted({ "grafana.ini": { "auth.generic_oauth": oauth } });
    assert.deepEqual(found.settings.grafana.oauth, {
      name: "Authelia",
      clientId: "grafana",
      authUrl: "https://id.example.org/auth",
      tokenUrl: "https://id.example.org/token",
      scopes: ["openid", "profile", "groups"],
      roleAttributePath: oauth.role_attribute_path,
      usePkce: false,
    });
    assert.deepEqual(found.settings.grafana.settings, { "auth.generic_oauth": { tls_skip_verify_insecure: true } });
    const open = Object.fromEntries(Object.entries(oauth).filter(([key]) => key !== "client_secret"));
    const { values } = found.settings.adopt.kps as { values: object };
    assert.deepEqual(values, { grafana: { "grafana.ini": { "auth.generic_oauth": open } } });
    assert.match(said(found), /secretValues\.grafanaOauth\.clientSecret/);
    assert.doesNotMatch(found.text + JSON.stringify(found.questions), new RegExp(hidden));
    const given = { grafanaOauth: { clientSecret: "the-secret-of-the-client" } };
    assert.deepEqual(checkSettings({ ...found.settings, secretValues: given }, { now: today }).problems, []);
  });

  it("takes over mail, anonymous readers and the rest of grafana.ini, without secrets and without what is the chart's", async () => {
    const found = await adopted({
      "grafana.ini": {
        paths: { data: "/var/lib/grafana/" },
        server: { domain: "grafana.example.org", root_url: "https://grafana.example.org" },
        "auth.anonymous": { enabled: true, org_role: "Viewer" },
        smtp: { enabled: true, host: "smtp.example.org:587", from_address: "g@example.org", password: hidden },
        users: { default_theme: "light", viewers_can_edit: true },
        "auth.github": { enabled: true, client_id: "$__file{/etc/secrets/id}", client_secret: hidden },
      },
    });
    const { anonymous, smtp, settings } = found.settings.grafana as Record<string, object>;
    assert.equal(anonymous, true);
    assert.deepEqual(smtp, { host: "smtp.example.org:587", from: "g@example.org", startTls: "opportunistic" });
    assert.deepEqual(settings, {
      server: { root_url: "https://grafana.example.org" },
      users: { default_theme: "light", viewers_can_edit: true },
      "auth.github": { enabled: true },
    });
    assert.match(said(found), /left out: auth\.github\.client_id, auth\.github\.client_secret/);
    assert.doesNotMatch(found.text, new RegExp(hidden));
  });

  it("takes over plugins with an exact version, and asks about the others", async () => {
    const found = await adopted({
      plugins: [
        "grafana-clock-panel 2.1.8",
        "volkovlabs-form-panel@4.0.0",
        "grafana-piechart-panel",
        "https://a/b.zip;b",
      ],
    });
    assert.deepEqual(found.settings.grafana.plugins, [
      { id: "grafana-clock-panel", version: "2.1.8" },
      { id: "volkovlabs-form-panel", version: "4.0.0" },
    ]);
    assert.match(said(found), /its plugins grafana-piechart-panel, https:\/\/a\/b\.zip;b have no exact version/);
  });

  it("takes over data sources, without their secrets", async () => {
    const tempo = {
      name: "Tempo",
      uid: "tempo",
      type: "tempo",
      url: "http://tempo:3200",
      access: "proxy",
      editable: true,
    };
    const influx = {
      ...{ name: "Influx DB", type: "influxdb", url: "http://influx:8086", isDefault: true },
      secureJsonData: { token: hidden },
    };
    const found = await adopted({
      additionalDataSources: [tempo, influx, { name: "{{ .Release.Name }}", type: "loki" }],
    });
    assert.deepEqual(found.settings.grafana.dataSources, [
      { name: "Tempo", uid: "tempo", type: "tempo", url: "http://tempo:3200", access: "proxy" },
      { name: "Influx DB", uid: "influx-db", type: "influxdb", url: "http://influx:8086" },
    ]);
    assert.match(said(found), /Influx DB has secrets \(token\); has no uid: .+; is the default/);
    assert.match(said(found), /is a template of Helm's/);
    assert.doesNotMatch(found.text, new RegExp(hidden));
  });

  it("looks where its sidecar looked", async () => {
    const labelled = secret("influx", { "influx.yaml": "" }, { namespace: "shop", labels: { sources: "yes" } });
    const found = await adopted(
      {
        sidecar: {
          dashboards: {
            label: "boards",
            labelValue: "yes",
            folderAnnotation: "folder",
            searchNamespace: ["shop", "kps"],
          },
          datasources: { label: "sources", labelValue: "yes" },
        },
      },
      [labelled],
    );
    assert.deepEqual(found.settings.grafana, {
      dashboardLabel: "boards",
      dataSourceLabel: "sources",
      labelValue: "yes",
      sidecar: { folderAnnotation: "folder", namespaces: ["shop", "kps"], secrets: true },
    });
  });

  it("takes any value of the label where its sidecars do, or want two", async () => {
    const values = (dashboards: string, datasources: string) => ({
      sidecar: { dashboards: { labelValue: dashboards }, datasources: { labelValue: datasources } },
    });
    assert.equal((await adopted(values("", ""))).settings.grafana.labelValue, "");
    assert.equal((await adopted(values("1", "true"))).settings.grafana.labelValue, "");
    assert.equal((await adopted(values("1", "1"))).settings.grafana, undefined);
  });

  it("looks into Secrets where one has a dashboard", async () => {
    const labelled = secret("boards", { "a.json": "" }, { namespace: "shop", labels: { grafana_dashboard: "1" } });
    const found = await adopted({ sidecar: { dashboards: {} } }, [labelled]);
    assert.deepEqual(found.settings.grafana, { sidecar: { secrets: true } });
  });

  it("names what its values put into its pod: dashboards, files, variables", async () => {
    const found = await adopted({
      dashboards: { default: { "node-exporter-full": { gnetId: 1860, revision: 37 }, own: { json: "{}" } } },
      dashboardsConfigMaps: { default: "boards" },
      datasources: {
        "more.yaml": { apiVersion: 1, datasources: [{ name: "Tempo", uid: "t", type: "tempo", url: "http://t" }] },
      },
      env: { GF_SECRET: hidden },
      alerting: { "rules.yaml": { groups: [] } },
      extraSecretMounts: [],
    });
    assert.deepEqual(found.settings.grafana.dataSources, [{ name: "Tempo", uid: "t", type: "tempo", url: "http://t" }]);
    assert.match(said(found), /default\/node-exporter-full, default\/own → .* --provisioned/);
    assert.match(said(found), /\(grafana\.dashboardsConfigMaps\): boards → /);
    assert.match(said(found), /end with it: alerting \(rules\.yaml\), env \(GF_SECRET\) → /);
    assert.doesNotMatch(found.text + JSON.stringify(found.questions), new RegExp(hidden));
  });

  it("asks when its Ingress or route moves, because two can't have one host", async () => {
    const ingress = {
      ...{ enabled: true, ingressClassName: "nginx", hosts: ["g.example.org"] },
      tls: [{ secretName: "g-tls", hosts: ["g.example.org"] }],
    };
    const route = { main: { enabled: true, parentRefs: [{ name: "home" }], hostnames: ["g.example.org"] } };
    const found = await adopted({ ingress, route });
    assert.equal(found.settings.grafana, undefined);
    const offered = found.questions.flatMap(({ settings }) => settings ?? []);
    assert.deepEqual(offered, [
      { grafana: { ingress: { host: "g.example.org", className: "nginx", tlsSecret: "g-tls" } } },
      { grafana: { route: { parentRefs: [{ name: "home" }], hostnames: ["g.example.org"] } } },
    ]);
  });
});
