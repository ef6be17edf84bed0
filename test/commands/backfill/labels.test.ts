import assert from "node:assert/strict";
import { labelsOnTheWay as labelsOnTheWayTo } from "../../../commands/backfill/labels";
import { PrometheusApi, type Series } from "../../../commands/backfill/prometheus-api";
import type { Api } from "../../../commands/shared/api/api-server";

/** An API that has these series of `up`, all of which a selector names whole. */
function api(series: Series[], external: Series = {}): PrometheusApi {
  const program: Api = {
    server: "http://program",
    request: (path) => {
      const { pathname, searchParams } = new URL(path, "http://program");
      if (pathname.endsWith("/status/config")) {
        const yaml = JSON.stringify({ global: { external_labels: external } });
        return Promise.resolve({ status: 200, body: JSON.stringify({ data: { yaml } }) });
      }
      const pairs = [...(searchParams.get("query") ?? "").matchAll(/"([^"]+)"="([^"]*)"/g)];
      const result = series
        .filter((labels) => pairs.every(([, name, value]) => labels[name] === value))
        .map((labels) => ({ metric: { __name__: "up", ...labels } }));
      return Promise.resolve({ status: 200, body: JSON.stringify({ data: { result } }) });
    },
  };
  return new PrometheusApi(program, new AbortController().signal);
}

const labelsOnTheWay = (prometheus: PrometheusApi, mimir: PrometheusApi) =>
  labelsOnTheWayTo(prometheus, mimir, "Mimir");

const [a, b] = ["a", "b"].map((instance) => ({ job: "node", instance }));
const external = { cluster: "home", prometheus: "monitoring/k8s", prometheus_replica: "prometheus-k8s-0" };

describe("labels on the way from Prometheus to Mimir", () => {
  it("are those that arrive, whatever the configuration says", async () => {
    const mimir = api([a, b].map((labels) => ({ ...labels, cluster: "home", prometheus: "monitoring/k8s" })));
    assert.deepEqual(await labelsOnTheWay(api([a, b], external), mimir), {
      added: { cluster: "home", prometheus: "monitoring/k8s" },
      dropped: ["prometheus_replica"],
    });
  });

  it("may be added by relabelling alone", async () => {
    const { added } = await labelsOnTheWay(api([a]), api([{ ...a, site: "attic" }]));
    assert.deepEqual(added, { site: "attic" });
  });

  it("are those of this Prometheus, where several write to one Mimir", async () => {
    const mimir = api([
      { ...a, cluster: "home" },
      { ...a, cluster: "other" },
    ]);
    assert.deepEqual((await labelsOnTheWay(api([a], { cluster: "home" }), mimir)).added, { cluster: "home" });
  });

  it("leave a series alone that has such a label itself", async () => {
    const own = { ...b, cluster: "guest" };
    const result = await labelsOnTheWay(api([a, own], { cluster: "home" }), api([{ ...a, cluster: "home" }, own]));
    assert.deepEqual(result, { added: { cluster: "home" }, dropped: [] });
  });

  it("must be the same for all series", async () => {
    const mimir = api([
      { ...a, site: "attic" },
      { ...b, site: "cellar" },
    ]);
    await assert.rejects(labelsOnTheWay(api([a, b]), mimir), /adds site to series, with different values\n→/);
  });

  it("can't be seen before remote_write has brought a series", async () => {
    await assert.rejects(
      labelsOnTheWay(api([a], external), api([])),
      /Mimir has no series like up\{"job"="node","instance"="a"\}[^]*→ is the stack in stage dual-write/,
    );
  });
});
