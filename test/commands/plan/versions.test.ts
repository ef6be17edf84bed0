import assert from "node:assert/strict";
import { versionChanges } from "../../../commands/plan/versions";
import { graph, resource } from "../../engine/graphs";

const stack = (images: Record<string, string>) =>
  graph(
    ...Object.entries({ loki: "Loki", mimir: "Mimir", grafana: "Grafana" }).map(([name, component]) =>
      resource(
        `observability:${name}:${component}`,
        { images: { [name]: `docker.io/grafana/${name}:${images[name] ?? "3.6.3"}` } },
        { custom: false },
      ),
    ),
  );
const change = (from: Record<string, string>, to: Record<string, string>) => versionChanges(stack(from), stack(to));

describe("what a plan tells of another version", () => {
  it("is nothing where it stays, or where there is no number", () => {
    assert.deepEqual(change({}, {}), { beside: [], refusals: [] });
    assert.deepEqual(change({ loki: "main-2a5c7b1" }, {}), { beside: [], refusals: [] });
    assert.deepEqual(versionChanges(graph(), stack({})), { beside: [], refusals: [] });
  });

  it("is where to read about the next one, and about one of before", () => {
    assert.deepEqual(change({}, { loki: "3.7.1", mimir: "4.0.0" }), {
      beside: ["Loki 3.6.3 → 3.7.1: docs/upgrades.md#loki", "Mimir 3.6.3 → 4.0.0: docs/upgrades.md#mimir"],
      refusals: [],
    });
    const { beside, refusals } = change({ loki: "3.7.1" }, {});
    assert.match(beside.join(), /^Loki 3\.7\.1 → 3\.6\.3 goes back: .*docs\/upgrades\.md#loki$/);
    assert.deepEqual(refusals, []);
  });

  it("refuses one that skips a step, and names the next one", () => {
    const skips = [
      ["3.8.0", /^Loki 3\.6\.3 → 3\.8\.0 skips 3\.7: .*First make an update to 3\.7; or try it in another stack/],
      ["3.10.2", /skips 3\.7 and 3\.8 and 3\.9: /],
      ["4.2.0", /skips 4\.0: /],
      ["6.0.0", /skips 4\.0 and 5\.0: /],
    ] as const;
    for (const [version, why] of skips) {
      const { beside, refusals } = change({}, { loki: version });
      assert.match(refusals.join(), why);
      assert.deepEqual(beside, []);
    }
    assert.deepEqual(change({}, { grafana: "13.2.0" }).refusals, []);
  });

  it("refuses an older Grafana, whose database has no way back", () =>
    assert.match(
      change({ grafana: "13.2.0" }, { grafana: "13.1.0" }).refusals.join(),
      /never back\. .*copy of its volume/,
    ));
});
