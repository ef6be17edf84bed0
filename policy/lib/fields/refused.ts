import type { Config, Overrides } from "../config/config";
import type { Program } from "../config/program";
import type { Refusal } from "../finding";
import { emptiedBlocks } from "../loki/emptied";
import { loki } from "../loki/program";
import { removalOf } from "../loki/removal";
import { versionOf } from "../programs";
import { refusedTargets } from "./arguments";
import { meantBy, misfitsOf, misfitsOfTenants, refusalOf, type JudgedMisfit } from "./judged";

// Of values of another kind that stand here, another policy says more.
const elsewhere: Readonly<Record<Program["name"], readonly string[]>> = {
  Loki: ["compactor.retention_enabled", "limits_config.retention_period", "schema_config.configs"],
  Mimir: ["limits.compactor_blocks_retention_period"],
};

/** What the version that reads a configuration is known to refuse in it; of a file of Loki whose version only the whole stack shows, empty blocks. */
export function* refusedFields(config: Config, program: Program): Iterable<Refusal> {
  const version = versionOf(config, program);
  if (program === loki) yield* emptiedBlocks(config, config.awaitsReader ? undefined : version);
  if (program === loki && version === undefined) return;
  for (const misfit of misfitsOf(config, program)) {
    if (config.awaitsReader && mayBeOthers(misfit, program)) continue;
    const isElsewhere = misfit.field && elsewhere[program.name].includes(misfit.keys.join("."));
    if (isRefused(misfit, program) && !isElsewhere) yield refusalOf(misfit, program);
  }
  yield* refusedTargets(config, program);
}

/**
 * The same of settings by tenant.
 *
 * @param version the minor version that reads them, where it is known
 * @param awaitsReader whether only the whole stack shows it
 */
export function* refusedTenantFields(
  overrides: Overrides,
  program: Program,
  version: string | undefined,
  awaitsReader: boolean,
): Iterable<Refusal> {
  for (const misfit of misfitsOfTenants(overrides, program, version)) {
    if (awaitsReader && mayBeOthers(misfit, program)) continue;
    if (isRefused(misfit, program)) yield refusalOf(misfit, program);
  }
}

/** What a version that has no list of settings, or that nothing names, may refuse in a configuration. */
export function* doubtfulFields(config: Config, program: Program): Iterable<Refusal> {
  const version = versionOf(config, program);
  // The workload that mounts the file shows the version.
  if (version === undefined && config.awaitsReader) return;
  for (const misfit of misfitsOf(config, program)) {
    if (!misfit.isSure && !isRemoved(misfit, program))
      yield { ...refusalOf(misfit, program), ...doubt(misfit, program) };
  }
}

/** What a version that has no list of settings may refuse in settings by tenant. */
export function* doubtfulTenantFields(overrides: Overrides, program: Program, version?: string): Iterable<Refusal> {
  for (const misfit of misfitsOfTenants(overrides, program, version)) {
    if (!misfit.isSure && !isRemoved(misfit, program))
      yield { ...refusalOf(misfit, program), ...doubt(misfit, program) };
  }
}

// What no list has may be a setting of a version without one: whoever mounts the file shows it. Of Loki's only those after the newest have none, and
// what is so near a known setting is one misspelt; of Mimir's, many before 3.
function mayBeOthers(misfit: JudgedMisfit, { name }: Program): boolean {
  if (misfit.block === undefined || misfit.versions.length > 0) return false;
  return name === "Mimir" || meantBy(misfit) === undefined;
}

function isRefused(misfit: JudgedMisfit, program: Program): boolean {
  return misfit.isSure && !isRemoved(misfit, program);
}

// `loki-config-has-no-removed-fields` reports these.
function isRemoved(misfit: JudgedMisfit, program: Program): boolean {
  return program === loki && removalOf(misfit) !== undefined;
}

function doubt({ version, isNamed }: JudgedMisfit, { name, validation }: Program): Pick<Refusal, "why" | "fix"> {
  const which = `${name} ${version}`;
  if (isNamed) {
    return {
      why: `There is no list of settings for ${which} here, and the nearest version refuses this one.`,
      fix: `Check whether ${which} has it with \`${validation}\`.`,
    };
  }
  return {
    why: `${which} refuses to start with it, an earlier ${name} accepts it, and the version that reads it is unknown.`,
    fix: `Remove it, unless you run an older ${name}: check with \`${validation}\`.`,
  };
}
