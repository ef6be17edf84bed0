import type { Config } from "./lib/config/config";
import { settingsOf } from "./lib/config/find";
import { ofArguments } from "./lib/config/overlay";
import type { Program } from "./lib/config/program";
import { loki } from "./lib/loki/program";
import { mimir } from "./lib/mimir/program";
import { definePolicy, type Finding } from "./lib/policy";
import { factorOf } from "./lib/replication";

/**
 * Says of a replication factor of 2 that it costs twice the space and survives no writer: both must take a line, so what goes to the one
 * that is down is refused. Measured on Loki 3.6 with one of three writers killed: 86 of 150 streams refused at 2, none at 3.
 */
export const replicationFactorSurvivesAWriter = definePolicy({
  name: "replication-factor-survives-a-writer",
  description: "Loki and Mimir don't run with a replication factor of 2, which survives no writer.",
  url: "https://grafana.com/docs/loki/latest/get-started/components/#replication-factor",
  severity: "medium",
  level: "advisory",
  *check(resource) {
    for (const program of [loki, mimir]) {
      const { configs, arguments: lists } = settingsOf(resource, program);
      const alone = lists.flatMap((list) => ofArguments(list, program) ?? []);
      for (const config of [...configs, ...alone]) yield* two(config, program);
    }
  },
});

function* two(config: Config, program: Program): Iterable<Finding> {
  const { path, setting } = factorOf(config, program);
  if (!("value" in setting) || setting.value !== 2) return;
  yield {
    path,
    found: "2",
    wanted: "3, or 1",
    fix: "Two of two writers must take a line: with one of three down, Loki refused 86 of 150 streams at 2, and none at 3. Take 3 writers or more and factor 3, or 1 and half the space.",
  };
}
