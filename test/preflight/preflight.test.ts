import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseSettings } from "../../config/load";
import { preflight } from "../../preflight/preflight";
import { lookAtExisting } from "../../preflight/object-store";
import type { Result } from "../../preflight/result";
import { table } from "../../preflight/table";
import { temporaryFolder } from "../support/temporary-folder";
import { kubeconfigFor, refusingAddress, serve, serveApi, serveConnect, serveMinio, stopAll } from "./stand-ins";

const vault = "abcdefghijklmnopqrstuvwxyz";
const ids = { minioAdmin: "a".repeat(26), pushover: "b".repeat(26), heartbeat: "c".repeat(26) };
const password = "hunter2hunter2";

const items = {
  [ids.minioAdmin]: {
    title: "MinIO",
    fields: [
      { purpose: "USERNAME", label: "username", value: "admin" },
      { purpose: "PASSWORD", label: "password", value: password },
    ],
  },
  [ids.pushover]: {
    title: "Pushover",
    sections: [{ id: "s" }],
    fields: [
      { label: "token", value: password, section: { id: "s" } },
      { label: "userKey", value: password, section: { id: "s" } },
    ],
  },
  [ids.heartbeat]: {
    title: "Heartbeat",
    sections: [{ id: "s" }],
    fields: [{ label: "url", value: password, section: { id: "s" } }],
  },
};

const cluster = {
  "/version": { major: "1", minor: "36", gitVersion: "v1.36.3" },
  "/apis/storage.k8s.io/v1/storageclasses": {
    items: [
      { metadata: { name: "local-path", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } } },
      { metadata: { name: "openebs-hostpath" } },
    ],
  },
  "/api/v1/nodes": { items: [{ metadata: { name: "pi-1", labels: { "kubernetes.io/arch": "arm64" } } }] },
  "/api/v1/namespaces/monitoring/secrets?labelSelector=owner=helm,name=kube-prometheus-stack": { items: [] },
};

interface Surroundings {
  connect?: string;
  minio?: string;
  api?: string;
  /** Further settings. */
  raw?: Record<string, unknown>;
  env?: NodeJS.ProcessEnv;
  seconds?: number;
}

/** Everything well but for what a test changes. */
async function look({ connect, minio, api, raw, env = { OP_CONNECT_TOKEN: "token" }, seconds = 10 }: Surroundings) {
  connect ??= await serveConnect({ token: "token", vault: { id: vault, name: "Home" }, items });
  minio ??= await serveMinio("admin", []);
  api ??= await serveApi(cluster);
  const settings = {
    kubernetes: { kubeconfig: kubeconfigFor(api) },
    cluster: { nodes: [{ name: "pi", arch: "arm64", cpu: 4, memory: "8Gi" }] },
    secrets: { provider: "onepassword", onepassword: { vault, connectUrl: `http://${connect}`, items: ids } },
    objectStore: { kind: "minio", endpoint: "http://10.0.40.10:9000", providerAddress: minio },
    alertmanager: { pushover: true, heartbeat: true },
    ...raw,
  };
  return preflight(parseSettings(settings, { stack: "test" }), env, { milliseconds: seconds * 1000 });
}

const wrong = (results: Result[]) => results.filter(({ status }) => status === "failed" || status === "unsure");
const lines = (results: Result[]) => results.map(({ what, status, found }) => `${what}: ${status}: ${found}`);

describe("preflight", () => {
  afterEach(stopAll);

  it("finds nothing wrong where everything that the settings name is there", async () => {
    const results = await look({});
    assert.deepEqual(lines(wrong(results)), []);
    assert.deepEqual(
      results.map(({ what, status }) => `${what} ${status}`),
      [
        "1Password ok",
        "item minioAdmin ok",
        "item pushover ok",
        "item heartbeat ok",
        "MinIO ok",
        "administrator ok",
        "bucket loki ok",
        "bucket mimir-blocks ok",
        "bucket mimir-ruler ok",
        "bucket mimir-alertmanager ok",
        "Kubernetes ok",
        "namespace monitoring ok",
        "storage classes ok",
        "nodes ok",
        "CRDs ok",
        "kube-prometheus-stack ok",
      ],
    );
  });

  it("shows no secret, whatever it finds", async () => {
    const minio = await serveMinio("someone-else", []);
    for (const results of [await look({}), await look({ minio })])
      assert.ok(!JSON.stringify(results).includes(password) && !table(results).includes(password));
  });

  it("tells of everything at once, and says what to do about each", async () => {
    const address = await refusingAddress();
    const results = await look({ connect: address, minio: address, api: address });
    const found = wrong(results);
    assert.deepEqual(
      found.map(({ area }) => area),
      ["secrets", "object store", "cluster"],
    );
    for (const { found: what, todo } of found) {
      assert.match(what, /refuses connections/);
      assert.ok(todo);
    }
  });

  it("gives up on what doesn't answer", async () => {
    const silent = await serve(() => undefined);
    const results = await look({ connect: silent, minio: silent, api: silent, seconds: 0.2 });
    const found = wrong(results).map(({ found }) => found);
    assert.equal(found.length, 3);
    for (const what of found) assert.match(what, /didn't answer within 0\.2 s/);
  });

  it("names a host name that doesn't resolve", async () => {
    const [first] = wrong(await look({ connect: "connect.invalid:8080" }));
    assert.match(first.found, /connect\.invalid:8080 is no name that resolves/);
  });
});

describe("preflight of 1Password", () => {
  afterEach(stopAll);

  const secrets = async (surroundings: Surroundings) =>
    wrong(await look(surroundings)).filter(({ area }) => area === "secrets");

  it("finds an item that is missing, and asks for the others", async () => {
    const rest = Object.entries(items).filter(([id]) => id !== ids.pushover);
    const content = { token: "token", vault: { id: vault, name: "Home" }, items: Object.fromEntries(rest) };
    const connect = await serveConnect(content);
    const results = await look({ connect });
    assert.deepEqual(lines(wrong(results)), [`item pushover: failed: there is no item ${ids.pushover} (404)`]);
    assert.ok(results.some(({ what, status }) => what === "item heartbeat" && status === "ok"));
  });

  it("finds a field that is missing, is empty, or stands where the provider doesn't look", async () => {
    const cases: [object, RegExp][] = [
      [{ fields: [{ label: "Url", value: "x", section: { id: "s" } }] }, /lacks url.*it has Url/],
      [{ fields: [{ label: "url", value: "", section: { id: "s" } }] }, /lacks url/],
      [{ fields: [{ label: "url", value: "x" }] }, /lacks url, or it is empty, or stands in no section/],
      [{ fields: [] }, /it has no fields/],
    ];
    for (const [content, expected] of cases) {
      const changed = { ...items, [ids.heartbeat]: { title: "Heartbeat", sections: [{ id: "s" }], ...content } };
      const connect = await serveConnect({ token: "token", vault: { id: vault, name: "Home" }, items: changed });
      const [found, ...others] = await secrets({ connect });
      assert.match(found.found, expected);
      assert.match(found.todo ?? "", /add a field labelled exactly "url"/);
      assert.deepEqual(others, []);
    }
  });

  it("finds a vault that isn't there, and asks for no item", async () => {
    const connect = await serveConnect({ token: "token", vault: { id: "z".repeat(26), name: "Other" }, items });
    const results = await look({ connect });
    assert.match(wrong(results)[0].found, new RegExp(`there is no vault ${vault} \\(404\\)`));
    assert.equal(results.filter(({ what, status }) => what.startsWith("item") && status === "skipped").length, 3);
  });

  it("finds a token that is wrong, and one that is missing", async () => {
    assert.match((await secrets({ env: { OP_CONNECT_TOKEN: "other" } }))[0].found, /the token is not accepted \(401\)/);
    assert.match((await secrets({ env: {} }))[0].found, /OP_CONNECT_TOKEN is not set/);
  });

  it("finds a server that isn't Connect", async () => {
    const connect = await serve(() => ({ body: "<html>" }));
    assert.match((await secrets({ connect }))[0].found, /answers, but not as a Connect server/);
  });

  const onepassword = { provider: "onepassword", onepassword: { vault, items: ids } };

  it("takes the Connect server of the environment where the settings name none", async () => {
    const host = await serveConnect({ token: "token", vault: { id: vault, name: "Home" }, items });
    const env = { OP_CONNECT_HOST: `http://${host}`, OP_CONNECT_TOKEN: "token" };
    assert.deepEqual(await secrets({ raw: { secrets: onepassword }, env }), []);
    assert.match((await secrets({ raw: { secrets: onepassword }, env: {} }))[0].found, /neither a Connect server nor/);
  });

  it("asks the command `op` for a service account, and says so where it is missing", async () => {
    const bin = temporaryFolder();
    const answers = JSON.stringify({ [vault]: { name: "Home" }, ...items });
    const script = `#!${process.execPath}\nconsole.log(JSON.stringify((${answers})[process.argv[4]]))\n`;
    writeFileSync(join(bin, "op"), script);
    chmodSync(join(bin, "op"), 0o755);
    const env = { OP_SERVICE_ACCOUNT_TOKEN: "t", PATH: bin };
    assert.deepEqual(await secrets({ raw: { secrets: onepassword }, env }), []);
    const [missing] = await secrets({
      raw: { secrets: onepassword },
      env: { ...env, PATH: temporaryFolder() },
    });
    assert.match(missing.found, /the command `op` is missing/);
  });
});

describe("preflight of the object store", () => {
  afterEach(stopAll);

  const store = async (surroundings: Surroundings) =>
    lines(wrong(await look(surroundings)).filter(({ area }) => area === "object store"));

  it("finds an address that refuses connections", async () => {
    const minio = await refusingAddress();
    assert.deepEqual(await store({ minio }), [`MinIO: failed: ${minio} refuses connections`]);
  });

  it("finds TLS where the settings say none, and none where they say TLS", async () => {
    // What a server of Go answers to plain HTTP on its TLS port.
    const tls = await serve(() => ({ status: 400, body: "Client sent an HTTP request to an HTTPS server.\n" }));
    assert.deepEqual(await store({ minio: tls }), [`MinIO: failed: http://${tls} speaks TLS`]);
    const plain = await serveMinio("admin", []);
    const raw = {
      objectStore: { kind: "minio", endpoint: "http://nas:9000", providerAddress: plain, providerTls: true },
    };
    assert.deepEqual(await store({ raw }), [`MinIO: failed: ${plain} doesn't speak TLS`]);
  });

  it("finds an administrator that MinIO doesn't know", async () => {
    const minio = await serveMinio("root", []);
    assert.deepEqual(await store({ minio }), [
      "administrator: failed: the server doesn't know the access key (InvalidAccessKeyId)",
    ]);
  });

  it("finds a server that may not be MinIO", async () => {
    const minio = await serve(() => ({ status: 404, body: "" }));
    assert.match((await store({ minio }))[0], /^MinIO: unsure: .* answers 404 .* perhaps it is not MinIO$/);
  });

  it("finds a bucket that is to be imported and isn't there, and one that is there and isn't imported", async () => {
    const minio = await serveMinio("admin", ["loki"]);
    const raw = {
      objectStore: {
        kind: "minio",
        endpoint: "http://nas:9000",
        providerAddress: minio,
        importBuckets: ["mimir-blocks"],
      },
    };
    assert.deepEqual(await store({ raw }), [
      "bucket loki: unsure: is there, and not imported",
      "bucket mimir-blocks: failed: is to be imported, and not there",
    ]);
  });

  it("lists buckets that exist with their own key, where it can be read", async () => {
    const s3 = await serveMinio("loki-key", ["logs"]);
    const settings = { kind: "existing", endpoint: `http://${s3}`, forcePathStyle: true, region: "us-east-1" } as const;
    const key = { id: "loki-key", secret: "s" };
    const uses = [
      { buckets: ["logs", "lost"], key },
      { buckets: ["logs"], key: { ...key, id: "other" } },
      { buckets: ["blocks"] },
    ];
    assert.deepEqual(lines(await lookAtExisting(settings, uses, { milliseconds: 10_000 })), [
      `S3: ok: http://${s3} answers`,
      "bucket logs: ok: can be listed with its key",
      "bucket lost: failed: the server has no such bucket (NoSuchBucket)",
      "bucket logs: failed: the server doesn't know the access key (InvalidAccessKeyId)",
      "bucket blocks: skipped: not tried: its key can't be read from here",
    ]);
  });

  it("minds no store that only pods have to reach", async () => {
    const raw = {
      secrets: { provider: "config" },
      secretValues: { lokiObjectStore: { accessKey: "a", secretKey: "s" } },
      alertmanager: {},
      objectStore: { kind: "existing", endpoint: "http://s3.invalid:9000" },
    };
    const [line, ...others] = await store({ raw });
    assert.match(line, /^S3: unsure: s3\.invalid:9000 is no name that resolves/);
    assert.deepEqual(others, []);
  });
});

describe("preflight of the cluster", () => {
  afterEach(stopAll);

  const found = async (objects: Record<string, unknown>, raw?: Record<string, unknown>) => {
    const results = await look({ api: await serveApi({ ...cluster, ...objects }), raw });
    return lines(wrong(results).filter(({ area }) => area === "cluster"));
  };
  const withKubeconfig = (kubernetes: object) => look({ raw: { kubernetes } });

  it("finds a kubeconfig, and a context in it, that isn't there", async () => {
    const missing = join(temporaryFolder(), "kubeconfig");
    const [line] = lines(wrong(await withKubeconfig({ kubeconfig: missing })));
    assert.match(line, /^Kubernetes: failed: .*kubeconfig can't be read: ENOENT/);
    const kubeconfig = kubeconfigFor(await serveApi(cluster));
    assert.deepEqual(lines(wrong(await withKubeconfig({ kubeconfig, context: "there" }))), [
      "Kubernetes: failed: there is no context there; there are here",
    ]);
  });

  it("finds a Kubernetes that doesn't keep volumes as told", async () => {
    const [line] = await found({ "/version": { major: "1", minor: "26+", gitVersion: "v1.26.9" } });
    assert.match(line, /^Kubernetes: failed: .* runs v1\.26\.9$/);
  });

  it("finds credentials that are not accepted, and goes on where they may not read one thing", async () => {
    assert.deepEqual(await found({ "/version": 401 }), [
      "Kubernetes: failed: the API server doesn't accept the credentials (401)",
    ]);
    assert.deepEqual(await found({ "/api/v1/nodes": 403 }), []);
  });

  const namespacePath = "/api/v1/namespaces/monitoring";
  const ours = { "app.kubernetes.io/part-of": "observability", "app.kubernetes.io/managed-by": "pulumi" };
  const namespace = (labels: object) => ({ [namespacePath]: { metadata: { name: "monitoring", labels } } });

  it("finds a namespace of somebody else's where one is to be made", async () => {
    assert.deepEqual(await found(namespace({})), [
      "namespace monitoring: failed: is there, and not this program's: it can't be made",
    ]);
    assert.deepEqual(await found(namespace({ ...ours, "app.kubernetes.io/name": "observability" })), []);
    assert.deepEqual(await found(namespace({}), { namespace: { create: false } }), []);
  });

  it("finds no namespace where one is to be used", async () => {
    assert.deepEqual(await found({}, { namespace: { create: false } }), [
      "namespace monitoring: failed: is not there, and namespace.create is false",
    ]);
  });

  it("finds a storage class that is missing, by the setting that names it", async () => {
    assert.deepEqual(await found({}, { kps: { storageClass: "fast" } }), [
      'storage classes: failed: the cluster lacks "fast" (kps.storageClass); it has local-path, openebs-hostpath',
    ]);
    assert.deepEqual(await found({}, { kps: { storageClass: "fast", enabled: false } }), []);
  });

  it("finds no default storage class where volumes name none", async () => {
    const items = [{ metadata: { name: "local-path" } }];
    const [line] = await found({ "/apis/storage.k8s.io/v1/storageclasses": { items } });
    assert.match(line, /lacks a default one \(loki\.storageClass\)/);
  });

  it("finds nodes that are not as described", async () => {
    const raw = { cluster: { nodes: [{ name: "pc", arch: "amd64", count: 2, cpu: 4, memory: "8Gi" }] } };
    assert.deepEqual(await found({}, raw), ["nodes: unsure: there are 1 arm64; cluster.nodes says 2 amd64"]);
  });

  const crdPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/servicemonitors.monitoring.coreos.com";
  const crd = (release?: string) => ({
    [crdPath]: {
      metadata: {
        name: "servicemonitors.monitoring.coreos.com",
        annotations: release && {
          "meta.helm.sh/release-name": release,
          "meta.helm.sh/release-namespace": "monitoring",
        },
      },
    },
  });

  it("finds CRDs that are not this program's, unless they are taken over", async () => {
    assert.deepEqual(await found(crd()), ["CRDs: failed: belong to no Helm release"]);
    assert.deepEqual(await found(crd("other")), ["CRDs: failed: belong to the Helm release monitoring/other"]);
    assert.deepEqual(await found(crd(), { adopt: { crds: true } }), []);
    assert.deepEqual(await found(crd("prometheus-operator-crds")), []);
  });

  const releases = (name: string, ...states: string[]) => ({
    [`/api/v1/namespaces/monitoring/secrets?labelSelector=owner=helm,name=${name}`]: {
      items: states.map((status) => ({ metadata: { labels: { status } } })),
    },
  });
  const adopt = { adopt: { kps: { release: "monitoring/kps" } } };

  it("finds no release where one is to be taken over", async () => {
    assert.deepEqual(await found(releases("kps"), adopt), [
      "kube-prometheus-stack: failed: there is no release monitoring/kps to take over",
    ]);
    assert.deepEqual(await found(releases("kps", "superseded", "deployed"), adopt), []);
    const back = { adopt: { kps: { release: "monitoring/kps", import: false } } };
    assert.deepEqual(await found(releases("kps"), back), []);
  });

  it("finds a release whose removal was cut off", async () => {
    assert.deepEqual(await found(releases("kube-prometheus-stack", "superseded", "uninstalling")), [
      "kube-prometheus-stack: failed: release monitoring/kube-prometheus-stack is uninstalling",
    ]);
  });

  it("finds a release that an interrupted update left pending", async () => {
    assert.deepEqual(await found(releases("kube-prometheus-stack", "deployed", "pending-upgrade")), [
      "kube-prometheus-stack: failed: release monitoring/kube-prometheus-stack is pending-upgrade",
    ]);
  });

  it("finds a release, or a Prometheus, that may have to be taken over", async () => {
    assert.deepEqual(await found(releases("kube-prometheus-stack", "deployed")), [
      "kube-prometheus-stack: unsure: release monitoring/kube-prometheus-stack is there",
    ]);
    const items = [{ metadata: { namespace: "prom", name: "main" } }];
    assert.deepEqual(await found({ "/apis/monitoring.coreos.com/v1/prometheuses": { items } }), [
      "kube-prometheus-stack: unsure: a Prometheus runs already: prom/main",
    ]);
  });

  it("finds an existing Secret that isn't there, or lacks a key", async () => {
    const raw = {
      secrets: { provider: "config", existing: { grafanaAdmin: { name: "g", keys: { "admin-user": "user" } } } },
    };
    const settings = { ...raw, objectStore: { kind: "embedded" }, alertmanager: {} };
    assert.deepEqual(await found({}, settings), [
      "Secret g: failed: is not there, and secrets.existing.grafanaAdmin names it",
    ]);
    const path = "/api/v1/namespaces/monitoring/secrets/g";
    assert.deepEqual(await found({ [path]: { data: { other: "" } } }, settings), ["Secret g: failed: lacks user"]);
    assert.deepEqual(await found({ [path]: { data: { user: "" } } }, settings), []);
  });
});

describe("the preflight's table", () => {
  it("has a line for each thing, and what to do below it", () => {
    const results: Result[] = [
      { area: "secrets", what: "1Password", status: "ok", found: "answers" },
      {
        area: "cluster",
        what: "CRDs",
        status: "failed",
        found: "belong to no Helm release",
        todo: "set adopt.crds: true",
      },
      { area: "cluster", what: "nodes", status: "unsure", found: "a", todo: "b" },
      { area: "object store", what: "MinIO", status: "skipped", found: "will be made" },
    ];
    assert.equal(
      table(results),
      [
        "✓ secrets       1Password  answers",
        "✗ cluster       CRDs       belong to no Helm release",
        "                           → set adopt.crds: true",
        "? cluster       nodes      a",
        "                           → b",
        "– object store  MinIO      will be made",
      ].join("\n"),
    );
  });
});
