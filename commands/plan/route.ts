import { backends, stageNames, stagesBetween, type Backend, type StageName } from "../../stages";
import { InvalidInput } from "../../engine/errors";

/**
 * The stages from one to another, both included.
 *
 * @param backend the stack's, whose stages are the route if it has both; default: that of the settings' default
 * @throws {InvalidInput} for a name that is not a stage
 */
export function routeBetween(from: string, to: string, backend: Backend = backends[0]): StageName[] {
  const problems = Object.entries({ from, to })
    .filter(([, stage]) => !stageNames.includes(stage as StageName))
    .map(([option, stage]) => `--${option} ${stage}: there is no such stage. Allowed: ${stageNames.join(", ")}.`);
  if (problems.length > 0) {
    throw new InvalidInput(problems.join("\n"));
  }
  const route = stagesBetween(from as StageName, to as StageName, [backend, ...backends]);
  if (route.length === 0)
    throw new InvalidInput(
      `--from ${from} --to ${to}: no stack has both stages.\n→ Change metrics.backend in stage loki only.`,
    );
  return route;
}
