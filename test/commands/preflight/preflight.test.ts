import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imageVersion } from "../../../components/kubernetes/labels";
import { imageList } from "../../../settings/image-list";
import { parseSettings } from "../../../settings/load";
import { preflight } from "../../../commands/preflight/preflight";
import { lookAtExisting } from "../../../commands/preflight/object-store";
import type { Managed } from "../../../commands/preflight/cluster";
import type { Result } from "../../../commands/shared/api/result";
import { table } from "../../../commands/preflight/table";
import { temporaryFolder } from "../../support/temporary-folder";
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
  /** What the stack's state has. */
  managed?: Managed;
}

/** Everything well but for what a test changes. */
async function look({
  connect,
  minio,
  api,
  raw,
  env = { OP_CONNECT_TOKEN: "token" },
  seconds = 10,
  managed,
}: Surroundings) {
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
  return preflight(parseSettings(settings, { stack: "test" }), env, { milliseconds: seconds * 1000 }, managed);
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
        "upstream's rules ok",
        "versions ok",
        "data sources of other applications ok",
      ],
    );
  });

  it("shows no secret, whatever it finds", async () => {
    const minio = await serveMinio("someone-else", []);
    for (const results of [await look({}), await look({ minio })])
      assert.ok(!JSON.stringify(results).includes(password) && !table("production", results).includes(password));
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
    assert.match(first.found, /connect\.invalid:8080 can't be resolved/);
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
      [{ fields: [{ label: "url", value: "x" }] }, /lacks url, or it is empty or in no section/],
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

  it("looks for the fields that a receiver reads, by its kind", async () => {
    const id = "d".repeat(26);
    const raw = {
      secrets: { provider: "onepassword", onepassword: { vault, items: { ...ids, receivers: { ntfy: id } } } },
      alertmanager: {
        pushover: true,
        heartbeat: true,
        receivers: { ntfy: { kind: "webhook", authorization: "bearer", url: "https://ntfy.example.org/alerts" } },
        routes: [{ receiver: "ntfy" }],
      },
    };
    const withItem = (label: string) => ({
      token: "token",
      vault: { id: vault, name: "Home" },
      items: {
        ...items,
        [id]: { title: "ntfy", sections: [{ id: "s" }], fields: [{ label, value: "x", section: { id: "s" } }] },
      },
    });
    const env = async (label: string) => ({
      OP_CONNECT_HOST: `http://${await serveConnect(withItem(label))}`,
      OP_CONNECT_TOKEN: "token",
    });
    assert.deepEqual(lines(await secrets({ raw, env: await env("token") })), []);
    assert.deepEqual(lines(await secrets({ raw, env: await env("password") })), [
      'item receivers.ntfy: failed: "ntfy" lacks token, or it is empty or in no section; it has password',
    ]);
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
    assert.match(
      (await store({ minio }))[0],
      /^MinIO: unsure: .* answers its health check with 404: perhaps it is not MinIO$/,
    );
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
      "bucket loki: unsure: exists, and is not imported",
      "bucket mimir-blocks: failed: should be imported, but does not exist",
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
    assert.match(line, /^S3: unsure: s3\.invalid:9000 can't be resolved/);
    assert.deepEqual(others, []);
  });
});

describe("preflight of the cluster", () => {
  afterEach(stopAll);

  const results = async (objects: Record<string, unknown>, raw?: Record<string, unknown>, managed?: Managed) =>
    wrong(await look({ api: await serveApi({ ...cluster, ...objects }), raw, managed })).filter(
      ({ area }) => area === "cluster",
    );
  const found = async (...args: Parameters<typeof results>) => lines(await results(...args));
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
      "namespace monitoring: failed: exists, but was not created by this program: it can't be created again",
    ]);
    assert.deepEqual(await found(namespace({ ...ours, "app.kubernetes.io/name": "observability" })), []);
    assert.deepEqual(await found(namespace({}), { namespace: { create: false } }), []);
  });

  it("finds a namespace to be used that would refuse the stack's pods", async () => {
    const there = namespace({ "pod-security.kubernetes.io/enforce": "baseline" });
    const raw = { namespace: { create: false } };
    assert.deepEqual(await found(there, raw), [
      'namespace monitoring: failed: enforces the Pod Security Standard baseline, which refuses pods that read their node: exporters.nodeExporter.enabled, logs.source: "files", logs.journal',
    ]);
    const none = { logs: { source: "api", journal: false }, exporters: { nodeExporter: { enabled: false } } };
    assert.deepEqual(await found(there, { ...raw, ...none }), []);
  });

  it("finds no namespace where one is to be used", async () => {
    assert.deepEqual(await found({}, { namespace: { create: false } }), [
      "namespace monitoring: failed: does not exist, and namespace.create is false",
    ]);
  });

  it("finds a storage class that is missing, by the setting that names it", async () => {
    assert.deepEqual(await found({}, { kps: { storageClass: "fast" } }), [
      'storage classes: failed: the cluster lacks "fast" (kps.storageClass); it has local-path, openebs-hostpath',
    ]);
    assert.deepEqual(await found({}, { kps: { storageClass: "fast", enabled: false } }), []);
  });

  it("finds an update of what runs that skips a version, or goes back where there is no way", async () => {
    const path =
      "/apis/apps/v1/namespaces/monitoring/statefulsets?labelSelector=app.kubernetes.io/part-of=observability";
    const runs = (name: string, version: string) => ({
      metadata: { name, labels: { "app.kubernetes.io/name": name, "app.kubernetes.io/version": version } },
    });
    const list = imageList.filter(({ name }) => name === "loki" || name === "grafana");
    const [loki, grafana] = ["loki", "grafana"].map((name) =>
      imageVersion(list.find((image) => image.name === name)!.reference),
    );
    const [major, minor] = loki.split(".").map(Number);
    const of = (...items: object[]) => found({ [path]: { items } });
    assert.deepEqual(await of(runs("loki", loki), runs("grafana", grafana), runs("mimir", "main-1234")), []);
    assert.deepEqual(await of(runs("loki", `${major}.${minor - 1}.9`)), []);
    assert.deepEqual(await of(runs("loki", `${major}.${minor + 1}.0`)), []);
    const [skipped] = await of(runs("loki", `${major}.${minor - 2}.0`));
    assert.match(skipped, new RegExp(`^versions: failed: Loki \\S+ → ${loki} skips ${major}\\.${minor - 1}: `));
    const [back] = await of(runs("grafana", "99.0.0"));
    assert.match(back, /^versions: failed: Grafana 99\.0\.0 → .*never back/);
  });

  it("finds no default storage class where volumes name none", async () => {
    const items = [{ metadata: { name: "local-path" } }];
    const [line] = await found({ "/apis/storage.k8s.io/v1/storageclasses": { items } });
    assert.match(line, /lacks a default one \(loki\.storageClass, kps\.storageClass/);
  });

  it("finds nodes that are not as described", async () => {
    const raw = { cluster: { nodes: [{ name: "pc", arch: "amd64", count: 2, cpu: 4, memory: "8Gi" }] } };
    assert.deepEqual(await found({}, raw), ["nodes: unsure: the cluster has 1 arm64; cluster.nodes says 2 amd64"]);
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
      // As an API server lists them: by name, v10 before v9.
      items: states
        .map((status, index) => ({ metadata: { labels: { status, version: String(index + 9) } } }))
        .sort((a, b) => a.metadata.labels.version.localeCompare(b.metadata.labels.version)),
    },
  });
  const adopt = { adopt: { kps: { release: "monitoring/kps" } } };

  it("finds no release where one is to be taken over", async () => {
    assert.deepEqual(await found(releases("kps"), adopt), [
      "kube-prometheus-stack: failed: there is no release monitoring/kps to adopt",
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
      "kube-prometheus-stack: unsure: release monitoring/kube-prometheus-stack exists",
    ]);
    const items = [{ metadata: { namespace: "prom", name: "main" } }];
    assert.deepEqual(await found({ "/apis/monitoring.coreos.com/v1/prometheuses": { items } }), [
      "kube-prometheus-stack: unsure: a Prometheus is already running: prom/main",
    ]);
  });

  it("finds a part of the control plane whose selector fits no pod, as kube-proxy's with Cilium", async () => {
    const raw = {
      objectStore: { kind: "embedded" },
      monitors: { proxy: { selector: { "k8s-app": "kube-proxy" } }, etcd: { endpoints: ["10.0.0.1"] } },
    };
    const path = "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app=kube-proxy";
    assert.deepEqual(await found({ [path]: { items: [] } }, raw), [
      "pods of kube-proxy: failed: no pod in kube-system has k8s-app=kube-proxy (monitors.proxy.selector)",
    ]);
    assert.deepEqual(await found({ [path]: { items: [{ metadata: { name: "kube-proxy-x" } }] } }, raw), []);
  });

  describe("after a removal that kept a part, which the stack's state doesn't have", () => {
    const name = "prometheus-operator-crds";
    const nothing: Managed = new Set();
    const all: Managed = new Set(["crds", "kps", "namespace"]);
    const forget = `kubectl --namespace monitoring delete secret --selector owner=helm,name=${name}`;

    it("names the release of the CRDs, under whose name nothing can be installed, and the setting that takes it over", async () => {
      const there = { ...crd(name), ...releases(name, "superseded", "deployed") };
      const [left] = await results(there, {}, nothing);
      assert.deepEqual(
        [left.what, left.status, left.found, left.todo],
        [
          ...["CRDs", "failed"],
          `release monitoring/${name} exists, but is not in this stack's state: nothing can be installed under its name`,
          `set adopt.crdsRelease: monitoring/${name}`,
        ],
      );
      assert.deepEqual(await found(there, {}, all), []);
      assert.deepEqual(await found(there, { adopt: { crdsRelease: `monitoring/${name}` } }, nothing), []);
      const [unknown] = await results(there);
      assert.equal(unknown.status, "unsure");
      assert.match(
        unknown.todo ?? "",
        /^do nothing if this stack created it; otherwise set adopt\.crdsRelease: monitoring\//,
      );
    });

    it("names kube-prometheus-stack and the namespace in the same way", async () => {
      const kps = releases("kube-prometheus-stack", "deployed");
      const [left] = await results(kps, {}, nothing);
      assert.deepEqual([left.status, left.todo], ["failed", "set adopt.kps.release: monitoring/kube-prometheus-stack"]);
      assert.deepEqual(await found(kps, {}, all), []);
      const back = { adopt: { kps: { release: "monitoring/kps", import: false } } };
      const [again] = await results(releases("kps", "deployed"), back, nothing);
      assert.deepEqual([again.status, again.todo], ["failed", "set adopt.kps.import: true"]);
      const own = namespace({ ...ours, "app.kubernetes.io/name": "observability" });
      const [kept] = await results(own, {}, nothing);
      assert.deepEqual([kept.status, kept.todo], ["failed", "set namespace.create: false"]);
      assert.deepEqual(await found(own, {}, all), []);
    });

    const states: [states: string[], kps: string | RegExp, crds: string | RegExp][] = [
      [["pending-install"], "helm uninstall", forget],
      [["deployed", "pending-upgrade"], "helm rollback", /^helm rollback/],
      [["superseded", "uninstalling"], "helm uninstall", forget],
      [["superseded", "uninstalled"], "helm uninstall", forget],
      [["failed"], "helm uninstall", forget],
      [
        ["deployed", "failed"],
        /^helm rollback .* and then set adopt\.kps\.release/,
        /^helm rollback .* and then set adopt/,
      ],
    ];
    for (const [given, kps, crds] of states)
      it(`names one that is ${given.join(", ")}, with the command that clears it, which never uninstalls the CRDs`, async () => {
        const [ofKps] = await results(releases("kube-prometheus-stack", ...given), {}, nothing);
        assert.deepEqual([ofKps.what, ofKps.status], ["kube-prometheus-stack", "failed"]);
        assert.match(ofKps.found, new RegExp(`is ${given.at(-1)}`));
        assert.match(
          ofKps.todo ?? "",
          typeof kps === "string" ? new RegExp(`^${kps} --namespace monitoring kube`) : kps,
        );
        const [ofCrds] = await results({ ...crd(name), ...releases(name, ...given) }, {}, nothing);
        assert.deepEqual([ofCrds.what, ofCrds.status], ["CRDs", "failed"]);
        if (typeof crds === "string") assert.equal(ofCrds.todo, crds);
        else assert.match(ofCrds.todo ?? "", crds);
        assert.doesNotMatch(ofCrds.todo ?? "", /uninstall/);
      });

    it("asks for no setting beside the rollback where a failed release is taken over already", async () => {
      const [kps] = await results(
        releases("kps", "deployed", "failed"),
        { adopt: { kps: { release: "monitoring/kps" } } },
        nothing,
      );
      assert.equal(kps.todo, "helm rollback --namespace monitoring kps");
      const [crds] = await results(
        { ...crd(name), ...releases(name, "deployed", "failed") },
        { adopt: { crdsRelease: `monitoring/${name}` } },
        nothing,
      );
      assert.equal(crds.todo, `helm rollback --namespace monitoring ${name}`);
    });

    it("lets a failed release of this stack's pass, which the update tries anew", async () => {
      assert.deepEqual(await found(releases("kube-prometheus-stack", "failed"), {}, all), []);
    });
  });

  it("finds no CRDs where something else is said to install them", async () => {
    const raw = { crds: { create: false } };
    assert.deepEqual(await found({}, raw), ["CRDs: failed: do not exist, and crds.create is false"]);
    assert.deepEqual(await found(crd("theirs"), raw), []);
  });

  it("finds an existing Secret that isn't there, lacks a key, or is still encrypted", async () => {
    const raw = {
      secrets: { provider: "config", existing: { grafanaAdmin: { name: "g", keys: { "admin-user": "user" } } } },
    };
    const settings = { ...raw, objectStore: { kind: "embedded" }, alertmanager: {} };
    assert.deepEqual(await found({}, settings), [
      "Secret g: failed: does not exist, but secrets.existing.grafanaAdmin refers to it",
    ]);
    const path = "/api/v1/namespaces/monitoring/secrets/g";
    assert.deepEqual(await found({ [path]: { data: { other: "" } } }, settings), ["Secret g: failed: lacks user"]);
    assert.deepEqual(await found({ [path]: { data: { user: "" } } }, settings), []);
    const encrypted = Buffer.from("ENC[AES256_GCM,data:abc=,iv:x,tag:y,type:str]").toString("base64");
    assert.deepEqual(await found({ [path]: { data: { user: encrypted } } }, settings), [
      "Secret g: failed: has user as SOPS encrypted it: it was applied without being decrypted",
    ]);
  });

  it("finds a Secret with Alertmanager's configuration that isn't there, or lacks it", async () => {
    const raw = { secrets: {}, objectStore: { kind: "embedded" }, alertmanager: { existingConfigSecret: "own" } };
    const path = "/api/v1/namespaces/monitoring/secrets/own";
    const [missing] = await results({}, raw);
    assert.equal(missing.found, "does not exist, but alertmanager.existingConfigSecret refers to it");
    assert.equal(
      missing.todo,
      "create it: kubectl -n monitoring create secret generic own --from-file=alertmanager.yaml",
    );
    const [lacks] = await results({ [path]: { data: { "alertmanager.yml": "YQ==" } } }, raw);
    assert.equal(lacks.found, "has no alertmanager.yaml, or it is empty; it has alertmanager.yml");
    assert.equal((await results({ [path]: { data: { "alertmanager.yaml": "" } } }, raw)).length, 1);
  });

  it("reads Alertmanager's configuration in a Secret, and shows no value of it", async () => {
    const raw = { secrets: {}, objectStore: { kind: "embedded" }, alertmanager: { existingConfigSecret: "own" } };
    const look = (text: string) => {
      const data = { "alertmanager.yaml": Buffer.from(text).toString("base64") };
      return results({ "/api/v1/namespaces/monitoring/secrets/own": { data } }, raw);
    };
    const receivers = "receivers: [{ name: a, webhook_configs: [{ url: 'http://hunter2' }] }, { name: b }]";
    const [wrong] = await look(`route: { receiver: c }\n${receivers}`);
    assert.deepEqual(
      [wrong.status, wrong.found],
      [
        "failed",
        'Alertmanager would refuse its alertmanager.yaml: route.receiver: there is no receiver "c"; did you mean a? (allowed: a, b)',
      ],
    );
    const [doubtful] = await look(`route: { receiver: b }\n${receivers}`);
    assert.equal(doubtful.status, "unsure");
    assert.match(doubtful.found, /receiver "a" is never notified: .*Watchdog, which always fires, has no receiver/);
    const well = `route: { receiver: b, routes: [{ receiver: a, matchers: [alertname=Watchdog] }] }\n${receivers}`;
    assert.deepEqual(await look(well), []);
    const shown = JSON.stringify([wrong, doubtful]);
    assert.ok(!shown.includes("hunter2"), shown);
  });

  it("asks for Kubernetes 1.29 where Grafana's sidecar runs before Grafana", async () => {
    const old = { "/version": { major: "1", minor: "28", gitVersion: "v1.28.9" } };
    const raw = { secrets: {}, objectStore: { kind: "embedded" }, alertmanager: {} };
    const [line] = await results(old, raw);
    assert.match(line.todo ?? "", /1\.29 is the oldest version that can start Grafana's sidecar/);
    assert.deepEqual(await found(old, { ...raw, grafana: { sidecar: { enabled: false } } }), []);
  });

  it("finds that the CRDs of the Gateway API are missing where a route is set", async () => {
    const route = { parentRefs: [{ name: "home" }], hostnames: ["g.example.org"] };
    const raw = {
      secrets: {},
      objectStore: { kind: "embedded" },
      alertmanager: {},
      grafana: { route },
      loki: { route },
    };
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/httproutes.gateway.networking.k8s.io";
    const crd = (name: string) => ({ [path]: { spec: { versions: [{ name, served: true }] } } });
    const [missing] = await results({}, raw);
    assert.match(missing.found, /^has no CRD httproutes\..+, and grafana\.route, loki\.route needs it$/);
    assert.match(missing.todo ?? "", /install the CRDs of the Gateway API/);
    assert.match((await results(crd("v1beta1"), raw))[0].found, /^has HTTPRoute v1beta1, not v1/);
    assert.deepEqual(await found(crd("v1"), raw), []);
  });

  it("finds a namespace of the sidecar, and a Secret for Grafana's settings, that isn't there", async () => {
    const grafana = { sidecar: { namespaces: ["monitoring", "shop"] }, secretMounts: ["tempo"] };
    const raw = { secrets: {}, objectStore: { kind: "embedded" }, alertmanager: {}, grafana };
    assert.deepEqual(
      (await results({}, raw)).map(({ what, found }) => `${what} ${found}`),
      [
        "namespace shop does not exist, and grafana.sidecar.namespaces names it",
        "Secret tempo does not exist, and grafana.secretMounts names it",
      ],
    );
    const there = {
      "/api/v1/namespaces/shop": { metadata: { name: "shop" } },
      "/api/v1/namespaces/monitoring/secrets/tempo": { data: {} },
    };
    assert.deepEqual(await found(there, raw), []);
  });
});

describe("preflight of data sources that other applications bring", () => {
  afterEach(stopAll);

  const file = (...sources: object[]) => JSON.stringify({ apiVersion: 1, datasources: sources });
  const configMap = (name: string, text: string, labels: object = {}) => ({
    metadata: { namespace: name.split("/")[0], name: name.split("/")[1], labels },
    data: { "s.yaml": text, "notes.txt": "isDefault: true" },
  });
  const selected = (selector: string) => `/api/v1/configmaps?labelSelector=${selector}`;
  const own = selected("grafana_datasource=1,app!=kube-prometheus-stack-grafana");
  const line = async (path: string, items: object[], grafana: object = {}) =>
    (await look({ api: await serveApi({ ...cluster, [path]: { items } }), raw: { grafana } })).find(
      ({ what }) => what === "data sources of other applications",
    );

  it("names a ConfigMap with a second default, with the stack's names, and one that is none", async () => {
    const found = await line(own, [
      configMap(
        "tracing/tempo",
        file({ name: "Tempo", uid: "tempo", isDefault: true }, { name: "T", orgId: 2, isDefault: true }),
      ),
      configMap("shop/loki", file({ name: "Loki", uid: "l" })),
      configMap("shop/vm", file({ name: "VM", uid: "victoria-metrics" })),
      configMap("shop/broken", "a: [b"),
    ]);
    assert.equal(found?.status, "failed");
    assert.deepEqual(
      found?.found.split("; ").map((each) => each.replace(/[:(,].*/, "")),
      ["shop/broken", "tracing/tempo", "set isDefault", "shop/loki", "rename it there", "shop/vm", "rename it there"],
    );
    assert.match(found?.found ?? "", /tracing\/tempo: s\.yaml makes Tempo the default/);
    assert.match(found?.todo ?? "", /remove the label grafana_datasource from/);
  });

  it("minds no others, nor the stack's own of another time", async () => {
    const labels = { "app.kubernetes.io/part-of": "observability" };
    const found = await line(own, [
      configMap("tracing/tempo", file({ name: "Tempo", uid: "tempo" })),
      configMap("monitoring/grafana-datasources", file({ name: "Loki", uid: "loki", isDefault: true }), labels),
    ]);
    assert.deepEqual(
      [found?.status, found?.found],
      ["ok", "1 in labelled ConfigMaps, none in conflict with the stack's own"],
    );
  });

  it("looks at those of a Grafana that exists where the stack's default becomes its own", async () => {
    const items = [configMap("grafana/old", file({ name: "Old", isDefault: true }))];
    const path = selected("grafana_datasource=1");
    assert.equal((await line(path, items, { create: false, claimDefault: true }))?.status, "failed");
    assert.equal(await line(path, items, { create: false }), undefined);
    assert.equal(await line(own, items, { sidecar: { enabled: false } }), undefined);
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
      table("production", results),
      [
        "Stack production: 1 to fix first; 1 to look at (?).",
        "",
        "✗ cluster       CRDs       belong to no Helm release",
        "                           → set adopt.crds: true",
        "? cluster       nodes      a",
        "                           → b",
        "✓ secrets       1Password  answers",
        "– object store  MinIO      will be made",
      ].join("\n"),
    );
  });
});
