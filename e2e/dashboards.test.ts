import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { hostTool } from "../lab/cluster/tools";
import { lokiDashboards } from "../components/loki/dashboards";
import { mimirDashboards } from "../components/mimir/dashboards";
import { settingsSchema } from "../settings/schema";
import { everyBaseDashboard, panelsOf, variableSelectors, withVariables } from "../test/components/dashboards/queries";

const environment = { namespace: "monitoring" };
const dashboards = [
  ...everyBaseDashboard(),
  ...lokiDashboards({ environment, settings: { mode: "single-binary", structuredMetadata: true } }),
  ...lokiDashboards({ environment, settings: { mode: "single-binary", structuredMetadata: false } }),
  ...mimirDashboards({ environment, settings: settingsSchema.parse({}).mimir }),
];

const queriesOf = (...sources: string[]) =>
  dashboards
    .flatMap(panelsOf)
    .flatMap(({ queries }) =>
      queries.flatMap(({ source = "", expr }) => (sources.includes(source) ? withVariables(expr) : [])),
    );

describe("The dashboards' queries", function () {
  this.timeout("20m"); // the first time, the tools are built

  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "dashboards-"))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are PromQL to Prometheus", async () => {
    const promtool = await hostTool("promtool");
    const expressions = [
      ...queriesOf("prometheus", "mimir"),
      ...dashboards.flatMap(variableSelectors).map(withVariables),
    ];
    assert.ok(expressions.length > 50);
    const rules = expressions.map((expr, index) => ({ record: `query:${index}`, expr }));
    const file = join(folder, "rules.yaml");
    writeFileSync(file, stringify({ groups: [{ name: "dashboards", rules }] }));
    const output = execFileSync(promtool, ["check", "rules", "--lint=none", file], { encoding: "utf8" });
    assert.match(output, new RegExp(`${expressions.length} rules found`));
  });

  it("are LogQL to Loki", async () => {
    const logcli = await hostTool("logcli");
    const queries = queriesOf("loki");
    assert.ok(queries.length > 0);
    for (const query of queries) {
      const { status, stderr } = spawnSync(logcli, ["fmt"], { input: query, encoding: "utf8" });
      assert.equal(status, 0, `${query}: ${stderr}`);
    }
  });
});
