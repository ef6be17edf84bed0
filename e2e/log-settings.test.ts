import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settingsSchema } from "../settings/schema";
import { freePort } from "../lab/cluster/server";
import { until } from "../lab/until";
import { LogProcesses, type Written } from "./support/log-processes";

// What logs.* makes of lines, by the real Alloy and the real Loki.

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
const syslog = "/var/log/syslog";
const sampled = 400;

const pod = (name: string, lines: string[], namespace = "shop"): Written => ({
  namespace,
  name: `${name}-0`,
  container: "main",
  app: name,
  lines,
});
const written: Written[] = [
  pod("java", [
    "2026-11-22 start",
    "2026-11-22 ERROR it failed",
    "  at a.B.c(B.java:1)",
    "  at a.B.d(B.java:2)",
    "2026-11-22 end",
  ]),
  pod("web", ["GET /healthz 200", "GET / 200", "GET /healthz 200"]),
  pod(
    "chatty",
    Array.from({ length: sampled }, (_, i) => `line ${i}`),
  ),
  pod("api", [JSON.stringify({ trace_id: "4bf92f", http: { status: 200 }, user: "a" }), "no JSON"]),
  pod("bank", ["card=4711 ok"]),
  pod("secrets", [
    "Authorization: Bearer abcdefgh12345678",
    `cookie ${jwt}`,
    "key AKIAIOSFODNN7EXAMPLE",
    "postgres://shop:hunter2@db:5432/shop",
    'password="hunter2" and more',
    String.raw`{"body":"{\"password\":\"hunter2\",\"user\":\"a\"}"}`,
    String.raw`{"password":"hun\\ter2","null":1}`,
    "nothing secret",
  ]),
  pod("elsewhere", ["not asked for"], "other"),
];

/** As https://www.talos.dev/latest/talos-guides/configuration/logging/ shows them. */
const talosLines = [
  { msg: "etcd is up", "talos-level": "info", "talos-service": "etcd", "talos-time": new Date().toISOString() },
  {
    clock: 6252819,
    facility: "kern",
    msg: "link is up",
    priority: "warning",
    seq: 711,
    "talos-level": "warn",
    "talos-time": new Date().toISOString(),
  },
].map((each) => JSON.stringify(each));

const event = (reason: string, message: string) =>
  ({ namespace: "shop", pod: "web-0", type: "Warning", reason, message }) as const;
const events = [
  event("Failed", 'cannot pull postgres://shop:hunter2@db:5432/shop with "password=hunter2"'),
  event("Scheduled", "nobody asks for it"),
  event("Killing", "stopped"),
];

const of = (app: string) => `{namespace="shop", app="${app}"}`;

describe("Lines that settings change, leave out and add, by the real Alloy", function () {
  this.timeout("10m");

  const folder = mkdtempSync(join(tmpdir(), "log-settings-"));
  let processes: LogProcesses | undefined;
  const lines = async (query: string, count: number) =>
    (await processes!.arrived(query, count)).map(({ line }) => line);

  before(async () => {
    const settings = settingsSchema.parse({
      loki: { logAlerts: false, retentionStreams: [{ selector: of("web"), period: "24h" }] },
      logs: {
        journal: false,
        talos: true,
        nodeFiles: [syslog],
        includeNamespaces: ["shop"],
        redact: ["authorization", "jwt", "aws-keys", "url-passwords", "passwords"],
        lines: [
          { selector: of("java"), firstLine: String.raw`^\d{4}-\d{2}-\d{2}` },
          { selector: of("web"), drop: "/healthz" },
          { selector: of("chatty"), sample: 0.25 },
          { selector: of("api"), metadata: ["trace_id", "http.status", "null"] },
          { selector: of("bank"), redact: "card=([0-9]+)" },
          { selector: '{namespace="shop", job="kubernetes-events"}', drop: "Scheduled", firstLine: "^never" },
          // Alone, it would keep Alloy from starting.
          { selector: '{namespace="other"}' },
        ],
      },
    });
    processes = await LogProcesses.start(folder, settings.loki);
    const files = { [syslog]: "Nov 22 20:00:00 node-1 cron[1]: written before the collector came\n" };
    await processes.collect({ settings, cluster: "home", written, events, files, talosPort: await freePort() });
  });

  after(async () => {
    await processes?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("an entry of several lines is one", async () => {
    assert.deepEqual(await lines(of("java"), 3), [
      "2026-11-22 start",
      "2026-11-22 ERROR it failed\n  at a.B.c(B.java:1)\n  at a.B.d(B.java:2)",
      "2026-11-22 end",
    ]);
  });

  it("a dropped line is not there, and the others are", async () => {
    assert.deepEqual(await lines(of("web"), 1), ["GET / 200"]);
  });

  it("of sampled lines there is about the share that was asked for", async () => {
    // 400 at 0.25: outside of 50 and 150 is more than five standard deviations away.
    const { length } = await lines(of("chatty"), 50);
    assert.ok(length < 150, String(length));
  });

  it("keys of JSON lines are beside the line, and what is no JSON is left as it is", async () => {
    const [first, second] = await processes!.arrived(of("api"), 2);
    assert.equal(first.labels.trace_id, "4bf92f");
    assert.equal(first.labels.http_status, "200");
    assert.equal(first.labels.user, undefined);
    assert.deepEqual([second.line, second.labels.trace_id], ["no JSON", undefined]);
    assert.equal((await processes!.lines(`${of("api")} | trace_id="4bf92f"`)).length, 1);
    assert.equal((await processes!.lines('{trace_id="4bf92f"}')).length, 0, "it must not be a label of the stream");
  });

  it("secrets are replaced, and nothing else", async () => {
    assert.deepEqual(await lines(of("secrets"), 8), [
      "Authorization: Bearer ***",
      "cookie ***",
      "key ***",
      "postgres://shop:***@db:5432/shop",
      'password="***" and more',
      String.raw`{"body":"{\"password\":\"***\",\"user\":\"a\"}"}`,
      '{"password":"***","null":1}',
      "nothing secret",
    ]);
    assert.deepEqual(await lines(of("bank"), 1), ["card=*** ok"]);
  });

  it("events lose their secrets, too, and a rule drops those that it is about", async () => {
    const found = await lines('{job="kubernetes-events"}', 2);
    assert.equal(found.length, 2, found.join("\n"));
    const failed = found.find((line) => line.includes("reason=Failed"));
    assert.match(failed ?? "", /postgres:\/\/shop:\*\*\*@db:5432\/shop with \\"password=\*\*\*\\"/);
    assert.ok(found.some((line) => line.includes("reason=Killing")));
  });

  it("a namespace that is not in the list is not collected", async () => {
    assert.deepEqual(await processes!.lines('{namespace="other"}'), []);
  });

  it("a file of the node is read from where it ended when the collector first saw it", async () => {
    const query = '{job="node-files", node="node-1", cluster="home"}';
    const entry = "Nov 22 21:00:00 node-1 cron[2]: password=hunter2";
    appendFileSync(processes!.file("home", syslog), `${entry}\n`);
    assert.deepEqual(await lines(query, 1), [entry.replace("hunter2", "***")]);
  });

  it("what Talos sends has the node and the service, or the kernel, at the time that Talos says", async () => {
    const socket = await until("the collector listens", 60, async () => {
      const one = connect(processes!.talosPort("home"), "127.0.0.1");
      await once(one, "connect");
      return one;
    });
    socket.end(`${talosLines.join("\n")}\n`);
    const found = await processes!.arrived('{job="talos", node="node-1"}', 2);
    assert.deepEqual(Object.fromEntries(found.map(({ labels, line }) => [labels.unit, line])), {
      etcd: talosLines[0],
      kernel: talosLines[1],
    });
  });
});
