import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { settingsSchema } from "../settings/schema";
import { fences, pages } from "../test/docs/markdown";
import { journalFile } from "./support/journal";
import { LogProcesses, type Written } from "./support/log-processes";
import type { FoundEvent } from "../lab/logs/pod-api";

// docs/logql.md: every query on it, and no other, over lines that the collector labelled.

const stderr = (line: string) => ({ stream: "stderr" as const, line });
const request = (status: number, path: string, duration: string) =>
  JSON.stringify({ level: status < 500 ? "info" : "error", status, path, duration });
const access = (path: string, status: number) =>
  `10.0.0.7 - - [22/Nov/2026:21:00:00 +0000] "GET ${path} HTTP/1.1" ${status} 12`;

const production: Written[] = [
  {
    namespace: "monitoring",
    name: "loki-0",
    container: "loki",
    app: "loki",
    lines: ['level=info msg="all is well"', 'level=warn msg="slow"', stderr('level=error msg="error of the store"')],
  },
  {
    namespace: "default",
    name: "linkding-848dd55574-djr4m",
    container: "linkding",
    app: "linkding",
    lines: ["it starts", stderr("ERROR in the worker")],
  },
  {
    namespace: "default",
    name: "linkding-7d9f-proxy",
    container: "proxy",
    app: "linkding",
    lines: [access("/", 200), access("/missing", 404), access("/favicon.ico", 404)],
  },
  {
    namespace: "nightscout",
    name: "nightscout-0",
    container: "server",
    app: "nightscout",
    lines: [
      request(200, "/health", "2ms"),
      request(200, "/health", "2ms"),
      request(200, "/entries", "20ms"),
      request(500, "/entries", "1s"),
      stderr("a line that is no JSON"),
    ],
  },
];
const staging: Written[] = [
  { namespace: "default", name: "web-0", container: "web", app: "web", lines: ["one", "two"] },
];
const events: FoundEvent[] = [
  { namespace: "nightscout", pod: "nightscout-0", type: "Normal", reason: "Started", message: "Started container" },
  { namespace: "nightscout", pod: "nightscout-0", type: "Warning", reason: "BackOff", message: "Back-off restarting" },
];
const journal: Record<string, string>[] = [
  { MESSAGE: "Started container", _SYSTEMD_UNIT: "kubelet.service", _TRANSPORT: "stdout" },
  { MESSAGE: "a job begins", _SYSTEMD_UNIT: "cron.service", _TRANSPORT: "syslog" },
  { MESSAGE: "Out of memory: Killed process 4711 (java)", _TRANSPORT: "kernel" },
  { MESSAGE: "link is up", _TRANSPORT: "kernel" },
];
const canaryLines = 2;
const ofProduction = production.flatMap(({ lines }) => lines).length + journal.length + events.length;

/** Query → how many lines it gives; or its numbers, by its labels' values. */
const expected: Readonly<Record<string, number | Record<string, number>>> = {
  '{cluster="staging"}': 2,
  '{cluster="production"}': ofProduction,
  '{namespace="monitoring"}': 3,
  '{pod="linkding-848dd55574-djr4m"}': 2,
  '{app="loki"}': 3,
  '{namespace="nightscout", stream="stderr"}': 1,
  '{app=~"linkding|nightscout", container!="proxy"}': 7,
  '{cluster="production", app!="loki-canary"} |= "error"': 2,
  '{namespace="nightscout"} != "health"': 5,
  '{cluster="production"} |~ "(?i)error"': 3,
  '{namespace="nightscout"} | detected_level="error"': 1,
  '{app="nightscout"} | json | status >= 500': 1,
  '{app="loki"} | logfmt | level="warn"': 1,
  '{app="linkding", container="proxy"} | pattern `<ip> - - [<_>] "<method> <path> <_>" <status> <_>` | status="404"': 2,
  '{app="nightscout"} | json | status >= 500 | line_format "{{.status}} {{.path}} took {{.duration}}"': 1,
  'rate({namespace="monitoring"} |= "error" [5m])': { "loki-0": 1 / 300 },
  'sum by (app) (count_over_time({cluster="production"} |~ "(?i)error" [1h]))': { loki: 1, linkding: 1, nightscout: 1 },
  'topk(3, sum by (namespace, pod) (bytes_over_time({cluster="production", pod!=""}[1h])))': bytesOf(production, 3),
  'quantile_over_time(0.95, {app="nightscout"} | json | unwrap duration(duration) | __error__="" [1h]) by (app)': {
    nightscout: 0.853,
  },
  'absent_over_time({app="backup"}[1d])': { backup: 1 },
  '{job="systemd-journal", unit="kubelet.service"}': 1,
  '{job="systemd-journal", unit="kernel"} |= "Out of memory"': 1,
  '{job="kubernetes-events", namespace="nightscout"} | logfmt | type="Warning"': 1,
  '{app="loki-canary"}': canaryLines,
  '{cluster="production", app!="loki-canary"}': ofProduction,
  '{cluster="production"} != "pppppp"': ofProduction,
};

function bytesOf(written: readonly Written[], most: number): Record<string, number> {
  const sizes = written.map(({ name, lines }) => {
    const texts = lines.map((each) => (typeof each === "string" ? each : each.line));
    return [name, Buffer.byteLength(texts.join(""))] as const;
  });
  return Object.fromEntries(sizes.sort(([, a], [, b]) => b - a).slice(0, most));
}

describe("The queries of docs/logql.md", function () {
  this.timeout("10m");

  const page = pages.find(({ path }) => path === "docs/logql.md")!;
  const queries = fences(page).flatMap(({ language, code }) => (language === "logql" ? [code] : []));
  const folder = mkdtempSync(join(tmpdir(), "logql-"));
  let processes: LogProcesses | undefined;

  before(async () => {
    const settings = settingsSchema.parse({ loki: { logAlerts: false } });
    processes = await LogProcesses.start(folder, settings.loki);
    await processes.collect({ settings, cluster: "staging", written: staging });
    const file = gunzipSync(Buffer.from(await journalFile(journal), "base64"));
    await processes.collect({ settings, cluster: "production", written: production, events, journal: file });
    // As the canary does: by itself, without the label `cluster`.
    await processes.push({ app: "loki-canary", canary: "node-1" }, Array<string>(canaryLines).fill("pppppp"));
    await processes.arrived('{cluster="production"}', ofProduction);
    await processes.arrived('{cluster="staging"}', 2);
  });

  after(async () => {
    await processes?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("are those that have an expected result here", () => {
    assert.deepEqual([...queries].sort(), Object.keys(expected).sort());
  });

  for (const query of queries)
    it(query, async () => {
      const wanted = expected[query];
      if (typeof wanted === "number") {
        const found = await processes!.lines(query);
        assert.equal(
          found.length,
          wanted,
          found.map(({ labels, line }) => `${JSON.stringify(labels)} ${line}`).join("\n"),
        );
      } else {
        const found = await processes!.values(query);
        const byName = found.map(({ labels, value }) => [labels.pod ?? labels.app, Number(value.toPrecision(6))]);
        assert.deepEqual(
          Object.fromEntries(byName),
          Object.fromEntries(Object.entries(wanted).map(([name, value]) => [name, Number(value.toPrecision(6))])),
        );
      }
    });
});
