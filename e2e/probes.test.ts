import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { z } from "zod";
import { offlinePreview } from "../commands/shared/preview";
import { blackboxConfig } from "../components/probes/config";
import { probeJob, probeRules } from "../components/probes/rules";
import type { AlertingRule } from "../components/rules/types";
import { run } from "../lab/cluster/run";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { nameOf, targetOf, type Probe } from "../settings/sections/probes";
import { testStack } from "../test/stacks/stacks";
import { note } from "./support/note";

// The blackbox exporter with the program's configuration, against servers of this file on the loopback, scraped by a real Prometheus.

type RawProbe = z.input<typeof settingsSchema.shape.probes> extends (infer P)[] | undefined ? P : never;

/** A name server that knows one name. */
async function nameServer(known: string): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const asked = query.subarray(12).toString("latin1");
    const labels = known.split(".").map((label) => `${String.fromCharCode(label.length)}${label}`);
    const knows = asked.startsWith(labels.join(""));
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180, 2); // an answer, recursion available, NOERROR: also where it has no record, as after a typing mistake
    header.writeUInt16BE(knows ? 1 : 0, 6);
    header.writeUInt32BE(0, 8); // neither authority nor additional records
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    // A pointer to the name, type A, class IN, 60 seconds, 4 bytes.
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 40, 7]);
    socket.send(Buffer.concat([header, question, ...(knows ? [record] : [])]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return socket;
}

async function listen<S extends Server>(server: S): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

describe("The blackbox exporter", function () {
  this.timeout(5 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "probes-"));
  const closing: (() => unknown)[] = [];
  let probes: Probe[];
  let url: string;
  after(async () => {
    for (const close of closing.reverse()) await close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("takes the configuration of a stack as it is mounted, and refuses one with a field that it doesn't know", async () => {
    const { resources } = await offlinePreview(testStack("production"));
    const configMap = resources.find(({ type, name }) => type.endsWith(":ConfigMap") && name === "blackbox-exporter");
    const file = join(folder, "stack.yml");
    const check = async (text: string) => {
      writeFileSync(file, text);
      return run(await hostTool("blackbox_exporter"), [`--config.file=${file}`, "--config.check"]);
    };
    const text = configMap?.inputs.data["config.yml"] as string;
    await check(text);
    await assert.rejects(check(text.replace("preferred_ip_protocol", "preferred_protocol")), /preferred_protocol/);
  });

  describe("with probes of each kind", () => {
    before(async () => {
      const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const of = [
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
        "-days",
        "5",
        "-subj",
        "/CN=localhost",
      ];
      await run("openssl", ["req", "-x509", ...of, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
      const tls = { key: readFileSync(key), cert: readFileSync(cert) };
      const page = createHttpServer(({ url }, response) => {
        response.writeHead(url === "/login" ? 401 : url === "/broken" ? 500 : 200);
        response.end('{"status": "ok"}');
      });
      const secure = createHttpsServer(tls, (_, response) => response.end("secure"));
      const plain = createTcpServer((socket) => socket.end());
      const [http, https, tcp] = await Promise.all([listen(page), listen(secure), listen(plain)]);
      const names = await nameServer("nas.example.org");
      const dns = names.address().port;
      closing.push(
        () => page.close(),
        () => secure.close(),
        () => plain.close(),
        () => names.close(),
      );
      const closed = await freePort();
      const loopback = "127.0.0.1";
      const page_ = `http://${loopback}:${http}`;
      const raw: RawProbe[] = [
        { name: "up-page", module: "http", url: `${page_}/health`, contains: '"status":\\s*"ok"', slow: "5s" },
        { name: "up-login", module: "http", url: `${page_}/login`, status: [401] },
        { name: "up-secure", module: "http", url: `https://localhost:${https}`, insecureSkipVerify: true },
        { name: "up-port", module: "tcp", target: `${loopback}:${tcp}` },
        {
          name: "up-tls",
          module: "tcp",
          target: `${loopback}:${https}`,
          tls: true,
          insecureSkipVerify: true,
          certificateDays: 3,
        },
        { name: "up-ping", module: "icmp", target: loopback },
        { name: "up-name", module: "dns", target: loopback, port: dns, query: "nas.example.org" },
        { name: "down-broken", module: "http", url: `${page_}/broken` },
        { name: "down-other-text", module: "http", url: `${page_}/health`, contains: "welcome" },
        { name: "down-unverified", module: "http", url: `https://localhost:${https}` },
        { name: "down-port", module: "tcp", target: `${loopback}:${closed}` },
        { name: "down-not-tls", module: "tcp", target: `${loopback}:${tcp}`, tls: true, severity: "warning" },
        { name: "down-no-record", module: "dns", target: loopback, port: dns, query: "printer.example.org" },
      ];
      probes = settingsSchema.parse({ probes: raw }).probes;
      writeFileSync(join(folder, "config.yml"), stringify(blackboxConfig(probes)));
      const port = await freePort();
      url = `http://${loopback}:${port}`;
      const exporter: LocalServer = await startServer(
        await hostTool("blackbox_exporter"),
        ["--config.file=config.yml", `--web.listen-address=${loopback}:${port}`],
        { cwd: folder, ready: `${url}/-/healthy` },
      );
      closing.push(() => exporter.stop());
    });

    const asked = async (name: string) => {
      const probe = probes.find((each) => nameOf(each) === name)!;
      const answer = await fetch(`${url}/probe?${new URLSearchParams({ module: name, target: targetOf(probe) })}`);
      return answer.text();
    };

    it("tells what answers as it should from what does not, by HTTP, TCP, ICMP and DNS", async () => {
      const said = await Promise.all(
        probes.map(async (probe) => [nameOf(probe), /^probe_success (\d)$/m.exec(await asked(nameOf(probe)))?.[1]]),
      );
      const expected = probes.map((probe) => [nameOf(probe), nameOf(probe).startsWith("up-") ? "1" : "0"]);
      assert.deepEqual(said, expected);
    });

    it("tells until when a certificate is valid, also to a probe that takes any, and nothing where the handshake fails", async () => {
      const days = async (name: string) => {
        const seconds = /^probe_ssl_earliest_cert_expiry (\S+)$/m.exec(await asked(name))?.[1];
        return seconds === undefined ? undefined : (Number(seconds) - Date.now() / 1000) / 86_400;
      };
      for (const name of ["up-secure", "up-tls"]) {
        const left = (await days(name))!;
        assert.ok(left > 4.5 && left <= 5, `${name}: ${left} days`);
      }
      assert.equal(await days("down-unverified"), undefined);
      assert.equal(await days("up-page"), undefined);
    });

    it("is scraped by Prometheus, in which the alerts' expressions find what they are about", async () => {
      const rules = probeRules(probes);
      const port = await freePort();
      const scrape = probes.map((probe) => ({
        job_name: nameOf(probe),
        metrics_path: "/probe",
        params: { module: [nameOf(probe)], target: [targetOf(probe)] },
        static_configs: [
          { targets: [new URL(url).host], labels: { job: probeJob, probe: nameOf(probe), instance: targetOf(probe) } },
        ],
      }));
      // The exporter gives up half a second before Prometheus does: a busy machine takes longer than half a second for a handshake.
      const config = { global: { scrape_interval: "5s", scrape_timeout: "5s" }, scrape_configs: scrape };
      writeFileSync(join(folder, "prometheus.yml"), stringify(config));
      const base = `http://127.0.0.1:${port}`;
      const args = [
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        `--web.listen-address=127.0.0.1:${port}`,
      ];
      const prometheus = await startServer(await hostTool("prometheus"), args, {
        cwd: folder,
        ready: `${base}/-/ready`,
      });
      closing.push(() => prometheus.stop());

      const found = async (expr: string): Promise<string[]> => {
        const answer = await fetch(`${base}/api/v1/query?${new URLSearchParams({ query: expr })}`);
        const { data, error } = (await answer.json()) as {
          data?: { result: { metric: { probe: string } }[] };
          error?: string;
        };
        if (!data) throw new Error(error);
        return data.result.map(({ metric }) => metric.probe).sort();
      };
      await until("every probe has a sample", 180, async () =>
        (await found("probe_success")).length === probes.length ? true : undefined,
      );
      const firing = async (name: string) => {
        const alerts = rules.flatMap((group) => group.rules as AlertingRule[]).filter(({ alert }) => alert === name);
        const each = await Promise.all(alerts.map(async ({ expr, labels }) => [labels.severity, await found(expr)]));
        return Object.fromEntries(each) as Record<string, string[]>;
      };
      // What could not answer in time does so the next time.
      await until("those are down that are to be", 60, async () => {
        assert.deepEqual(await firing("ProbeDown"), {
          critical: ["down-broken", "down-no-record", "down-other-text", "down-port", "down-unverified"],
          warning: ["down-not-tls"],
        });
        return true;
      });
      assert.deepEqual(await firing("ProbeSlow"), { warning: [] });
      const soon = rules
        .flatMap((group) => group.rules as AlertingRule[])
        .filter((r) => r.alert === "CertificateExpiresSoon");
      const byDays = await Promise.all(soon.map(async ({ expr }) => found(expr)));
      // Valid for 5 days: fewer than the usual 14, and more than the 3 of the other probe.
      assert.deepEqual(byDays, [["up-secure"], []]);
      assert.deepEqual(await firing("CertificateExpired"), { critical: [] });
      note(`blackbox exporter: ${probes.length} probes, HTTP, TCP, ICMP and DNS`);
    });
  });
});
