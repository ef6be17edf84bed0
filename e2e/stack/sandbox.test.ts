import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubeconfigPath } from "../../lab/cluster/paths";
import type { KubernetesObject } from "../../commands/shared/objects";
import { answers } from "../../lab/sandbox/answers";
import { notRunReason } from "../../commands/verify/unavailable";
import { checklist } from "../../lab/sandbox/checklist";
import { sandboxStack, secretsFile, type SandboxStack } from "../../lab/sandbox/stack";
import { until } from "../../lab/until";
import { apiOf, type Api } from "../../commands/shared/api/api-server";
import { run as usage } from "../../commands/usage/cli";
import { loadStack } from "../../commands/verify/load";
import { subjectOf, type Subject } from "../../commands/verify/subject";
import { line } from "../../commands/verify/table";
import { unavailableOn } from "../../commands/verify/unavailable";
import { isWell, verify, type Report } from "../../commands/verify/verify";
import { testCluster, type TestCluster } from "../support/cluster";
import { applyHere } from "../support/deploy";
import { leftOut } from "../support/note";
import { testStack } from "../../test/stacks/stacks";

describe("The sandbox stack on a real cluster", function () {
  this.timeout(15 * 60_000);
  let cluster: TestCluster;
  let stack: SandboxStack;
  let applied: KubernetesObject[];

  before(async () => {
    cluster = await testCluster();
    stack = await sandboxStack(testStack("sandbox"), secretsFile());
    applied = stack.resources
      .flatMap(({ object }) => (object ? [object] : []))
      .filter((object) => notRunReason(object, cluster.unavailable) === undefined);
    await applyHere(stack.namespace, stack.resources);
  });

  it("is not changed by being applied again: generations stay, and a server-side dry run shows no difference", async () => {
    const again = await sandboxStack(testStack("sandbox"), secretsFile());
    const before = await generations();
    await applyHere(again.namespace, again.resources);
    assert.deepEqual(await generations(), before);
    const objects = again.resources.flatMap(({ object }) => (object ? [object] : []));
    assert.equal(
      await cluster.kubectl.diff(objects.filter((o) => notRunReason(o, cluster.unavailable) === undefined)),
      "",
    );
  });

  it("loses an object that the next update doesn't have, and gets it back", async () => {
    const withoutCanary = await sandboxStack({ ...testStack("sandbox"), config: ["loki.canary=false"] }, secretsFile());
    await applyHere(stack.namespace, withoutCanary.resources);
    const canary = ["get", "daemonset", "loki-canary", "-n", stack.namespace, "--ignore-not-found", "-o", "name"];
    assert.equal(await cluster.kubectl.run(canary), "");
    await applyHere(stack.namespace, stack.resources);
    assert.equal((await cluster.kubectl.run(canary)).trim(), "daemonset.apps/loki-canary");
  });

  async function generations(): Promise<Record<string, unknown>> {
    const entries = applied.map(async ({ apiVersion, kind, metadata }) => {
      const type = apiVersion.includes("/") ? `${kind}.${apiVersion.split("/")[0]}` : kind;
      const where = metadata.namespace ? ["-n", metadata.namespace] : [];
      const live = await cluster.kubectl.json<{ metadata: { generation?: number; uid: string } }>([
        "get",
        `${type}/${metadata.name}`,
        ...where,
      ]);
      return [`${type}/${metadata.name}`, [live.metadata.uid, live.metadata.generation]];
    });
    return Object.fromEntries(await Promise.all(entries)) as Record<string, unknown>;
  }

  describe("by its command, stopped by Ctrl-C", () => {
    const mark = `SANDBOX_TEST=${process.pid}`;

    /** Processes that the command has started, by their environment. */
    const running = () =>
      readdirSync("/proc")
        .filter((pid) => /^\d+$/.test(pid))
        .flatMap((pid) => {
          try {
            const ours = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(mark);
            return ours ? [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")] : [];
          } catch {
            return []; // it has just ended, or isn't ours
          }
        });
    /** Waits until each of them has ended: one that got a signal may take a moment. */
    const allEnded = () =>
      until("its processes have ended", 60, async () => {
        assert.deepEqual(running(), []);
        return true;
      });

    for (const [signal, code, at] of [
      ["SIGINT", 130, /^wave 3/m],
      ["SIGTERM", 143, /^Running the checklist/m],
    ] as const)
      it(`leaves no process after ${signal} at ${at.source}, and what it was making is applied by the next run`, async () => {
        const [name, value] = mark.split("=");
        const child = spawn("npm", ["run", "--silent", "sandbox"], { env: { ...process.env, [name]: value } });
        let said = "";
        child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
        child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
        const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
        await until(`the sandbox says ${at.source}`, 240, async () => (at.test(said) ? true : undefined));
        assert.ok(running().length > 1);
        child.kill(signal);
        assert.equal(await ended, code, said);
        await allEnded();
        await applyHere(stack.namespace, stack.resources);
      });

    it("leaves no process either when its terminal is closed", async () => {
      const [name, value] = mark.split("=");
      // A terminal of its own: https://man7.org/linux/man-pages/man1/script.1.html
      const terminal = spawn("script", ["--quiet", "--command", "npm run --silent sandbox", "/dev/null"], {
        env: { ...process.env, [name]: value },
      });
      let said = "";
      terminal.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
      await until("the sandbox applies the stack", 240, async () => (/^wave 5/m.test(said) ? true : undefined));
      assert.ok(running().length > 1);
      terminal.kill("SIGKILL");
      await allEnded();
      await applyHere(stack.namespace, stack.resources);
    });
  });

  describe("by its checklist", () => {
    const kubeconfig = process.env.KUBECONFIG ?? kubeconfigPath();
    let api: Api;
    let subject: Subject;

    before(async () => {
      api = await apiOf({ kubeconfig }, { milliseconds: 30_000 });
      const unavailable = await unavailableOn(api);
      subject = subjectOf({ ...(await loadStack(testStack("sandbox"))), unavailable });
    });

    const rowOf = ({ checks }: Report, id: string) =>
      checks.find((row) => row.id === id) ?? assert.fail(`no row ${id} in ${checks.map((row) => row.id).join(", ")}`);
    const failures = ({ checks }: Report) =>
      checks.filter(({ result }) => result === "fail").map((row) => line(row, "sandbox"));

    it("passes, and leaves out only what the cluster's own list says can't run there", async () => {
      const report = await checklist({ subject, api });
      assert.deepEqual(failures(report), []);
      const passed = report.checks.filter(({ result }) => result === "pass").map(({ id }) => id);
      const essential = [
        ...["pods/statefulset/loki", "pods/daemonset/alloy", "pods/deployment/kube-state-metrics"],
        ...["loki/ready", "loki/lines", "loki/canary", "loki/chunks", "alertmanager/ready", "alertmanager/watchdog"],
        ...["prometheus/targets", "grafana/data-sources", "dashboards/prometheus", "dashboards/loki"],
      ];
      for (const id of essential) assert.ok(passed.includes(id), `${id} did not pass`);
      const prometheus = rowOf(report, "pods/statefulset/prometheus-kube-prometheus-stack-prometheus");
      assert.match(prometheus.detail, /from the chart's values, not the chart$/);
      const reasons = [...cluster.unavailable.values()];
      const notRun = report.checks.filter(({ result }) => result === "not-run");
      for (const { id, title, detail } of notRun) {
        assert.match(id, /grafana/);
        assert.ok(reasons.includes(detail), `${title}: ${detail}`);
        leftOut(`the sandbox's row “${title}”`, detail);
      }
    });

    it("has answers to the three questions of a newcomer", async () => {
      const said = await answers(subject, api);
      assert.match(said, /LogQL.*\n(?: {6}.*\n)* {6}monitoring {2}[\d,]+\n/);
      assert.match(said, /PromQL.*\n {6}\S+ {2}\d+\.\d %\n/);
      assert.match(said, /alert.*\n {6}Watchdog {2}active since /);
    });

    it("is measured by the kubelets: what each workload takes, and the difference to what it took before", async () => {
      const folder = mkdtempSync(join(tmpdir(), "usage-"));
      try {
        const { configFile } = testStack("sandbox");
        const reached = `--config=kubernetes.kubeconfig=${kubeconfig}`;
        const words = [
          "--stack=sandbox",
          `--config-file=${configFile}`,
          reached,
          `--file=${join(folder, "usage.jsonl")}`,
        ];
        let said = "";
        const terminal = { out: (text: string) => (said += text), error: (text: string) => (said += text) };
        for (const label of ["before", "after"])
          assert.equal(await usage([...words, "--seconds=16", `--label=${label}`], terminal), 0, said);
        const [, memory] =
          /StatefulSet\/loki +\| +([\d,]+) \([\d,]+\) \| +[\d,]+ \([\d,]+\) \| +[+−]\d+ \|/.exec(said) ?? [];
        assert.ok(Number(memory) > 20, said);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it("says which row it is when Loki is scaled to nothing, and what to do; and passes again when it is back", async () => {
      const scale = (replicas: number) =>
        cluster.kubectl.run(["scale", "statefulset/loki", "-n", subject.namespace, `--replicas=${replicas}`]);
      await scale(0);
      try {
        const report = await until("Loki's pod is gone", 180, async () => {
          const found = await verify(subject, api);
          return rowOf(found, "loki/ready").result === "fail" ? found : undefined;
        });
        const pods = rowOf(report, "pods/statefulset/loki");
        assert.equal(pods.result, "fail");
        assert.match(pods.detail, /is scaled to 0, but the stack says 1/);
        assert.match(pods.todo ?? "", /kubectl -n monitoring describe statefulset loki/);
        assert.equal(rowOf(report, "alertmanager/ready").result, "pass");
        assert.equal(isWell(report), false);
      } finally {
        await scale(1);
      }
      await until("Loki is back", 240, async () => {
        const found = await verify(subject, api);
        return rowOf(found, "loki/ready").result === "pass" && rowOf(found, "pods/statefulset/loki").result === "pass"
          ? true
          : undefined;
      });
    });
  });
});
