import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { stringify } from "yaml";
import { translate } from "../commands/adopt/alertmanager-config";
import { integrationsOf } from "../commands/shared/alertmanager-configs";
import { alertmanagerConfig } from "../components/alertmanager/config";
import { kubeconfigPath } from "../lab/cluster/paths";
import { run } from "../lab/cluster/run";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { secret } from "../test/commands/adopt/cluster";
import { testCluster } from "./support/cluster";
import { leaveNamespace, makeNamespace } from "./support/deploy";

// The real operator's configuration of AlertmanagerConfigs, against the settings that `adopt` makes of the same objects.

const namespace = "e2e-amconfigs";
const group = "monitoring.coreos.com";

describe("AlertmanagerConfigs as the operator reads them, and as settings", function () {
  this.timeout(5 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "amconfigs-"));
  let operator: LocalServer | undefined;

  const key = (name: string, key: string) => ({ name, key });
  const is = (name: string, value: string, matchType = "=") => ({ name, value, matchType });
  const webhook = (name: string) => ({ name, webhookConfigs: [{ url: `http://${name}.example.org/` }] });
  const object = (name: string, spec: object) => ({
    ...{ apiVersion: `${group}/v1alpha1`, kind: "AlertmanagerConfig", metadata: { name, namespace } },
    spec,
  });
  const configs = [
    object("a-list", { route: { receiver: "all", groupBy: ["alertname"] }, receivers: [webhook("all")] }),
    object("tree", {
      route: {
        ...{ receiver: "day", matchers: [is("team", "x")], muteTimeIntervals: ["weekend"] },
        routes: [
          { receiver: "night", matchers: [is("severity", "critical")], groupWait: "1s" },
          { receiver: "chat", matchers: [is("app", "a|b", "=~")], continue: true },
          { receiver: "mail", matchers: [is("app", "b")] },
        ],
      },
      receivers: [
        webhook("day"),
        {
          name: "night",
          pushoverConfigs: [{ token: key("receivers", "token"), userKey: key("receivers", "user") }],
          webhookConfigs: [
            { url: "http://night/", httpConfig: { authorization: { credentials: key("receivers", "token") } } },
          ],
        },
        { name: "chat", slackConfigs: [{ apiURL: key("receivers", "url"), channel: "#shop" }] },
        {
          name: "mail",
          emailConfigs: [{ to: "a@example.org", from: "b@example.org", smarthost: "smtp.example.org:587" }],
        },
      ],
      muteTimeIntervals: [
        { name: "weekend", timeIntervals: [{ weekdays: ["saturday"] }, { daysOfMonth: [{ start: 1, end: 2 }] }] },
      ],
      inhibitRules: [{ sourceMatch: [is("alertname", "Down")], targetMatch: [is("severity", "info")], equal: ["app"] }],
    }),
  ];

  before(async () => {
    const { kubectl } = await testCluster();
    await makeNamespace(namespace);
    const listen = `127.0.0.1:${await freePort()}`;
    const env = { KUBECONFIG: process.env.KUBECONFIG ?? kubeconfigPath() };
    const args = [`--web.listen-address=${listen}`, `--namespaces=${namespace}`, "--kubelet-endpoints=false"];
    await kubectl.apply([
      secret("receivers", { token: "t", user: "u", url: "http://slack.example.org/hook" }, { namespace }),
      ...configs,
      {
        ...{ apiVersion: `${group}/v1`, kind: "Alertmanager", metadata: { name: "main", namespace } },
        spec: { replicas: 0, alertmanagerConfigSelector: {} },
      },
    ]);
    operator = await startServer(await hostTool("operator"), args, {
      cwd: folder,
      env,
      ready: `http://${listen}/healthz`,
    });
  });

  after(async () => {
    await operator?.stop();
    await leaveNamespace(namespace);
    rmSync(folder, { recursive: true, force: true });
  });

  it("notify the same receivers of every alert, and both configurations are valid", async () => {
    const { kubectl } = await testCluster();
    const made = await until("the operator has written a configuration with both objects", 240, async () => {
      const text = await kubectl.run(["-n", namespace, "get", "secret", "alertmanager-main-generated", "-o", "json"]);
      const { data } = JSON.parse(text) as { data: Record<string, string> };
      const config = gunzipSync(Buffer.from(data["alertmanager.yaml.gz"], "base64")).toString();
      if (!configs.every(({ metadata }) => config.includes(`${namespace}/${metadata.name}/`))) throw new Error(config);
      return config;
    });
    const translated = configs.map((each) => translate(each, true));
    assert.deepEqual(
      translated.flatMap(({ obstacles }) => obstacles),
      [],
    );
    const { alertmanager } = settingsSchema.parse({
      alertmanager: {
        receivers: Object.assign({}, ...translated.map(({ receivers }) => receivers)),
        routes: translated.flatMap(({ routes }) => routes),
        timeIntervals: Object.assign({}, ...translated.map(({ timeIntervals }) => timeIntervals)),
        inhibitRules: translated.flatMap(({ inhibitRules }) => inhibitRules),
      },
    });
    const files = { operators: made, ours: stringify(alertmanagerConfig(alertmanager)) };
    const amtool = await hostTool("amtool");
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
      assert.match(await run(amtool, ["check-config", join(folder, name)]), /SUCCESS/);
    }

    const names = new Map(
      configs.flatMap((each) =>
        integrationsOf(each).map(({ receiver }): [string, string[]] => [
          `${namespace}/${each.metadata.name}/${receiver}`,
          integrationsOf(each).flatMap((other) => (other.receiver === receiver ? other.name : [])),
        ]),
      ),
    );
    const told = async (file: keyof typeof files, labels: string[]) => {
      const said = await run(amtool, ["config", "routes", "test", `--config.file=${join(folder, file)}`, ...labels]);
      return said
        .trim()
        .split(",")
        .flatMap((name) => names.get(name) ?? [name])
        .sort();
    };
    const seen = new Set<string>();
    for (const where of [namespace, "elsewhere"])
      for (const team of ["x", "y"])
        for (const severity of ["critical", "warning"])
          for (const app of ["a", "b", "c"]) {
            const labels = Object.entries({ namespace: where, team, severity, app }).map((pair) => pair.join("="));
            const [expected, found] = [await told("operators", labels), await told("ours", labels)];
            assert.deepEqual(found, expected, labels.join(" "));
            for (const name of found) seen.add(name);
          }
    // Every receiver was told of something, and so was nobody.
    assert.deepEqual([...seen].sort(), [...[...names.values()].flat(), "null"].sort());
  });
});
