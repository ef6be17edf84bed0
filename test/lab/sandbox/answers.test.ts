import assert from "node:assert/strict";
import { answers } from "../../../lab/sandbox/answers";
import { queryable, clusterOf, subject, value, well } from "../../commands/verify/stand-in";

describe("The questions at the end of the sandbox", () => {
  const lokiHas = queryable([
    [/count_over_time/, [value(1234, { namespace: "kube-system" }), value(7, { namespace: "apps" })]],
  ]);
  const memory = queryable([
    [/node_memory_MemAvailable_bytes/, [value(43.21, { node: "pi", instance: "10.0.0.1:9100" })]],
  ]);
  const alerts = queryable([], "", {
    "/api/v2/alerts": [
      { labels: { alertname: "Watchdog" }, startsAt: "2026-11-22T10:00:00Z", status: { state: "active" } },
    ],
  });

  it("are a log query, a metric query and an alert, each with its words and its answer", async () => {
    const about = subject("dual-write");
    const content = well(about);
    Object.assign(content.programs, {
      "services/loki-gateway:80": lokiHas,
      "services/kube-prometheus-stack-prometheus:9090": memory,
      "services/alertmanager:9093": alerts,
    });
    const api = clusterOf(content);
    const said = (await answers(about, api)).split("\n");
    assert.ok(said.some((line) => line.includes("LogQL: sum by (namespace) (count_over_time(")));
    assert.ok(said.some((line) => line.includes("PromQL: 100 * (1 - node_memory_MemAvailable_bytes")));
    assert.deepEqual(
      said.filter((line) => line.startsWith("      ")).map((line) => line.trim()),
      ["apps  7", "kube-system  1,234", "pi  43.2 %", "Watchdog  active since 2026-11-22T10:00:00Z"],
    );
  });

  it("go to Mimir where it is the default, and say what is wrong where one has no answer", async () => {
    const about = subject("mimir-default");
    const content = well(about);
    Object.assign(content.programs, {
      "services/loki-gateway:80": queryable([]),
      "services/mimir:9009": (path: string, parameters: URLSearchParams) =>
        memory(path.replace("/prometheus", ""), parameters),
    });
    delete content.programs["services/alertmanager:9093"];
    const api = clusterOf(content);
    const said = await answers(about, api);
    assert.match(said, /LogQL.*\n {6}nothing yet\n/);
    assert.match(said, /PromQL.*\n {6}pi {2}43\.2 %\n/);
    assert.match(said, /alert: alertname="Watchdog"\n {6}alertmanager\.\S+ answers 404/);
  });
});
