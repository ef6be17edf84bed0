import type { ResourceValidationPolicy, Severity, StackValidationPolicy } from "@pulumi/policy";
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema";
import { z } from "zod";
import { resourceOf, type Resource } from "./resource";
import { isInScope, scope, type Scope } from "./scope";
import type { Unknown } from "./unknown";

/** One thing that a policy refuses, or a value that it must read and can't before the update. */
export type Finding = Refusal | Unknown;

/** One thing that a policy refuses. */
export interface Refusal {
  /** Where in the resource, such as `data["config.yaml"]: compactor.delete_request_store`. */
  path: string;
  /** What stands there; never a value that may be secret. */
  found: string;
  /** What should stand there. */
  wanted: string;
  /** Why, and what to do: whole sentences. */
  fix: string;
}

/** A finding about one resource of the stack, or about the stack where it names none. */
export type StackFinding = StackRefusal | Unknown;

type StackRefusal = Refusal & { resource?: Resource };

/** A policy of the pack, as Pulumi takes it: about one resource, about the whole stack, or both. */
export type Policy = ResourceValidationPolicy & Partial<Pick<StackValidationPolicy, "validateStack">>;

/** What makes up a policy. */
export interface PolicySpec<Shape extends z.ZodRawShape> {
  /** Its name, by which it is configured. */
  name: string;
  /** What it demands, in one sentence. */
  description: string;
  /** The upstream page that says why. */
  url: string;
  /** How bad a violation is. */
  severity: Severity;
  /** Whether a finding ends the preview. Default: `mandatory`. */
  level?: "mandatory" | "advisory";
  /** Its parameters beside {@link scope}, each with a default and a description. Default: none. */
  parameters?: Shape;
  /** Looks at one resource, before it is created; called for every resource of every type. Whatever one resource can show belongs here. */
  check?(resource: Resource, parameters: z.infer<z.ZodObject<Shape>>): Iterable<Finding>;
  /** Looks at the whole stack, after the preview or the update: for what one resource can't show. */
  checkStack?(resources: readonly Resource[], parameters: z.infer<z.ZodObject<Shape>>): Iterable<StackFinding>;
}

/**
 * Makes a policy of Pulumi's from a check.
 *
 * Its parameters become the configuration schema. They are checked here as well, and their defaults set, because an engine may do neither.
 * A finding becomes a violation; an unknown value is thrown last, which the engine reports as advisory: an update knows the value and
 * asks again before it creates the resource.
 *
 * @throws {Error} by its validations, naming every parameter that isn't valid
 */
export function definePolicy<Shape extends z.ZodRawShape = Record<never, never>>(spec: PolicySpec<Shape>): Policy {
  const { name, description, url, severity, level = "mandatory", check, checkStack } = spec;
  const schema = z.strictObject({ ...spec.parameters, ...scope });
  type Parameters = z.infer<z.ZodObject<Shape>> & Scope;
  // The same are given with every resource.
  let known: { given: string; parameters: Parameters } | undefined;
  const parametersOf = (given: object): Parameters => {
    const text = JSON.stringify(given);
    if (known?.given !== text) known = { given: text, parameters: parse(schema, given, name) as Parameters };
    return known.parameters;
  };
  return {
    name,
    description,
    url,
    severity,
    enforcementLevel: level,
    configSchema: { properties: jsonSchema(schema) },
    ...(check && {
      validateResource: (args, reportViolation) => {
        const parameters = parametersOf(args.getConfig());
        const resource = resourceOf(args);
        if (!isInScope(resource, parameters)) return;
        report(check(resource, parameters), (refusal) => reportViolation(message(refusal, resource)));
      },
    }),
    ...(checkStack && {
      validateStack: (args, reportViolation) => {
        const parameters = parametersOf(args.getConfig());
        const resources = args.resources.map(resourceOf).filter((resource) => isInScope(resource, parameters));
        report(checkStack(resources, parameters), (refusal) =>
          reportViolation(message(refusal, refusal.resource), refusal.resource?.urn),
        );
      },
    }),
  };
}

// The file with its arguments and the arguments by themselves may show the same: once is enough.
function report<Found extends StackRefusal>(
  findings: Iterable<Found | Unknown>,
  refuse: (refusal: Found) => void,
): void {
  const unknown: Unknown[] = [];
  const told = new Set<string>();
  for (const finding of findings) {
    if ("error" in finding) {
      unknown.push(finding);
      continue;
    }
    const said = message(finding, finding.resource);
    if (!told.has(said)) refuse(finding);
    told.add(said);
  }
  if (unknown.length > 0) throw unknown[0].error;
}

function message({ path, found, wanted, fix }: Refusal, resource?: Resource): string {
  return `${resource?.label ?? "The stack"}: ${path} is ${found}; wanted ${wanted}. ${fix}`;
}

function parse<Schema extends z.ZodType>(schema: Schema, given: object, policy: string): z.infer<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new Error(
    `The configuration of the policy ${policy} is not valid:\n` +
      z.prettifyError(result.error) +
      `\nThe README of the policy pack lists its parameters.`,
  );
}

function jsonSchema(schema: z.ZodObject): Record<string, PolicyConfigJSONSchema> {
  return (z.toJSONSchema(schema, { io: "input" }).properties ?? {}) as Record<string, PolicyConfigJSONSchema>;
}
