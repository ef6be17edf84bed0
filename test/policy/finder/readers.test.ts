import assert from "node:assert/strict";
import { configurationFieldsAreKnown } from "../../../policy/configuration-fields-are-known";
import { mimirStorageIsSeparate } from "../../../policy/mimir-storage-is-separate";
import { object, stackFindings, type TestResource } from "../support";

// A file in which nothing shows whose it is, or a setting of another program: the workload that reads it says so, by its image and its arguments.

interface Mounted {
  image?: string;
  args?: string[];
  mount?: object;
  volume?: object;
}

const misspelt = "server: {http_listen_prot: 3100}";

function stack(text: string, { image = "grafana/loki:3.7.1", args, mount, volume }: Mounted, kind = "ConfigMap") {
  const metadata = { namespace: "monitoring", name: "settings" };
  const data = { "config.yaml": kind === "Secret" ? Buffer.from(text).toString("base64") : text, other: "a: 1" };
  const source = kind === "Secret" ? { secret: { secretName: "settings" } } : { configMap: { name: "settings" } };
  const container = {
    ...{ name: "main", image, args: args ?? ["-config.file=/etc/x/config.yaml"] },
    volumeMounts: [mount ?? { name: "c", mountPath: "/etc/x" }],
  };
  const spec = { containers: [container], volumes: [{ name: "c", ...(volume ?? source) }] };
  return [
    object("core/v1", kind, { metadata, data }),
    object("apps/v1", "StatefulSet", { metadata: { ...metadata, name: "main" }, spec: { template: { spec } } }),
  ];
}

const said = async (resources: TestResource[]) =>
  (
    await Promise.all(
      [configurationFieldsAreKnown, mimirStorageIsSeparate].map((policy) => stackFindings(policy, resources)),
    )
  ).flat();

describe("a file that nothing but its reader shows to be a program's", () => {
  const mimir = { image: "registry.home/grafana/mimir:3.0.5" };
  const separate =
    "blocks_storage: {backend: s3, s3: {bucket_name: one}}\nruler_storage: {backend: s3, s3: {bucket_name: two}}\n";
  const refused: [what: string, place: string, resources: TestResource[]][] = [
    ["has one key, misspelt", "server.http_listen_prot", stack(misspelt, {})],
    [
      "is mounted as a single file",
      "server.http_listen_prot",
      stack(misspelt, { mount: { name: "c", mountPath: "/etc/x/config.yaml", subPath: "config.yaml" } }),
    ],
    [
      "is mounted by another name",
      "server.http_listen_prot",
      stack(misspelt, {
        args: ["-config.file", "/etc/x/a/loki.yaml"],
        volume: { configMap: { name: "settings", items: [{ key: "config.yaml", path: "a/loki.yaml" }] } },
      }),
    ],
    [
      "is one of several sources",
      "server.http_listen_prot",
      stack(misspelt, {
        volume: { projected: { sources: [{ secret: { name: "x" } }, { configMap: { name: "settings" } }] } },
      }),
    ],
    ["is in a Secret", "server.http_listen_prot", stack(misspelt, {}, "Secret")],
    [
      "is where Loki's image looks for it",
      "server.http_listen_prot",
      stack(misspelt, {
        args: [],
        mount: { name: "c", mountPath: "/etc/loki/local-config.yaml", subPath: "config.yaml" },
      }),
    ],
    [
      "has a switch of Cortex's",
      "store_gateway.sharding_enabled",
      stack(`${separate}store_gateway: {sharding_enabled: true}`, mimir),
    ],
    ["has the engine of Cortex's", ": storage", stack(`${separate}storage: {engine: blocks}`, mimir)],
    [
      "has one bucket for all",
      "ruler_storage.s3.bucket_name",
      stack("common: {storage: {backend: s3, s3: {bucket_name: one}}}", mimir),
    ],
  ];
  for (const [what, place, resources] of refused) {
    it(`is judged where it ${what}`, async () => {
      const messages = await said(resources);
      assert.equal(messages.length, 1, messages.join("\n"));
      assert.ok(/^(ConfigMap|Secret) monitoring\/settings: /.test(messages[0]) && messages[0].includes(place));
    });
  }

  const accepted: [what: string, resources: TestResource[]][] = [
    ["is right", stack("server: {http_listen_port: 3100}", {})],
    ["is another program's", stack(misspelt, { image: "example.org/web:1" })],
    ["isn't the one that is read", stack(misspelt, { args: ["-config.file=/etc/x/other"] })],
    ["is mounted elsewhere", stack(misspelt, { args: ["-config.file=/etc/y/config.yaml"] })],
  ];
  for (const [what, resources] of accepted) {
    it(`is no fault where it ${what}`, async () => {
      assert.deepEqual(
        (await said(resources)).filter((message) => message.includes("http_listen_p")),
        [],
      );
    });
  }
});
