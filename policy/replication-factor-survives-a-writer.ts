import type { StackRefusal } from "./lib/finding";
import { definePolicy } from "./lib/policy";
import { factorsOfTwo, factorsOfTwoInStack, type Place } from "./lib/factors-of-two";

/**
 * Advises against a replication factor of 2: it takes twice the space and doesn't survive the loss of one writer, because both writers must
 * accept a line. Measured on Loki 3.6 with one of three writers killed: 86 of 150 streams refused at 2, none at 3.
 *
 * `replication-factor-fits-replicas` checks a factor above the number of writers. Only the whole stack shows which workload reads a file.
 */
export const replicationFactorSurvivesAWriter = definePolicy({
  name: "replication-factor-survives-a-writer",
  description: "Loki and Mimir don't use a replication factor of 2, which doesn't survive the loss of one writer.",
  url: "https://grafana.com/docs/loki/latest/get-started/components/#replication-factor",
  severity: "medium",
  level: "advisory",
  *check(resource) {
    for (const place of factorsOfTwo(resource)) yield refusalOf(place);
  },
  *checkStack(resources) {
    for (const place of factorsOfTwoInStack(resources)) yield refusalOf(place);
  },
});

function refusalOf(place: Place): StackRefusal {
  return {
    ...place,
    found: "2",
    wanted: "3, or 1",
    why: "With factor 2, both writers of a stream must accept a line: with one of three writers down, Loki refused 86 of 150 streams, and none with factor 3.",
    fix: "Use factor 3 with at least 3 writers, or factor 1, which takes half the space.",
  };
}
