import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { image } from "../../../components/images";
import { run } from "../../../commands/verify/cli";
import { unavailableConfigMap, unavailableOn } from "../../../commands/verify/unavailable";
import type { Api } from "../../../commands/shared/api/api-server";
import { loadStack, type LoadedStack } from "../../../commands/verify/load";
import { subjectOf } from "../../../commands/verify/subject";
import type { Report } from "../../../commands/verify/verify";
import { kubeconfigFor, refusingAddress } from "../preflight/stand-ins";
import { serveCluster, stopClusters, well, type Content } from "./stand-in";
import { testStack, testStackWords } from "../../stacks/stacks";
import { runInline } from "../../program/support/inline";

describe("npm run verify", function () {
  this.timeout(60_000);
  let loaded: LoadedStack;
  let folder: string;

  before(async () => {
    loaded = await loadStack({ ...testStack("sandbox"), start: runInline });
    folder = mkdtempSync(join(tmpdir(), "verify-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(stopClusters);

  /** The command on a cluster that has all of stack sandbox, but for what a test changes. */
  async function verify(words: string[], change: (content: Content) => void = () => undefined) {
    const content = well(subjectOf({ ...loaded, unavailable: new Map() }));
    change(content);
    const kubeconfig = await serveCluster(content);
    return { ...(await command(["--config", `kubernetes.kubeconfig=${kubeconfig}`, ...words])), content };
  }

  async function command(words: string[], interrupt = new AbortController().signal) {
    let [out, error] = ["", ""];
    const terminal = {
      out: (text: string) => void (out += text),
      error: (text: string) => void (error += text),
      interrupt: () => interrupt,
    };
    const code = await run([...testStackWords("sandbox"), ...words], terminal, async () => loaded);
    return { code, out, error };
  }

  const withoutLoki = ({ objects }: Content) => delete objects["/apis/apps/v1/namespaces/monitoring/statefulsets/loki"];

  it("exits 0 where no row fails, with the table on standard output and progress beside it", async () => {
    const { code, out, error } = await verify([]);
    assert.equal(code, 0, out);
    assert.match(out, /^Stack sandbox, stage loki: \d+ ✓, 0 ✗, 0 not run\.\n\n✓ StatefulSet \w+ +ready 1\/1/);
    assert.match(error, /^\[1\/\d+\] ✓ /);
  });

  it("exits 1 where one does, and says which and what to do", async () => {
    const { code, out } = await verify([], withoutLoki);
    assert.equal(code, 1);
    assert.match(out, /^Stack .*, [1-9]\d* ✗, .*\n\n✗ StatefulSet loki +does not exist\n +→ /);
  });

  it("prints JSON and nothing else to standard output, or writes it to a file beside the table", async () => {
    const shown = await verify(["--json", "-"], withoutLoki);
    const report = JSON.parse(shown.out) as Report;
    assert.deepEqual([report.stack, report.stage], ["sandbox", "loki"]);
    assert.ok(Math.abs(Date.parse(report.at) - Date.now()) < 60_000);
    assert.deepEqual(
      report.checks.find(({ id }) => id === "pods/statefulset/loki"),
      {
        id: "pods/statefulset/loki",
        title: "StatefulSet loki",
        result: "fail",
        detail: "does not exist",
        todo: "deploy the stack: docs/first-deployment.md",
      },
    );
    const file = join(folder, "report.json");
    const written = await verify(["--json", file]);
    assert.match(written.out, /Stack sandbox/);
    assert.ok((JSON.parse(readFileSync(file, "utf8")) as Report).checks.every(({ result }) => result === "pass"));
  });

  it("takes its own report as the record for a later one, and refuses a file that is none", async () => {
    const file = join(folder, "before.json");
    await verify(["--json", file]);
    const { has } = JSON.parse(readFileSync(file, "utf8")) as Report;
    assert.ok(has?.alert);
    assert.equal((await verify(["--before", file])).code, 0);
    writeFileSync(file, JSON.stringify({ has: { alert: ["Gone"] } }));
    const later = await verify(["--before", file]);
    assert.equal(later.code, 1);
    assert.match(later.out, /✗ What the monitoring had is still there +1 name gone unexpectedly\n.*\n.*alert Gone: /);
    writeFileSync(file, "{}");
    const refused = await verify(["--before", file]);
    assert.equal(refused.code, 2);
    assert.match(refused.error, /it has no list of what was there \(“has”\)\n→ give a file that/);
    assert.equal((await verify(["--before", join(folder, "missing.json")])).code, 2);
  });

  it("exits 1 as the gate where Mimir's days can't be known, though all else is well", async () => {
    const { code, out } = await verify(["--require-days", "7"]);
    assert.equal(code, 1);
    assert.match(out, /✗ Mimir has 7 days without a gap .*no data source/);
    assert.match(out, /, 1 ✗, 0 not run/);
  });

  it("tells in a watch only what changed, until Ctrl-C, and exits with the last round's code", async () => {
    const content = well(subjectOf({ ...loaded, unavailable: new Map() }));
    const kubeconfig = await serveCluster(content);
    const interrupt = new AbortController();
    let out = "";
    const terminal = {
      out(text: string) {
        out += text;
        if (out.includes("does not exist")) interrupt.abort();
        else withoutLoki(content);
      },
      error: () => undefined,
      interrupt: () => interrupt.signal,
    };
    const words = [...testStackWords("sandbox"), "--config", `kubernetes.kubeconfig=${kubeconfig}`, "--watch", "0.1"];
    assert.equal(await run(words, terminal, async () => loaded), 1);
    const [first, ...later] = out.split(/\n\d{4}-\d\d-\d\dT\S+\n/);
    assert.match(first, / 0 ✗/);
    assert.match(later.join(), /^✗ StatefulSet loki {2}does not exist/);
    assert.doesNotMatch(later.join(), /✓/);
  });

  describe("exits 2, and says why,", () => {
    it("for a cluster that doesn't answer", async () => {
      const kubeconfig = kubeconfigFor(await refusingAddress());
      const { code, out, error } = await command(["--config", `kubernetes.kubeconfig=${kubeconfig}`]);
      assert.equal(code, 2);
      assert.equal(out, "");
      assert.match(error, /^the API server http:\/\/127\.0\.0\.1:\d+ refuses connections\n→ check the kubeconfig/);
    });

    it("for credentials that the cluster doesn't accept", async () => {
      const { code, error } = await verify([], ({ objects }) => delete objects["/version"]);
      assert.equal(code, 2);
      assert.match(error, /answers 404/);
    });

    it("for a kubeconfig that isn't there", async () => {
      const { code, error } = await command(["--config", "kubernetes.kubeconfig=/nowhere/kubeconfig"]);
      assert.equal(code, 2);
      assert.match(error, /\/nowhere\/kubeconfig can't be read[^]*→ correct it/);
    });

    it("for settings that are wrong", async () => {
      const { code, error } = await command(["--config", "loki.retention=soon"]);
      assert.equal(code, 2);
      assert.match(error, /loki\.retention/);
    });

    const wrong = [["--require-days", "0"], ["--require-days", "some"], ["--watch", "-1"], ["--nonsense"]];
    for (const words of wrong)
      it(`for ${words.join(" ")}`, async () => {
        const { code, error } = await command(words);
        assert.equal(code, 2);
        assert.notEqual(error, "");
      });
  });

  it("reads what a cluster can't have from the cluster, and expects everything where nothing is listed", async () => {
    const images = new Map([["docker.io/grafana/grafana:1", "needs an image registry"]]);
    const asked: string[] = [];
    const answering = (status: number, object: object = {}): Api => ({
      server: "https://127.0.0.1:6443",
      request: (path) => {
        asked.push(path);
        return Promise.resolve({ status, body: JSON.stringify(object) });
      },
    });
    assert.deepEqual(await unavailableOn(answering(200, unavailableConfigMap(images))), images);
    for (const status of [403, 404]) assert.equal((await unavailableOn(answering(status))).size, 0);
    assert.deepEqual([...new Set(asked)], ["/api/v1/namespaces/kube-system/configmaps/unavailable-images"]);
  });

  it("knows of what a cluster can't have, by image, those of a release's values too", () => {
    const unavailable = new Map(
      [image("grafana"), image("prometheus-operator")].map((reference) => [reference, `no ${reference}`]),
    );
    const { parts, workloads } = subjectOf({ ...loaded, unavailable });
    const operator = [`no ${image("prometheus-operator")}`, `no ${image("prometheus-operator")}`];
    assert.deepEqual(
      [parts.prometheus, parts.evaluator, parts.grafana, parts.loki].map((part) => part?.notRun),
      [...operator, `no ${image("grafana")}`, undefined],
    );
    assert.deepEqual(
      workloads.filter(({ notRun }) => notRun !== undefined).map(({ name }) => name),
      ["grafana", "kube-prometheus-stack-operator", "prometheus-kube-prometheus-stack-prometheus"],
    );
    assert.equal(parts.mimir, undefined);
  });

  it("asks Mimir for alerts and notifications where its Alertmanager is the stack's", async () => {
    const config = ["stage=dual-write", "alertmanager.implementation=mimir"];
    const chosen = await loadStack({ ...testStack("sandbox"), config, start: runInline });
    const { parts, sources, notifier, workloads } = subjectOf({ ...chosen, unavailable: new Map() });
    assert.equal(sources.alertmanager, "http://mimir.monitoring.svc.cluster.local:9009/alertmanager");
    assert.deepEqual([notifier, parts.alertmanager, parts.receivers], ["mimir", parts.mimir, parts.mimir]);
    assert.ok(!workloads.some(({ name }) => name === "alertmanager"));
  });
});
