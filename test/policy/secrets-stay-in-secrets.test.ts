import assert from "node:assert/strict";
import { stringify } from "yaml";
import { noPlaintextSecrets } from "../../policy/no-plaintext-secrets";
import { isDistinctive } from "../../policy/lib/secrets/distinctive";
import { searchFor } from "../../policy/lib/secrets/search";
import { secretsStayInSecrets as policy } from "../../policy/secrets-stay-in-secrets";
import { growth, mostGrowth } from "./growth";
import { findings, object, release, stackFindings, unknown, type TestResource } from "./support";

const password = "q7Vx/2m+Zk9=Rt4w";
const token = "azGDORePK8gMaC0QOYAMyEEuzJnyUi";
const base64 = (text: string) => Buffer.from(text).toString("base64");

const secret = (data: object, field = "data", name = "grafana-admin") =>
  object("core/v1", "Secret", { metadata: { name, namespace: "monitoring" }, [field]: data });
const admin = secret({ user: base64("grafana-operator1"), password: base64(password) });
const map = (text: string, key = "grafana.ini") =>
  object("core/v1", "ConfigMap", { metadata: { name: "grafana", namespace: "monitoring" }, data: { [key]: text } });
const pod = (container: object, metadata: object = {}) =>
  object("apps/v1", "Deployment", {
    metadata: { name: "grafana", namespace: "monitoring" },
    spec: { template: { metadata, spec: { containers: [{ name: "grafana", ...container }] } } },
  });
const custom = (type: string, props: object, name = "admin"): TestResource => ({ type, name, props });

const found = (place: string, holder = "Secret monitoring/grafana-admin (data.password)", as = "") => {
  const isSecret = holder.startsWith("Secret ");
  const wanted = isSecret
    ? `a reference to ${holder.replace(/ \(.*/, "")}`
    : "a reference to a Secret that contains it";
  return `${place} is a text that contains the secret of ${holder}${as}; wanted ${wanted}. Everyone who can read this resource, the state or a preview knows the secret. Pass it by secretKeyRef, by a mounted Secret, or by the Secret's name in chart values. Then replace it, because it has been exposed.`;
};
const inMap = 'ConfigMap monitoring/grafana: data["grafana.ini"]';
const inPod = "Deployment monitoring/grafana: spec.template";

interface Case {
  when: string;
  stack: TestResource[];
  finds?: string[];
}

const cases: Case[] = [
  {
    when: "every secret stays where it belongs",
    stack: [
      admin,
      custom("random:index/randomPassword:RandomPassword", { length: 16, result: password }),
      custom("onepassword:index/item:Item", { title: "admin", username: "admin", password }),
      custom("minio:index/iamUser:IamUser", { name: "production-loki", secret: password }),
      map("[security]\nadmin_password = $__file{/etc/grafana-admin/password}\n"),
      pod({ env: [{ name: "P", valueFrom: { secretKeyRef: { name: "grafana-admin", key: "password" } } }] }),
      secret({ password: base64(password) }, "data", "copy"),
    ],
  },
  { when: "a ConfigMap has it", stack: [admin, map(`admin_password = ${password}\n`)], finds: [found(inMap)] },
  {
    when: "the Secret comes last, and gives it as text",
    stack: [map(password), secret({ password }, "stringData")],
    finds: [found(inMap, "Secret monitoring/grafana-admin (stringData.password)")],
  },
  {
    when: "it stands in the middle of a word",
    stack: [admin, map(`x${password}y`)],
    finds: [found(inMap)],
  },
  {
    when: "it is in base64",
    stack: [admin, map(`key: ${base64(password)}`)],
    finds: [found(inMap, undefined, ", in base64")],
  },
  ...["u", "us", "use", "user"].map((user) => ({
    when: `it is in the base64 of basic authentication (${user})`,
    stack: [admin, map(`authorization: Basic ${base64(`${user}:${password}`)}`)],
    finds: [found(inMap, undefined, ", in base64")],
  })),
  {
    when: "it is in binaryData",
    stack: [
      admin,
      object("core/v1", "ConfigMap", { metadata: { name: "x" }, binaryData: { file: base64(`p=${password}\n`) } }),
    ],
    finds: [found("ConfigMap x: binaryData.file", undefined, ", in base64")],
  },
  {
    when: "it is URL-encoded",
    stack: [admin, map(`http://admin:${encodeURIComponent(password)}@grafana`)],
    finds: [found(inMap, undefined, ", URL-encoded")],
  },
  {
    when: "it is URL-encoded in small letters",
    stack: [admin, map(`http://admin:${encodeURIComponent(password).replace(/%../g, (c) => c.toLowerCase())}@grafana`)],
    finds: [found(inMap, undefined, ", URL-encoded")],
  },
  {
    when: "it is escaped in JSON",
    stack: [secret({ password: 'q7"Vx2m\\Zk9' }, "stringData"), map(JSON.stringify({ p: 'q7"Vx2m\\Zk9' }), "a.json")],
    finds: [
      found(
        'ConfigMap monitoring/grafana: data["a.json"]',
        "Secret monitoring/grafana-admin (stringData.password)",
        ", escaped",
      ),
    ],
  },
  {
    when: "it is an argument",
    stack: [admin, pod({ args: ["server", `--password=${password}`] })],
    finds: [found(`${inPod}.spec.containers[0].args[1]`)],
  },
  {
    when: "it is the value of a variable",
    stack: [admin, pod({ env: [{ name: "P", value: password }] })],
    finds: [found(`${inPod}.spec.containers[0].env[0].value`)],
  },
  {
    when: "it is in an annotation",
    stack: [admin, pod({}, { annotations: { note: password } })],
    finds: [found(`${inPod}.metadata.annotations.note`)],
  },
  {
    when: "it is in chart values",
    stack: [admin, release("kube-prometheus-stack", { grafana: { adminPassword: password } })],
    finds: [found("Release monitoring/kube-prometheus-stack: values.grafana.adminPassword")],
  },
  {
    when: "it is in a custom resource",
    stack: [
      admin,
      object("monitoring.coreos.com/v1", "Prometheus", {
        metadata: { name: "p" },
        spec: { remoteWrite: [{ url: `http://u:${password}@m` }] },
      }),
    ],
    finds: [found("Prometheus p: spec.remoteWrite[0].url")],
  },
  {
    when: "two places have it",
    stack: [admin, map(password), pod({ args: [password] })],
    finds: [found(inMap), found(`${inPod}.spec.containers[0].args[0]`)],
  },
  {
    when: "a generated password is used in clear, and no Secret has it",
    stack: [custom("random:index/randomPassword:RandomPassword", { result: password }), map(password)],
    finds: [found(inMap, "RandomPassword admin (result)")],
  },
  {
    when: "a generated password is used in clear, and a Secret has it",
    stack: [admin, custom("random:index/randomPassword:RandomPassword", { result: password }), map(password)],
    finds: [found(inMap)],
  },
  {
    when: "it is a field of a 1Password item",
    stack: [
      custom("onepassword:index/item:Item", {
        title: "pushover",
        sections: [{ label: "s", fields: [{ label: "token", type: "CONCEALED", value: token }] }],
      }),
      map(token),
    ],
    finds: [found(inMap, "Item admin (sections[0].fields[0].value)")],
  },
  {
    when: "it is the password of a 1Password item",
    stack: [custom("onepassword:index/item:Item", { title: "x", password }), map(password)],
    finds: [found(inMap, "Item admin (password)")],
  },
  {
    when: "it is the key of a MinIO user",
    stack: [custom("minio:index/iamUser:IamUser", { name: "loki", secret: password }), map(password)],
    finds: [found(inMap, "IamUser loki (secret)")],
  },
  {
    when: "it is that of the MinIO provider",
    stack: [custom("pulumi:providers:minio", { minioUser: "admin", minioPassword: password }), map(password)],
    finds: [found(inMap, "minio admin (minioPassword)")],
  },
  {
    when: "it is a setting within a configuration that is a Secret",
    stack: [
      secret({ "alertmanager.yaml": base64(stringify({ route: { receiver: "pushover-default" }, token })) }),
      map("receiver: pushover-default"),
      pod({ args: [token] }),
    ],
    finds: [
      found(`${inPod}.spec.containers[0].args[0]`, 'Secret monitoring/grafana-admin (data["alertmanager.yaml"])'),
    ],
  },
  {
    when: "the configuration that is a Secret refers to files, and so does another",
    stack: [
      secret(
        { "a.yaml": "token_file: /etc/alertmanager/secrets/token\npassword: /etc/secrets/password1x\n" },
        "stringData",
      ),
      map("/etc/alertmanager/secrets/token /etc/secrets/password1x"),
    ],
  },
  {
    when: "it is the unguessable part of a webhook's address",
    stack: [
      secret({ url: "https://hc-ping.com/550e8400-e29b-41d4-a716-446655440000" }, "stringData"),
      map("ping 550e8400-e29b-41d4-a716-446655440000"),
    ],
    finds: [found(inMap, "Secret monitoring/grafana-admin (stringData.url)")],
  },
  {
    when: "an address in a Secret has nothing secret in it",
    stack: [
      secret({ url: "http://minio.monitoring.svc.cluster.local:9000" }, "stringData"),
      map("endpoint: http://minio.monitoring.svc.cluster.local:9000"),
    ],
  },
  {
    when: "it is a private key",
    stack: [
      secret(
        {
          "tls.key": `-----BEGIN PRIVATE KEY-----\n${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCq7Vx2mZk9Rt4w".padEnd(64, "a1B2")}\n-----END PRIVATE KEY-----\n`,
        },
        "stringData",
      ),
      map(`key: |\n  ${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCq7Vx2mZk9Rt4w".padEnd(64, "a1B2")}\n`),
    ],
    finds: [found(inMap, 'Secret monitoring/grafana-admin (stringData["tls.key"])')],
  },
  {
    when: "a certificate, which is public, is in a ConfigMap too",
    stack: [
      secret({ "tls.crt": "MIIDdzCCAl+gAwIBAgIE7Vx2mZk9Rt4w" }, "stringData"),
      map("MIIDdzCCAl+gAwIBAgIE7Vx2mZk9Rt4w"),
    ],
  },
  ...["true", "admin", "production-loki", "prometheus", "Changeme1", "12345678", "12341234", "aaaaaaaaaaaaaaaa"].map(
    (text) => ({
      when: `the password is "${text}", which could as well be a word`,
      stack: [secret({ password: text }, "stringData"), map(`x: ${text}`)],
    }),
  ),
  {
    when: "names, buckets and access keys of a Secret are used elsewhere",
    stack: [
      secret(
        {
          AWS_ACCESS_KEY_ID: "AKIA4X9Q2Z7RTB3M",
          accessKeyId: "AKIA4X9Q2Z7RTB3M",
          BUCKET_NAME: "loki-3f2a9c81",
          "admin-user": "jD8x2mQp91",
        },
        "stringData",
      ),
      map("AKIA4X9Q2Z7RTB3M loki-3f2a9c81 jD8x2mQp91"),
    ],
  },
  {
    when: "it is a secret access key",
    stack: [secret({ AWS_SECRET_ACCESS_KEY: token }, "stringData"), map(token)],
    finds: [found(inMap, "Secret monitoring/grafana-admin (stringData.AWS_SECRET_ACCESS_KEY)")],
  },
  {
    when: "a pass phrase of words is used elsewhere",
    stack: [secret({ password: "correct-horse-battery-staple" }, "stringData"), map("correct-horse-battery-staple")],
    finds: [found(inMap, "Secret monitoring/grafana-admin (stringData.password)")],
  },
  {
    when: "a preview knows neither a Secret nor a checksum of it",
    stack: [secret({ password: unknown }), pod({}, { annotations: { checksum: unknown } })],
  },
  {
    when: "a preview doesn't know a text that may be a secret",
    stack: [secret({ password: unknown }), map(unknown)],
    finds: ["advisory: string value at .data.grafana.ini can't be known during preview"],
  },
  {
    when: "a preview doesn't know an argument, and another has a secret",
    stack: [admin, pod({ args: [unknown, password] })],
    finds: [
      found(`${inPod}.spec.containers[0].args[1]`),
      "advisory: string value at .spec.template.spec.containers.0.args.0 can't be known during preview",
    ],
  },
];

const check = (stack: TestResource[]) => stackFindings(policy, stack, { alone: true });

describe("secrets-stay-in-secrets", () => {
  for (const { when, stack, finds = [] } of cases) {
    it(`${finds.length > 0 ? "refuses it" : "accepts it"} when ${when}`, async () => {
      const messages = await check(stack);
      assert.deepEqual(messages, finds);
      for (const message of messages)
        assert.ok(!message.includes(password) && !message.includes(token), "it is printed");
    });
  }

  it("looks through a large text once, however many secrets there are", async () => {
    const secrets = Array.from({ length: 100 }, (_, n) =>
      secret({ password: base64(`${token}${n}`) }, "data", `secret-${n}`),
    );
    const large = (lines: number) => map(`${"a long line of nothing in particular\n".repeat(lines)}${token}99`);
    const look = async (lines: number) => assert.equal((await check([...secrets, large(lines)])).length, 2); // …9 is the start of …99
    const grown = await growth(look, 30_000);
    assert.ok(grown < mostGrowth, `${grown} times as much`);
    const [few, many] = [[secrets[99]], secrets];
    const among = async (size: number) => check([...(size > 1 ? many : few), large(30_000)]);
    assert.ok((await growth(among, 1)) < 3);
  });

  it("leaves to no-plaintext-secrets what that one tells, line by line", async () => {
    const told = `url: http://grafana\npassword: ${password}\n`;
    assert.deepEqual(await stackFindings(policy, [admin, map(told)]), []);
    assert.equal((await findings(noPlaintextSecrets, map(told))).length, 1);
    assert.deepEqual(await stackFindings(policy, [admin, map(`${told}see ${password}\n`)]), [found(inMap)]);
    assert.deepEqual(await stackFindings(policy, [admin, pod({ args: [`--password=${password}`] })]), []);
    assert.deepEqual(await stackFindings(policy, [admin, pod({ args: [password] })]), [
      found(`${inPod}.spec.containers[0].args[0]`),
    ]);
    assert.deepEqual(await check([admin, map(told)]), [found(inMap)], "with the parameter alone");
  });

  it("keeps no secret that a dump would show", () => {
    const search = searchFor([[password, "it"]]);
    assert.deepEqual([...search(`a ${password} b`)], ["it"]);
    assert.deepEqual([...search(`a ${password.slice(0, -1)} b`)], []);
    assert.deepEqual([...searchFor([["short", "it"]])("short")], []);
  });

  it("takes what is generated for distinctive", () => {
    for (const text of [token, password, "x7Gq2mPz", "deadbeefcafe4711", "aBcDeFgHiJkL"])
      assert.ok(isDistinctive(text), text);
  });
});
