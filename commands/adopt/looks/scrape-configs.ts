import { isDeepStrictEqual } from "node:util";
import { notForAlloy } from "../../../settings/sections/scrape-config";
import type { Look } from "../findings";
import { called } from "../objects";
import { withoutSecrets } from "../secret-values";
import { isStacks } from "../../shared/belongings";

/** ScrapeConfigs of others: after stage kps-removed the collector scrapes those of the settings. */
export const lookAtScrapeConfigs: Look = ({ custom }, { kps, metrics }, found) => {
  if (!kps.enabled) return;
  const others = custom.scrapeconfigs
    .filter((object) => !isStacks(object))
    .map((object) => ({ name: called(object), spec: object.spec ?? {}, why: reasons(object.spec ?? {}) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const scraped = others.filter(({ why }) => why.length === 0).map(({ name, spec }) => ({ name, spec }));
  // Those that somebody wrote into the file without an object stay there.
  const more = metrics.scrapeConfigs.filter(({ name }) => !scraped.some((each) => each.name === name));
  if (scraped.length > 0 && !isDeepStrictEqual(scraped, metrics.scrapeConfigs))
    found.fit(
      "metrics.scrapeConfigs",
      [...scraped, ...more],
      "other applications' ScrapeConfigs, with their specs: from stage kps-removed on, the collector reads them from here",
    );
  for (const { name, why } of others.filter((each) => each.why.length > 0)) {
    const ends = `is not scraped from stage kps-removed on: ${why.join("; ")}`;
    const how = "before that stage, remove that, or replace it by a ServiceMonitor, PodMonitor or Probe";
    found.end({ kind: "ScrapeConfig", name, why: `it ${ends}`, how, step: "kps-removed" });
    found.ask(`ScrapeConfig ${name} ${ends}`, `${how}: docs/kps-removed.md#what-alloy-cant-scrape`);
  }
};

/** Settings are in Git: nothing that may be a secret is copied into them. */
const reasons = (spec: Record<string, unknown>): string[] => [
  ...notForAlloy(spec),
  ...withoutSecrets(spec).withheld.map((field) => `${field} may be a secret, which is not copied into settings`),
];
