import assert from "node:assert/strict";
import { vectorConfig } from "../components/vector/config";
import { journalProgram, lineProgram, podProgram } from "../components/vector/vrl";
import { hasCargo, rustProgram } from "../lab/cluster/cargo";
import { settingsSchema } from "../settings/schema";
import { secretForms } from "../settings/sections/logs";
import { discovered, excludedNamespaces, journalUnits } from "../test/components/alloy/pods";
import { leftOut } from "./support/note";
import { runVrl, type Outcome } from "./support/vrl";

/** Vector's programs, run by the library that Vector runs them with; Vector itself can't be had here. */
describe("Vector's programs, run by VRL", function () {
  this.timeout("30m"); // the first time, VRL is built

  let runner: string;
  before(async function () {
    if (!(await hasCargo())) {
      leftOut("e2e/vector.test.ts", "Cargo is not installed, and VRL is built with it (https://rustup.rs)");
      return this.skip();
    }
    runner = await rustProgram("run-vrl");
  });

  const defaults = settingsSchema.parse({});
  const limits = defaults.loki.limits;
  const args = { settings: defaults.logs, limits, runtime: "containerd", cluster: "home" };
  const now = new Date().toISOString();
  const run = (program: string, ...events: object[]): Outcome[] => runVrl(runner, [{ program, events }])[0];

  /** A line of a pod as `kubernetes_logs` gives it on. */
  const line = (message: string, more: object = {}) => ({
    file: "/var/log/pods/shop_web-1_1b4e28ba-2fa1-11d2-883f-0016d3cca427/web/0.log",
    ...{ message, stream: "stdout", timestamp: now, source_type: "kubernetes_logs" },
    kubernetes: {
      container_id: "containerd://4f1d",
      pod_labels: { "app.kubernetes.io/name": "web", app: "x" },
    },
    ...more,
  });
  const labels = {
    ...{ cluster: "home", namespace: "shop", pod: "web-1", container: "web", app: "web", job: "shop/web" },
    ...{ stream: "stdout", container_runtime: "containerd" },
  };

  it("give the lines of each container the labels that Alloy gives them", () => {
    const read = discovered.filter(({ labels, path }) => labels && path);
    const events = read.map(({ meta, path }) => {
      const { __meta_kubernetes_pod_label_app_kubernetes_io_name: app, __meta_kubernetes_pod_container_id: id } = meta;
      const kubernetes = { container_id: id, pod_labels: app ? { "app.kubernetes.io/name": app } : {} };
      return line("hello", { file: path?.replace("*", "0"), kubernetes });
    });
    const got = run(podProgram(args), ...events).map(({ event }) => event?.labels);
    assert.deepEqual(
      got,
      read.map(({ labels }) => ({ ...labels, cluster: "home", stream: "stdout" })),
    );
    assert(read.length > 4 && excludedNamespaces.length > 0);
  });

  it("leave time and text as they were written, and nothing else beside the labels", () => {
    const timestamp = now.replace("Z", "123456Z");
    const [{ event }] = run(podProgram(args), line('  {"level":"info"}\t', { timestamp }));
    assert.deepEqual(event, { message: '  {"level":"info"}\t', timestamp, labels });
  });

  it("label what the Kubernetes API tells nothing of by its file, and its runtime by the settings", () => {
    const [gone, without] = run(
      podProgram({ ...args, cluster: undefined }),
      line("bye", { kubernetes: undefined, stream: "stderr" }),
      line("bye", { kubernetes: { pod_labels: {} } }),
    );
    const bare = {
      namespace: "shop",
      pod: "web-1",
      container: "web",
      job: "shop/web",
      container_runtime: "containerd",
    };
    assert.deepEqual(gone.event?.labels, { ...bare, stream: "stderr" });
    assert.deepEqual(without.event?.labels, { ...bare, stream: "stdout" });
  });

  it("leave out lines that Loki would refuse for their age, and only those", () => {
    const { rejectOldSamplesMaxAge } = limits;
    assert.equal(rejectOldSamplesMaxAge, "168h");
    const ago = (hours: number) => line("old", { timestamp: new Date(Date.now() - hours * 3_600_000).toISOString() });
    const [old, young] = run(podProgram(args), ago(7 * 24 + 1), ago(7 * 24 - 1));
    assert.deepEqual([old.aborted, young.event?.message], [true, "old"]);
  });

  it("label the journal's entries as Alloy does, with the time at which journald had them", () => {
    const micros = Date.now() * 1000 + 7;
    const events = journalUnits.map(({ fields }) => ({
      ...{ message: "hello", timestamp: now, __REALTIME_TIMESTAMP: String(micros), _HOSTNAME: "other" },
      ...Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [
          name.replace("__journal__", "_").replace(/^_+/, "_").toUpperCase(),
          value,
        ]),
      ),
    }));
    const got = run(journalProgram(args), ...events);
    assert.deepEqual(
      got.map(({ event }) => event?.labels),
      journalUnits.map(({ unit }) => ({
        ...{ cluster: "home", job: "systemd-journal", node: "pi-1" },
        ...(unit && { unit }),
      })),
    );
    for (const { event } of got)
      assert.equal(event?.timestamp, `${new Date(micros / 1000).toISOString().slice(0, -1)}007Z`);
    assert.deepEqual(run(journalProgram(args), { timestamp: now, __REALTIME_TIMESTAMP: "1" }), [{ aborted: true }]);
  });

  describe("of the rules for lines", () => {
    const program = (logs: object, size = 262_144) => lineProgram(settingsSchema.parse({ logs }).logs, size);
    const of = (message: string, more: object = {}) => ({ message, timestamp: now, labels: { ...labels, ...more } });
    const texts = (outcomes: Outcome[]) =>
      outcomes.map(({ event, aborted, failed }) => event?.message ?? failed ?? aborted);

    it("drop what is to be dropped, of the streams of the selector alone", () => {
      const lines = [
        { selector: '{namespace="shop", app!="api", stream=~"std.*", pod!~"db-.*"}', drop: "GET /healthz" },
      ];
      const outcomes = run(
        program({ lines }),
        ...[of("GET /healthz"), of("GET /"), of("GET /healthz", { app: "api" }), of("GET /healthz", { pod: "db-1" })],
        ...[of("GET /healthz", { stream: "mystd" }), of("GET /healthz", { namespace: "shop2" })],
      );
      assert.deepEqual(texts(outcomes), [true, "GET /", ...Array<string>(4).fill("GET /healthz")]);
    });

    it("send the share of the lines that was asked for", () => {
      const many = Array.from({ length: 2000 }, (_, i) => of(String(i)));
      const share = (sample: number) =>
        run(program({ lines: [{ selector: '{app="web"}', sample }] }), ...many).filter(({ event }) => event).length /
        2000;
      const tenth = share(0.1);
      assert(tenth > 0.05 && tenth < 0.15, String(tenth));
      assert.equal(share(1), 1);
    });

    it("replace secrets of each form, and what a rule's groups find, or all of it", () => {
      const lines = [
        { selector: '{app="web"}', redact: "card=([0-9]+)" },
        { selector: '{app="web"}', redact: "it's [a-z]+" },
      ];
      const jwt = "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJ";
      const outcomes = run(
        program({ redact: [...secretForms], lines }),
        ...[of("Authorization: Bearer abcdefgh1234="), of(`token is ${jwt}.`), of("key AKIAABCDEFGHIJKLMNOP used")],
        ...[of("GET http://user:hunter2@host/"), of('{"password":"hunter2","user":"me"}'), of("card=4711 for it's me")],
      );
      assert.deepEqual(texts(outcomes), [
        ...["Authorization: Bearer ***", "token is ***.", "key *** used"],
        ...["GET http://user:***@host/", '{"password":"***","user":"me"}', "card=*** for ***"],
      ]);
    });

    it("make metadata of keys of JSON lines, after their secrets are gone", () => {
      const lines = [{ selector: '{app="web"}', redact: "hush", metadata: ["trace_id", "http.status", "note"] }];
      const [json, plain] = run(
        program({ lines }),
        of('{"trace_id":"a1","http":{"status":500},"note":"hush"}'),
        of("no JSON"),
      );
      assert.deepEqual(json.event?.metadata, { trace_id: "a1", http_status: "500", note: "***" });
      assert.deepEqual(plain.event?.metadata, {});
    });

    it("cut off what Loki would refuse", () => {
      assert.deepEqual(texts(run(program({}, 10), of("0123456789abc"), of("short"))), ["0123456789", "short"]);
    });
  });

  it("are all compiled for a stack that uses every setting", () => {
    const everything = settingsSchema.parse({
      cluster: { name: "home" },
      logs: {
        redact: [...secretForms],
        lines: [{ selector: '{app="a"}', drop: "x", sample: 0.5, redact: "a(b)", metadata: ["a", "b.c"] }],
        excludeNamespaces: ["dev"],
        vector: { hostMetrics: true },
      },
    });
    const { transforms } = vectorConfig({
      ...{ settings: everything.logs, limits, pushUrl: "http://loki:3100/loki/api/v1/push", cluster: "home" },
    });
    const programs = Object.values(transforms).map(({ source }) => ({ program: String(source), events: [] }));
    assert.equal(runVrl(runner, programs).length, 3);
  });
});
