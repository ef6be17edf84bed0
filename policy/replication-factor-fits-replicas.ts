import type { StackRefusal } from "./lib/finding";
import { show } from "./lib/config/show";
import { definePolicy } from "./lib/policy";
import { quorum } from "./lib/replication";
import { unfitInChart, unfitInStack, type UnfitFactor } from "./lib/unfit-factors";
import { Unknown } from "./lib/unknown";

/**
 * Refuses a replication factor of Loki or Mimir above the number of writers: if too few of them are alive, every push is refused with "at
 * least 2 live replicas required". The default of both programs is three.
 *
 * A chart shows the factor and the writers. Of native objects, one has the configuration and another the number of pods, which only the
 * check of the whole stack sees together.
 */
export const replicationFactorFitsReplicas = definePolicy({
  name: "replication-factor-fits-replicas",
  description: "Loki and Mimir have at least as many writers as their replication factor.",
  url: "https://grafana.com/docs/loki/latest/get-started/components/#replication-factor",
  severity: "critical",
  *check(resource) {
    for (const unfit of unfitInChart(resource)) yield unfit instanceof Unknown ? unfit : refusalOf(unfit);
  },
  *checkStack(resources) {
    for (const unfit of unfitInStack(resources)) yield unfit instanceof Unknown ? unfit : refusalOf(unfit);
  },
});

function refusalOf(unfit: UnfitFactor): StackRefusal {
  const { resource, path, program } = unfit;
  if ("unread" in unfit) {
    return {
      resource,
      path,
      found: show(unfit.unread),
      wanted: "a number",
      why: "The replication factor can't be compared with the number of writers.",
      fix: "Write a plain number.",
    };
  }
  const { factor, isDefault, writers, place } = unfit;
  const needed = quorum(factor);
  const nothing = `${program.name} would refuse everything: "at least ${needed} live replicas required, could only find ${writers}".`;
  const less = `With one writer down, ${program.name} would refuse writes.`;
  return {
    resource,
    path,
    found: isDefault ? `missing, which means ${factor}` : String(factor),
    wanted: `at most ${writers > 0 ? `${writers}, the number of writers` : "the number of writers, of which there are none"} (${place})`,
    why: writers < needed ? nothing : less,
    fix:
      writers > 0
        ? `Write a factor of ${writers}, or run more writers.`
        : "Run at least as many writers as the factor is.",
  };
}
