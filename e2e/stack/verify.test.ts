import assert from "node:assert/strict";
import { kubeconfigPath } from "../../cluster/paths";
import { apply } from "../../sandbox/apply";
import { checklist } from "../../sandbox/checklist";
import { sandboxStack, secretsFile } from "../../sandbox/stack";
import { until } from "../../sandbox/until";
import { apiOf, type Api } from "../../verify/api";
import { loadStack } from "../../verify/load";
import { subjectOf, type Subject } from "../../verify/subject";
import { line } from "../../verify/table";
import { unavailableOn } from "../../verify/unavailable";
import { isWell, verify, type Report } from "../../verify/verify";
import { testCluster, type TestCluster } from "../support/cluster";

describe("The checklist of stack sandbox on a real cluster", function () {
  this.timeout(15 * 60_000);
  const kubeconfig = process.env.KUBECONFIG ?? kubeconfigPath();
  let cluster: TestCluster;
  let api: Api;
  let subject: Subject;

  before(async () => {
    cluster = await testCluster();
    const { namespace, resources } = await sandboxStack({ stack: "sandbox" }, secretsFile());
    await apply(cluster.kubectl, namespace, resources, { unavailable: cluster.unavailable });
    api = await apiOf({ kubeconfig }, { milliseconds: 30_000 });
    const unavailable = await unavailableOn(api, namespace);
    subject = subjectOf({ ...(await loadStack({ stack: "sandbox" })), unavailable });
  });

  const rowOf = ({ checks }: Report, id: string) =>
    checks.find((row) => row.id === id) ?? assert.fail(`no row ${id} in ${checks.map((row) => row.id).join(", ")}`);
  const failures = ({ checks }: Report) => checks.filter(({ result }) => result === "fail").map((row) => line(row));

  it("passes, and leaves out only what the cluster's own list says can't run there", async () => {
    const report = await checklist({ stack: "sandbox" }, kubeconfig);
    assert.deepEqual(failures(report), []);
    const passed = report.checks.filter(({ result }) => result === "pass").map(({ id }) => id);
    for (const id of ["pods/statefulset/loki", "loki/ready", "loki/canary", "loki/chunks", "alertmanager/ready"])
      assert.ok(passed.includes(id), `${id} did not pass`);
    const reasons = [
      ...cluster.unavailable.values(),
      "its chart can't be had without the Pulumi CLI and a chart repository",
    ];
    const notRun = report.checks.filter(({ result }) => result === "not-run");
    for (const { title, detail } of notRun) assert.ok(reasons.includes(detail), `${title}: ${detail}`);
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
      assert.match(pods.detail, /is scaled to 0, and the stack says 1/);
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
