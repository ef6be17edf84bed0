import type { Config } from "../config/config";
import { along, inner } from "../paths";
import { at, isBlock, Unknown } from "../unknown";
import { isValidated } from "./chart-refusals";

/** Values of the chart `loki` without a schema. */
export interface MissingSchema {
  found: "missing" | "empty";
  /** Where one stands that the chart drops. */
  elsewhere?: string;
}

/**
 * Why the chart `loki`, from version 6 on, refuses to render for want of a schema, or with two: templates/validate.yaml.
 *
 * @returns undefined where it doesn't, or where that is unknown
 */
export function schemaProblem(chart: NonNullable<Config["chart"]>): MissingSchema | "two" | undefined {
  const { values, path } = chart;
  if (!isValidated(chart)) return undefined;
  const { schemaConfig, structuredConfig, useTestSchema } = isBlock(values.loki) ? values.loki : {};
  const given = [schemaConfig, at(structuredConfig, "schema_config")];
  if ([...given, useTestSchema].some((each) => each instanceof Unknown)) return undefined;
  if (given.some((each) => !isEmpty(each))) return useTestSchema ? "two" : undefined;
  if (useTestSchema) return undefined;
  const dropped = ["loki.schema_config", "schema_config", "schemaConfig"].find((place) => isBlock(at(values, place)));
  return {
    found: schemaConfig === undefined ? "missing" : "empty",
    ...(dropped !== undefined && { elsewhere: dropped.includes(".") ? along(path, dropped) : inner(path, dropped) }),
  };
}

/** Where a schema stands that the chart `loki` drops, and without which it refuses to render. */
export function schemaElsewhere(chart: NonNullable<Config["chart"]>): string | undefined {
  const problem = schemaProblem(chart);
  return typeof problem === "object" ? problem.elsewhere : undefined;
}

function isEmpty(value: unknown): boolean {
  return !value || (typeof value === "object" && Object.keys(value).length === 0);
}
