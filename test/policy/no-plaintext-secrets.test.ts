import assert from "node:assert/strict";
import { noPlaintextSecrets as policy } from "../../policy/no-plaintext-secrets";
import { growth, mostGrowth } from "./growth";
import { configMap, findings, object, release, unknown, type TestResource } from "./support";

const password = "correct-Horse-9-battery";
const literal = (key: string) => `a literal, where "${key}" says that it is a credential`;
const remedies = {
  configMap:
    "Everyone who can read ConfigMaps can read it. Put it into a Secret, and let the program read it from a file or a variable.",
  object:
    "Everyone who can read the object can read it. Put it into a Secret, and read it from there: valueFrom.secretKeyRef, or a file of a mounted Secret.",
  values:
    "Helm stores the values in the cluster, and the rendered objects contain it too. Put it into a Secret, and give the chart the Secret's name (existingSecret, valueFrom).",
};
const refused = (where: string, found: string, remedy: keyof typeof remedies) =>
  `${where} is ${found}; wanted a reference to a Secret. ${remedies[remedy]} Then replace the credential, because it has been exposed. If it isn't a credential, list its path in this policy's parameter allowedPaths. Parameters are set in the file of --policy-pack-config.`;
const file = 'ConfigMap monitoring/loki: data["config.yaml"]';
const app = "Deployment monitoring/app: spec.template.spec.containers[0]";
const deployment = (container: object) =>
  object("apps/v1", "Deployment", {
    metadata: { namespace: "monitoring", name: "app" },
    spec: { template: { spec: { containers: [{ name: "app", image: "app:1.2.3", ...container }] } } },
  });
/** Its findings, none of which may contain a value. */
async function check(resource: TestResource, config: object = {}): Promise<string[]> {
  const found = await findings(policy, resource, config);
  for (const message of found) assert.ok(!message.includes("Horse") && !message.includes("AKIA"), message);
  return found;
}

describe("no-plaintext-secrets", () => {
  describe("in a ConfigMap", () => {
    const texts: [string, string, string][] = [
      ["YAML", `storage:\n  s3:\n    secret_access_key: ${password}\n`, "secret_access_key"],
      ["YAML in quotes", `a: 1\nb:\n  - password: "${password}" # of the bucket\n`, "password"],
      ["YAML in a flow", `a: 1\nbasic_auth: { username: loki, password: ${password} }\n`, "password"],
      ["a block of YAML", `a: 1\npassword: |\n  ${password}\n`, "password"],
      ["an INI file", `[security]\nadmin_password = ${password}\n`, "admin_password"],
      ["JSON", `{\n  "apiKey": "${password}"\n}`, "apiKey"],
      ["a shell script", `#!/bin/sh\nexport MINIO_ROOT_PASSWORD=${password}\n`, "MINIO_ROOT_PASSWORD"],
      [
        "a command line",
        `#!/bin/sh\nloki -common.storage.s3.secret-access-key=${password}\n`,
        "common.storage.s3.secret-access-key",
      ],
      ["Alloy", `basic_auth {\n  password = "${password}"\n}\n`, "password"],
    ];
    for (const [format, text, key] of texts) {
      it(`refuses a literal in ${format}`, async () => {
        const line = text.split("\n").findIndex((each) => each.includes(key)) + 1;
        assert.deepEqual(await check(configMap(text)), [refused(`${file}, line ${line},`, literal(key), "configMap")]);
      });
    }

    it("tells of the first fifty", async () => {
      assert.equal((await check(configMap(`a: 1\n${`password: ${password}\n`.repeat(60)}`))).length, 50);
    });

    it("refuses a value under a key of its own", async () => {
      assert.deepEqual(await check(configMap(password, "S3_SECRET_ACCESS_KEY")), [
        refused("ConfigMap monitoring/loki: data.S3_SECRET_ACCESS_KEY", literal("S3_SECRET_ACCESS_KEY"), "configMap"),
      ]);
    });

    const forms: [string, string][] = [
      ["an AWS access key", "AKIAIOSFODNN7EXAMPLE"],
      ["a private key", "-----BEGIN RSA PRIVATE KEY-----"],
      ["a URL with a password", `postgres://grafana:${password}@db:5432/grafana`],
      ["a URL with a password", `s3://loki:${password}@minio:9000/loki`],
      ["an Authorization header", `Authorization: Bearer ${password}`],
      ["a Slack webhook", "https://hooks.slack.com/services/T00000000/B00000000/aaaaaaaaaaaa"],
      ["a heartbeat's address", "https://hc-ping.com/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"],
      ["an npm token", `npm_${"a1".repeat(18)}`],
      ["a registry's login", '{"auths":{"ghcr.io":{"auth":"dXNlcjpodW50ZXIy"}}}'],
      ["a GitHub token", `ghp_${"a1".repeat(18)}`],
      ["a JSON web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJsb2tpIn0.c2lnbmF0dXJl"],
    ];
    for (const [what, value] of forms) {
      it(`refuses ${what} by its form: ${value.slice(0, 12)}…`, async () => {
        assert.deepEqual(await check(configMap(`a: 1\nb: ${value}\n`)), [
          refused(`${file}, line 2,`, what, "configMap"),
        ]);
      });
    }

    it("accepts placeholders, references, paths, names and empty values", async () => {
      const text = [
        "secret_access_key: ${S3_SECRET}",
        "password: $PASSWORD",
        'password: "{{ .Values.password }}"',
        "password: $__file{/etc/secrets/password}",
        "password: /etc/secrets/password",
        "password: ''",
        'token: ""',
        "token: auto",
        "password: <your password>",
        "password_file: /etc/secrets/password",
        "secretName: loki-object-store",
        "token: op://vault/item/field",
        "password: &anchor ${S3_SECRET}",
        "password: *anchor",
        "num_tokens: 512",
        "token_url: https://login.example/token",
        "remote: https://$(USER):$(PASSWORD)@example.org/",
        "remote: https://user:${PASSWORD}@example.org/",
        'password: "{FRIGATE_MQTT_PASSWORD}"',
        "remote: rtsp://admin:{FRIGATE_RTSP_PASSWORD}@camera/stream",
        "password: ${PASSWORD:?is needed}",
        "password = os.environ['PASSWORD']",
        "password: [[ .password ]]",
        "token: '@env:TOKEN'",
        "MARIADB_RANDOM_ROOT_PASSWORD=1",
        "password: %PASSWORD%",
        'TOKEN="$1"',
        "PASSWORD=`cat /etc/secrets/password`",
        "# password: old-Password-1",
        'api_key = sys.env("API_KEY")',
        "password = local.file.password.content",
        "password=$(cat /etc/secrets/password)",
        "expression: password=(?P<password>\\S+)",
        "url: http://mimir.monitoring.svc:9009/api/v1/push",
      ].join("\n");
      assert.deepEqual(await check(configMap(text)), []);
    });

    it("accepts checksums and names of Secrets in labels and annotations", async () => {
      const annotations = { "checksum/loki-secret": "0123456789abcdef0123456789abcdef", "example.org/token": "yes" };
      const { props, ...rest } = deployment({});
      assert.deepEqual(await check({ ...rest, props: { ...props, metadata: { name: "app", annotations } } }), []);
    });

    it("refuses a credential by its form in an annotation, and in binary data", async () => {
      const metadata = { name: "app", annotations: { "example.org/note": "AKIAIOSFODNN7EXAMPLE" } };
      assert.deepEqual(await check(object("core/v1", "ConfigMap", { metadata })), [
        refused('ConfigMap app: metadata.annotations["example.org/note"]', "an AWS access key", "configMap"),
      ]);
      const binaryData = { key: Buffer.from("-----BEGIN PRIVATE KEY-----").toString("base64") };
      assert.deepEqual(await check(object("core/v1", "ConfigMap", { metadata: { name: "app" }, binaryData })), [
        refused("ConfigMap app: binaryData.key", "a private key", "configMap"),
      ]);
    });

    const panel = '{"title": "a b c", "expr": "sum(rate(x[5m]))", "key": 1},';
    const large: [string, (times: number) => string][] = [
      ["one line", (times) => panel.repeat(times / 50)],
      ["many lines", (times) => `${panel}\n`.repeat(times / 50)],
      ["a name without an end, which would make a search go back", (times) => `key ${"a.".repeat(times)}`],
      ["openings without an end, which would, too", (times) => `key ${'{"a="'.repeat(times / 2)}`],
    ];
    for (const [what, make] of large) {
      it(`reads twice as much in twice the time: ${what}`, async () => {
        const read = async (times: number) => {
          const [found, ...others] = await check(configMap(`${make(times)}\npassword: ${password}\n`));
          assert.deepEqual(others, []);
          assert.ok(found.includes(literal("password")));
        };
        const grown = await growth(read, 500_000);
        assert.ok(grown < mostGrowth, `${grown} times as much`);
      });
    }
  });

  describe("in a pod", () => {
    it("refuses a literal in the environment, and accepts a reference", async () => {
      const env = (value: object) =>
        deployment({
          env: [
            { name: "LOG_LEVEL", value: "info" },
            { name: "DB_PASSWORD", ...value },
          ],
        });
      assert.deepEqual(await check(env({ value: password })), [
        refused(`${app}.env[1].value`, literal("DB_PASSWORD"), "object"),
      ]);
      assert.deepEqual(await check(env({ valueFrom: { secretKeyRef: { name: "db", key: "password" } } })), []);
    });

    it("refuses a literal in an argument and after a flag", async () => {
      assert.deepEqual(await check(deployment({ args: ["--config=/etc/app", `--password=${password}`] })), [
        refused(`${app}.args[1]`, literal("password"), "object"),
      ]);
      assert.deepEqual(await check(deployment({ args: ["--api-token", password, "--verbose"] })), [
        refused(`${app}.args[1]`, literal("api-token"), "object"),
      ]);
      assert.deepEqual(await check(deployment({ command: ["sh", "-c", `app --password ${password}`] })), [
        refused(`${app}.command[2]`, literal("password"), "object"),
      ]);
      assert.deepEqual(await check(deployment({ args: ["--password=$(PASSWORD)", "--token-file", "/etc/token"] })), []);
    });

    it("says when a preview doesn't know a credential", async () => {
      assert.deepEqual(await check(deployment({ env: [{ name: "DB_PASSWORD", value: unknown }] })), [
        "advisory: string value at .spec.template.spec.containers.0.env.0.value can't be known during preview",
      ]);
      assert.deepEqual(await check(deployment({ env: [{ name: "ADDRESS", value: unknown }] })), []);
    });
  });

  describe("in chart values", () => {
    const label = "Release monitoring/grafana: values";

    it("refuses literals wherever the chart takes them", async () => {
      const values = {
        adminPassword: password,
        "grafana.ini": { smtp: { password: 12345678 } },
        env: { GF_DATABASE_PASSWORD: password },
        minio: { rootPassword: password },
        alertmanager: {
          config: {
            receivers: [{ pushover_configs: [{ token: password, user_key: "uQiRzpo4DXghDmr9QzzfQu27cmVRsG" }] }],
          },
        },
      };
      const receiver = `${label}.alertmanager.config.receivers[0].pushover_configs[0]`;
      assert.deepEqual(await check(release("grafana", values)), [
        refused(`${label}.adminPassword`, literal("adminPassword"), "values"),
        refused(`${label}["grafana.ini"].smtp.password`, literal("password"), "values"),
        refused(`${label}.env.GF_DATABASE_PASSWORD`, literal("GF_DATABASE_PASSWORD"), "values"),
        refused(`${label}.minio.rootPassword`, literal("rootPassword"), "values"),
        refused(`${receiver}.token`, literal("token"), "values"),
        refused(`${receiver}.user_key`, literal("user_key"), "values"),
      ]);
    });

    it("refuses what stands in clear beside the name of a Secret or of a user", async () => {
      const values = {
        minio: { existingSecret: "minio", secretKey: "minio123" },
        users: [{ accessKey: "$ACCESS_KEY", secretKey: "supersecret" }],
        auth: { existingSecret: { name: "auth" }, passwords: ["hunter2", "$PASSWORD"] },
        apiKeys: { grafana: "abc", existingSecret: "keys" },
        gateway: { basicAuth: { existingSecret: "gateway", htpasswd: "loki:$2y$10$abcdefghijklmnopqrstuv" } },
      };
      const label = "Release monitoring/loki: values";
      assert.deepEqual(await check(release("loki", values)), [
        refused(`${label}.minio.secretKey`, literal("secretKey"), "values"),
        refused(`${label}.users[0].secretKey`, literal("secretKey"), "values"),
        refused(`${label}.auth.passwords[0]`, literal("passwords"), "values"),
        refused(`${label}.apiKeys.grafana`, literal("apiKeys"), "values"),
        refused(`${label}.gateway.basicAuth.htpasswd`, literal("htpasswd"), "values"),
      ]);
    });

    it("accepts names of Secrets and of keys in them", async () => {
      const values = {
        admin: { existingSecret: "grafana-admin", userKey: "admin-user", passwordKey: "admin-password" },
        tlsSecret: "grafana-tls",
        imagePullSecrets: ["registry"],
        basicAuth: { password: { name: "auth", key: "password" } },
        s3: { secretKey: "rootPassword", secretAccessKey: null, accessKeyId: "" },
        minio: { existingSecret: "minio", secretKey: "root-password", userKey: "username" },
        users: [{ existingSecret: "loki", existingSecretKey: "loki" }],
        secretKeys: { adminPasswordKey: "admin-password" },
        serviceAccount: { automountServiceAccountToken: false },
      };
      assert.deepEqual(await check(release("grafana", values)), []);
    });

    it("accepts what kubeseal has encrypted, and nothing shorter that begins so", async () => {
      const sealed = Buffer.concat([Buffer.from([2, 0]), Buffer.alloc(540, "s3cretS")]).toString("base64");
      assert.deepEqual(await check(release("grafana", { sealedSecrets: [{ data: { client_secret: sealed } }] })), []);
      assert.equal((await check(release("grafana", { data: { client_secret: sealed.slice(0, 80) } }))).length, 1);
    });

    it("refuses values in a text asset", async () => {
      const { props, ...rest } = release("grafana", {});
      const assets = { valueYamlFiles: [{ text: `adminPassword: ${password}\n` }] };
      assert.deepEqual(await check({ ...rest, props: { ...props, ...assets } }), [
        refused(`${label}.adminPassword`, literal("adminPassword"), "values"),
      ]);
    });
  });

  it("looks past Secrets, what only names them, and what is not Kubernetes", async () => {
    const stringData = { password };
    assert.deepEqual(await check(object("core/v1", "Secret", { stringData })), []);
    assert.deepEqual(await check(object("bitnami.com/v1alpha1", "SealedSecret", { spec: { password } })), []);
    assert.deepEqual(
      await check({ type: "minio:index/iamUser:IamUser", name: "loki", props: { secret: password } }),
      [],
    );
  });

  it("refuses a literal in a custom resource", async () => {
    const spec = { remoteWrite: [{ url: `https://user:${password}@mimir.example/push` }] };
    assert.deepEqual(
      await check(object("monitoring.coreos.com/v1", "Prometheus", { metadata: { name: "k8s" }, spec })),
      [refused("Prometheus k8s: spec.remoteWrite[0].url", "a URL with a password", "object")],
    );
  });

  it("accepts the paths that its configuration allows", async () => {
    const config = { allowedPaths: ["values.adminPass*"] };
    assert.deepEqual(await check(release("grafana", { adminPassword: password }), config), []);
  });
});
