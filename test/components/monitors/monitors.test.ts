import assert from "node:assert/strict";
import { environment } from "../../../components/kubernetes/environment";
import { BaseMonitors } from "../../../components/monitors/monitors";
import { scrapeConfigSpec } from "../../../components/monitors/scrape-config";
import { baseTargets } from "../../../components/monitors/targets";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled } from "../../support/mocks";

describe("BaseMonitors", () => {
  it("are a ScrapeConfig in the stack's namespace for each base target", async () => {
    const recorded = mockPulumi();
    const settings = settingsSchema.parse({ namespace: { name: "observability" } });
    const args = { settings: settings.monitors, dropApiserverHistograms: true };
    new BaseMonitors("monitors", { environment: environment(settings), ...args }, {});
    await settled();

    const made = recorded.resources
      .filter(({ type }) => type === "kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig")
      .map(({ inputs }) => {
        const { metadata, spec } = inputs as { metadata: { name: string; namespace: string }; spec: unknown };
        return [metadata.name, metadata.namespace, spec] as const;
      });
    const byName = <T extends readonly [string, ...unknown[]]>(list: T[]) =>
      list.sort(([a], [b]) => a.localeCompare(b));
    const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;
    assert.deepEqual(
      plain(byName(made)),
      plain(
        byName(baseTargets(args).map((target) => [target.name, "observability", scrapeConfigSpec(target)] as const)),
      ),
    );
    assert.equal(made.length, 5);
  });
});
