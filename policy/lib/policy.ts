import type { ResourceValidationPolicy, Severity } from "@pulumi/policy";
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema";
import { z } from "zod";
import { resourceOf, type Resource } from "./resource";
import type { Unknown } from "./unknown";

/** One thing that a policy refuses, or a value that it must read and can't before the update. */
export type Finding =
  | {
      /** Where in the resource, such as `data["config.yaml"]: compactor.delete_request_store`. */
      path: string;
      /** What stands there. */
      found: string;
      /** What should stand there. */
      wanted: string;
      /** Why, and what to do. */
      fix: string;
    }
  | Unknown;

/** What makes up a policy about one resource. */
export interface PolicySpec<Shape extends z.ZodRawShape> {
  /** Its name, by which it is configured. */
  name: string;
  /** What it refuses, in one sentence. */
  description: string;
  /** The upstream page that says why. */
  url: string;
  /** How bad a violation is; the enforcement level is `mandatory` whatever this is. */
  severity: Severity;
  /** Its parameters beside {@link exemptions}, each with a default and a description. */
  parameters: Shape;
  /** Looks at one resource; called for every resource of every type. */
  check(resource: Resource, parameters: z.infer<z.ZodObject<Shape>>): Iterable<Finding>;
}

const exemptions = {
  exemptNamespaces: z
    .array(z.string())
    .default([])
    .describe("Kubernetes namespaces that this policy doesn't look at; * stands for any text"),
  exemptResources: z
    .array(z.string())
    .default([])
    .describe("names or URNs of resources that this policy doesn't look at; * stands for any text"),
};

/**
 * Makes a policy of Pulumi's from a check.
 *
 * Its parameters become the configuration schema. They are checked here as well, and their defaults set, because an engine may do neither.
 * A finding becomes a violation; an unknown value is thrown last, which the engine reports as advisory: an update knows the value and
 * asks again before it creates the resource.
 */
export function definePolicy<Shape extends z.ZodRawShape>(spec: PolicySpec<Shape>): ResourceValidationPolicy {
  const { name, description, url, severity, check } = spec;
  const schema = z.strictObject({ ...spec.parameters, ...exemptions });
  return {
    name,
    description,
    url,
    severity,
    enforcementLevel: "mandatory",
    configSchema: { properties: jsonSchema(schema) },
    validateResource: (args, reportViolation) => {
      const parameters = parse(schema, args.getConfig(), name);
      const resource = resourceOf(args);
      if (isExempt(resource, parameters as z.infer<z.ZodObject<typeof exemptions>>)) return;
      const unknown: Unknown[] = [];
      for (const finding of check(resource, parameters as z.infer<z.ZodObject<Shape>>)) {
        if ("error" in finding) unknown.push(finding);
        else reportViolation(message(resource, finding));
      }
      if (unknown.length > 0) throw unknown[0].error;
    },
  };
}

function message(resource: Resource, { path, found, wanted, fix }: Exclude<Finding, Unknown>): string {
  return `${resource.label}: ${path} is ${found}; wanted ${wanted}. ${fix}`;
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

function isExempt(resource: Resource, exempt: z.infer<z.ZodObject<typeof exemptions>>): boolean {
  const { namespace, name, urn } = resource;
  return (
    (namespace !== undefined && exempt.exemptNamespaces.some((pattern) => matches(pattern, namespace))) ||
    exempt.exemptResources.some((pattern) => matches(pattern, name) || matches(pattern, urn))
  );
}

function matches(pattern: string, text: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`).test(text);
}
