import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { run as alert } from "../commands/alert/cli";
import { alertmanagerConfig } from "../components/alertmanager/config";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { settingsSchema } from "../settings/schema";
import { testStackWords } from "../test/stacks/stacks";

// The command `alert` before a real Alertmanager with the program's configuration, whose receivers are stand-ins on the loopback.

interface Outcome {
  code: number;
  deliveries: { receiver: string; integration?: string; status: string; found: string }[];
  labels: Record<string, string>;
  error: string;
}

describe("npm run alert, with a real Alertmanager", function () {
  this.timeout(5 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "alert-"));
  const told: { path: string; status: string; labels: Record<string, string> }[] = [];
  let receivers: Server;
  let server: LocalServer;
  let url: string;

  before(async () => {
    receivers = createServer((request, response) => {
      let body = "";
      request.on("data", (text) => (body += text));
      request.on("end", () => {
        const { alerts } = JSON.parse(body) as { alerts: { status: string; labels: Record<string, string> }[] };
        told.push(...alerts.map(({ status, labels }) => ({ path: request.url ?? "", status, labels })));
        response.writeHead(request.url === "/refuses" ? 500 : 200).end();
      });
    });
    await new Promise<void>((resolve) => receivers.listen(0, "127.0.0.1", resolve));
    const at = `http://127.0.0.1:${(receivers.address() as AddressInfo).port}`;
    const webhook = (of: string) => ({ kind: "webhook" as const, url: of });
    const { alertmanager } = settingsSchema.parse({
      alertmanager: {
        ...{ groupWait: "1s", groupInterval: "2s" },
        receivers: {
          takes: webhook(`${at}/takes`),
          refuses: webhook(`${at}/refuses`),
          gone: webhook(`http://127.0.0.1:${await freePort()}/`),
          night: webhook(`${at}/night`),
          capitals: webhook(`${at}/capitals`),
          patterns: webhook(`${at}/patterns`),
        },
        routes: [
          { receiver: "takes", matchers: ['team="both"'], continue: true },
          { receiver: "refuses", matchers: ['team=~"refuses|both"'] },
          { receiver: "gone", matchers: ['team=~"gone|away"'] },
          { receiver: "night", matchers: ['team="night"'], muteTimeIntervals: ["always"] },
          { receiver: "capitals", matchers: ['team=~"(?i:Capitals)"'] },
          { receiver: "patterns", matchers: ['service=~"shop-[0-9]+"'] },
          { receiver: "none", matchers: ['severity="info"'] },
          { receiver: "takes" },
        ],
        timeIntervals: { always: { times: [{ start: "00:00", end: "24:00" }] } },
      },
    });
    writeFileSync(join(folder, "alertmanager.yaml"), stringify(alertmanagerConfig(alertmanager)));
    const cluster = { clusters: [{ name: "none", cluster: { server: "http://127.0.0.1:1" } }] };
    const contexts = [{ name: "none", context: { cluster: "none", user: "none" } }];
    writeFileSync(
      join(folder, "kubeconfig"),
      stringify({ ...cluster, contexts, users: [{ name: "none", user: {} }], "current-context": "none" }),
    );
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    server = await startServer(
      await hostTool("alertmanager"),
      [
        ...["--config.file=alertmanager.yaml", "--storage.path=data", `--web.listen-address=127.0.0.1:${port}`],
        ...["--cluster.listen-address=", "--enable-feature=receiver-name-in-metrics"],
      ],
      { cwd: folder, ready: `${url}/-/ready` },
    );
  });
  after(async () => {
    await server?.stop();
    receivers?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const sent = (...words: string[]) => sentTo(url, ...words);

  async function sentTo(address: string, ...words: string[]): Promise<Outcome> {
    let [text, error] = ["", ""];
    const settings = [`adopt.alertmanagerUrl=${address}`, `kubernetes.kubeconfig=${join(folder, "kubeconfig")}`];
    const config = settings.map((each) => `--config=observability:${each}`);
    const code = await alert([...testStackWords("sandbox"), ...config, "--json=-", ...words], {
      out: (part) => (text += part),
      error: (part) => (error += part),
    });
    return { deliveries: [], labels: {}, ...(text && (JSON.parse(text) as object)), code, error } as Outcome;
  }

  it("is delivered where a receiver takes it, by the route that Alertmanager takes, and is over afterwards", async () => {
    const { code, deliveries, labels, error } = await sent();
    assert.equal(code, 0, error);
    assert.deepEqual(deliveries, [
      { receiver: "takes", integration: "webhook", status: "delivered", found: "webhook took the notification" },
    ]);
    assert.deepEqual([told[0].path, told[0].labels.alertname], ["/takes", labels.alertname]);
    const left = await fetch(`${url}/api/v2/alerts?filter=alertname="${labels.alertname}"`);
    const [one] = (await left.json()) as { endsAt: string }[];
    assert.ok(one === undefined || Date.parse(one.endsAt) <= Date.now(), "still fires");
  });

  it("says that a receiver refuses it, or that nobody listens there, without waiting for Alertmanager to give up", async () => {
    for (const receiver of ["refuses", "gone"]) {
      const { code, deliveries, labels, error } = await sent("--receiver", receiver, "--deadline=60");
      assert.equal(code, 1, error);
      assert.deepEqual([deliveries[0].receiver, deliveries[0].status], [receiver, "refused"]);
      assert.equal(labels.team, receiver);
    }
  });

  it("ends with 1 where one receiver takes it and another refuses it", async () => {
    const { code, deliveries, error } = await sent("--label=team=both", "--deadline=60");
    assert.equal(code, 1, error);
    assert.deepEqual(deliveries.map(({ receiver, status }) => `${receiver} ${status}`).sort(), [
      "refuses refused",
      "takes delivered",
    ]);
  });

  it("says that nobody is notified, and that a time interval mutes", async () => {
    const nobody = await sent("--label", "severity=info");
    assert.deepEqual([nobody.code, nobody.deliveries[0].status, nobody.deliveries[0].receiver], [1, "nobody", "null"]);
    const muted = await sent("--receiver=night", "--deadline=60");
    assert.deepEqual([muted.code, muted.deliveries[0].status], [1, "suppressed"]);
    assert.match(muted.deliveries[0].found, /^muted by always$/);
  });

  it("judges nothing by the counters of two Alertmanagers that answer by turns", async () => {
    let asked = 0;
    const both = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => (body += part));
      request.on("end", () => {
        const { method, headers } = request;
        const content = headers["content-type"];
        void fetch(`${url}${request.url}`, {
          method,
          ...(body && { body }),
          ...(content && { headers: { "content-type": content } }),
        })
          .then((reply) => reply.text())
          .then((text) => {
            const other = request.url === "/metrics" && asked++ % 2 === 1;
            response.end(
              other ? text.replace(/^process_start_time_seconds .*/m, "process_start_time_seconds 1") : text,
            );
          });
      });
    });
    await new Promise<void>((resolve) => both.listen(0, "127.0.0.1", resolve));
    const { code, error } = await sentTo(`http://127.0.0.1:${(both.address() as AddressInfo).port}`);
    both.close();
    assert.equal(code, 2);
    assert.match(error, /not those of a moment ago.*\n→ .*port-forward/s);
  });

  it("asks for labels where it can't make them from the route, and takes them", async () => {
    const asked = await sent("--receiver=patterns");
    assert.equal(asked.code, 2);
    assert.match(asked.error, /its routes take service=~"shop-\[0-9\]\+".*\n→ give them: --label name=value/s);
    const given = await sent("--receiver=patterns", "--label=service=shop-7");
    assert.deepEqual([given.code, given.deliveries[0].status], [0, "delivered"]);
  });

  it("reads the flags of a part of a route's regular expression as Alertmanager does", async () => {
    const { code, deliveries, labels, error } = await sent("--label=team=CAPITALS");
    assert.equal(code, 0, error);
    assert.deepEqual([deliveries[0].receiver, labels.team], ["capitals", "CAPITALS"]);
    assert.equal((await sent("--receiver=capitals")).labels.team, "Capitals");
  });

  it("names the receivers that there are where it is asked for another, and refuses a label that is none", async () => {
    const { code, error } = await sent("--receiver=phone");
    assert.equal(code, 2);
    assert.match(error, /has no receiver "phone"\n→ it has null, takes, refuses, gone, night, capitals, patterns/);
    assert.equal((await sent("--label=severity")).code, 2);
  });
});
