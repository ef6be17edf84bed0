import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import type { SecretValues, Settings } from "../../../settings/schema";
import { Secrets } from "../../../components/secrets/secrets";
import { mockPulumi, valueOf, type MockOptions, type Recorded } from "../../support/mocks";

const environment = { namespace: "monitoring", dnsDomain: "cluster.local", nodeSelector: {}, tolerations: [] };
const configSettings: Settings["secrets"] = { provider: "config", existing: {}, rotation: 0 };
const vault = "vaultvaultvaultvaultvaultv";
const onePasswordSettings: Settings["secrets"] = {
  ...configSettings,
  provider: "onepassword",
  onepassword: { vault, items: { pushover: "pushoveritempushoveritempu", minioAdmin: "minioadminminioadminminioa" } },
};
const values: SecretValues = { pushover: { token: "a-token", userKey: "a-user-key" } };

const items: Record<string, Record<string, unknown>> = {
  pushoveritempushoveritempu: {
    uuid: "pushoveritempushoveritempu",
    username: "",
    password: "",
    sections: [
      { label: "", fields: [{ label: "token", value: "item-token" }] },
      { label: "more", fields: [{ label: "userKey", value: "" }] },
    ],
  },
  minioadminminioadminminioa: { uuid: "minioadminminioadminminioa", username: "root", password: "root-password" },
};

/** Answers of providers: a generated password says of what it was made, an item stores what it was given. */
function answers(salt = "salt-1"): MockOptions {
  return {
    outputs: ({ type, name, inputs }) =>
      type === "random:index/randomPassword:RandomPassword"
        ? { result: name === "secret-version-salt" ? salt : `${name}-${inputs.keepers.rotation}` }
        : type === "onepassword:index/item:Item"
          ? { password: `stored ${inputs.password}` }
          : {},
    call: (_token, { uuid }) => items[String(uuid)],
  };
}

function secretsOf(settings: Settings["secrets"], options = answers()): { secrets: Secrets; recorded: Recorded } {
  const recorded = mockPulumi(options);
  return { secrets: new Secrets("secrets", { environment, settings, values }, {}), recorded };
}

const registered = ({ resources }: Recorded, type: string) => resources.filter((resource) => resource.type === type);
const decoded = (data: Record<string, string>) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));

describe("Secrets", () => {
  describe("that a person gave, by stack config", () => {
    it("are secret outputs with the given value", async () => {
      const token = secretsOf(configSettings).secrets.given("pushover", "token");
      assert.equal(await valueOf(token), "a-token");
      assert.equal(await pulumi.isSecret(token), true);
    });

    it("name the key to set when they were not given", () => {
      const { secrets } = secretsOf(configSettings);
      assert.throws(
        () => secrets.given("heartbeat", "url"),
        /observability:secretValues\.heartbeat\.url is not set.*pulumi config set --secret --path observability:secretValues\.heartbeat\.url/,
      );
    });

    it("are not among the component's recorded inputs", async () => {
      const { secrets, recorded } = secretsOf(configSettings);
      await valueOf(secrets.urn);
      const [component] = registered(recorded, "observability:secrets:Secrets");
      assert.deepEqual(Object.keys(component.inputs).sort(), ["environment", "settings"]);
      assert.doesNotMatch(JSON.stringify(component), /a-token/);
    });
  });

  describe("that a person gave, by 1Password", () => {
    it("are read by vault and UUID, and are secret", async () => {
      const { secrets, recorded } = secretsOf(onePasswordSettings);
      const token = secrets.given("pushover", "token");
      assert.equal(await valueOf(token), "item-token");
      assert.equal(await pulumi.isSecret(token), true);
      assert.deepEqual(recorded.calls, [
        { token: "onepassword:index/getItem:getItem", args: { vault, uuid: "pushoveritempushoveritempu" } },
      ]);
    });

    it("take user name and password from the login itself", async () => {
      const { secrets } = secretsOf(onePasswordSettings);
      assert.equal(await valueOf(secrets.given("minioAdmin", "username")), "root");
      assert.equal(await valueOf(secrets.given("minioAdmin", "password")), "root-password");
    });

    it("are read once for an item, and not at all while nobody asks", async () => {
      const { secrets, recorded } = secretsOf(onePasswordSettings);
      await valueOf(secrets.urn);
      assert.equal(recorded.calls.length, 0);
      await valueOf(secrets.given("minioAdmin", "username"));
      await valueOf(secrets.given("minioAdmin", "password"));
      assert.equal(recorded.calls.length, 1);
    });

    it("say which field an item lacks and which it has, without a value", async () => {
      const field = secretsOf(onePasswordSettings).secrets.given("pushover", "userKey"); // there, but empty
      await assert.rejects(valueOf(field), (error: Error) => {
        assert.match(error.message, /pushoveritempushoveritempu \(given secret pushover\) has no field "userKey"/);
        assert.match(error.message, /It has: "token", "userKey"/);
        assert.doesNotMatch(error.message, /item-token/);
        return true;
      });
    });

    it("name the setting when no item is named", () => {
      const { secrets } = secretsOf(onePasswordSettings);
      assert.throws(
        () => secrets.given("heartbeat", "url"),
        /observability:secrets\.onepassword\.items\.heartbeat is not set/,
      );
    });
  });

  describe("that the program generates", () => {
    it("are letters and digits of the wanted length, made anew when rotation is raised", async () => {
      const { secrets, recorded } = secretsOf({ ...configSettings, rotation: 3 });
      const generated = secrets.generate("app", { length: 40 });
      assert.equal(await valueOf(generated), "app-3");
      assert.equal(await pulumi.isSecret(generated), true);
      const [password] = registered(recorded, "random:index/randomPassword:RandomPassword");
      assert.deepEqual(password.inputs, { length: 40, special: false, keepers: { rotation: "3" } });
    });

    it("are used as the 1Password item has them, with the user name beside", async () => {
      const { secrets, recorded } = secretsOf(onePasswordSettings);
      const generated = secrets.generate("app", { username: "app-user" });
      assert.equal(await valueOf(generated), "stored app-0");
      assert.equal(await pulumi.isSecret(generated), true);
      const [{ inputs }] = registered(recorded, "onepassword:index/item:Item");
      assert.deepEqual(
        { vault: inputs.vault, category: inputs.category, username: inputs.username, title: inputs.title },
        { vault, category: "login", username: "app-user", title: "observability test: app" },
      );
    });
  });

  describe("in a Kubernetes Secret", () => {
    it("are under the program's keys, in a Secret of a name that doesn't change", async () => {
      const { secrets, recorded } = secretsOf(configSettings);
      const ref = secrets.mount("grafanaAdmin", () => ({ "admin-user": "admin", "admin-password": "a-password" }));
      await valueOf(ref.version);
      const [secret] = registered(recorded, "kubernetes:core/v1:Secret");
      assert.equal(ref.name, "grafana-admin");
      assert.equal(secret.inputs.metadata.name, "grafana-admin");
      assert.equal(secret.inputs.metadata.namespace, "monitoring");
      assert.deepEqual(ref.keys, { "admin-user": "admin-user", "admin-password": "admin-password" });
      assert.deepEqual(decoded(secret.inputs.data), { "admin-user": "admin", "admin-password": "a-password" });
    });

    it("leave an existing Secret as it is, and then read, generate and make nothing", async () => {
      const { secrets, recorded } = secretsOf({
        ...onePasswordSettings,
        existing: { grafanaAdmin: { name: "from-operator", keys: { "admin-password": "pw" } } },
      });
      const ref = secrets.mount("grafanaAdmin", () => assert.fail("the data was asked for"));
      await valueOf(secrets.urn);
      assert.deepEqual(ref, {
        name: "from-operator",
        keys: { "admin-user": "admin-user", "admin-password": "pw" },
        version: "",
      });
      assert.deepEqual(registered(recorded, "kubernetes:core/v1:Secret"), []);
      assert.equal(recorded.calls.length, 0);
    });
  });

  describe("in a version", () => {
    async function versionOf(password: pulumi.Input<string>, salt?: string): Promise<string> {
      const { secrets } = secretsOf(configSettings, answers(salt));
      const { version } = secrets.mount("grafanaAdmin", () => ({
        "admin-user": "admin",
        "admin-password": pulumi.secret(password),
      }));
      assert.equal(await pulumi.isSecret(version as pulumi.Output<string>), false);
      return valueOf(version);
    }

    it("change it when they change, and only then", async () => {
      assert.equal(await versionOf("one"), await versionOf("one"));
      assert.notEqual(await versionOf("one"), await versionOf("two"));
    });

    it("can't be guessed from it, because it depends on a salt that only the state has", async () => {
      assert.notEqual(await versionOf("one", "salt-1"), await versionOf("one", "salt-2"));
      assert.match(await versionOf("one"), /^[0-9a-f]{16}$/);
    });
  });
});
