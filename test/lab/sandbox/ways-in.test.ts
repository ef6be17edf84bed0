import assert from "node:assert/strict";
import { image } from "../../../components/images";
import { waysIn } from "../../../lab/sandbox/ways-in";
import { loadStack } from "../../../commands/verify/load";
import { subjectOf } from "../../../commands/verify/subject";
import { testStack } from "../../stacks/stacks";
import { runInline } from "../../program/support/inline";

describe("How to open what the sandbox runs", () => {
  const lines = async (unavailable: ReadonlyMap<string, string>, ...config: string[]) =>
    waysIn(
      subjectOf({ ...(await loadStack({ ...testStack("sandbox"), config, start: runInline })), unavailable }),
      "kubectl",
    ).map((line) => line.trim());

  it("is a port-forward for each program, and a command for each password", async () => {
    const said = await lines(new Map());
    for (const command of [
      "port-forward service/grafana 3000:3000",
      "port-forward service/kube-prometheus-stack-prometheus 9090:9090",
      "port-forward service/alertmanager 9093:9093",
      "port-forward service/loki-gateway 3100:80",
      "port-forward service/minio 9000:9000",
    ])
      assert.ok(said.includes(`kubectl -n monitoring ${command}`), `${command}\n${said.join("\n")}`);
    assert.ok(
      said.includes(
        "kubectl -n monitoring get secret grafana-admin -o jsonpath='{.data.admin-password}' | base64 -d  # password of user admin",
      ),
    );
    assert.ok(!said.some((line) => line.startsWith("Mimir")), "stage loki has no Mimir");
  });

  it("leaves out what can't run, and has Mimir where the stage has it", async () => {
    const said = await lines(new Map([[image("grafana"), "needs a registry"]]), "stage=dual-write");
    assert.ok(!said.some((line) => /grafana/.test(line)));
    assert.ok(said.includes("kubectl -n monitoring port-forward service/mimir 9009:9009"));
  });
});
