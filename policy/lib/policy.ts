import type { ReportViolation, ResourceValidationPolicy, Severity, StackValidationPolicy } from "@pulumi/policy";
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema";
import { z } from "zod";
import { brief } from "./errors";
import type { Finding, Refusal, StackFinding, StackRefusal } from "./finding";
import { messageOf } from "./message";
import { readBy, readIn, type Read } from "./registered";
import { reading, resourceOf, resourcesOf, type Resource } from "./resource";
import { isInScope, scope, type Scope } from "./scope";
import { Later, type Block, type Unknown } from "./unknown";

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
  /**
   * Looks at files of configuration together with who reads them: when a workload is registered, those registered before it that it mounts; and after the
   * preview or the update, all.
   */
  checkRead?(read: Read, parameters: z.infer<z.ZodObject<Shape>>): Iterable<StackFinding>;
  /** Looks at the whole stack, after the preview or the update: for what one resource can't show. */
  checkStack?(resources: readonly Resource[], parameters: z.infer<z.ZodObject<Shape>>): Iterable<StackFinding>;
}

/**
 * Makes a policy of Pulumi's from a check.
 *
 * Its parameters become the configuration schema. They are checked here as well, and their defaults set, because an engine may do neither.
 * A finding becomes a violation; an unknown value is thrown last, which the engine reports as advisory: an update knows the value and
 * asks again before it creates the resource. An error in the check is a finding as well: it ends neither the run nor other policies.
 *
 * @throws {Error} by its validations, naming every parameter that isn't valid
 */
export function definePolicy<Shape extends z.ZodRawShape = Record<never, never>>(spec: PolicySpec<Shape>): Policy {
  const { name, description, url, severity, level = "mandatory", check, checkRead, checkStack } = spec;
  const schema = z.strictObject({ ...spec.parameters, ...scope });
  type Parameters = z.infer<z.ZodObject<Shape>> & Scope;
  let known: { given: object; parameters: Parameters } | undefined;
  const parametersOf = (given: object): Parameters => {
    if (!known || !isSame(known.given, given)) known = { given, parameters: parse(schema, given, name) as Parameters };
    return known.parameters;
  };
  const stumbledHere = (error: unknown) => stumbled(name, error);
  // What was said when a workload was registered is not said again of the whole stack.
  const said = new Set<string>();
  function* unsaid(findings: Iterable<StackFinding>): Iterable<StackFinding> {
    for (const finding of findings) {
      // What isn't known yet, the check of the whole stack reports.
      if ("error" in finding) continue;
      const text = message(finding, finding.resource);
      // Another workload may read the same file.
      if (said.has(text)) continue;
      said.add(text);
      yield finding;
    }
  }
  const checks: readonly Check<Resource, Parameters>[] = [
    (resource, parameters) => (isInScope(resource, parameters) ? check?.(resource, parameters) : undefined),
    (resource, parameters) => {
      if (!checkRead || !isInScope(resource, parameters)) return undefined;
      const { files, resources } = readBy(resource);
      if (files.length === 0) return undefined;
      const judged = files.filter((file) => isInScope(file, parameters));
      return judged.length > 0 ? unsaid(checkRead({ files: judged, resources }, parameters)) : undefined;
    },
  ];
  const judge = (resource: Resource, parameters: Parameters, reportViolation: ReportViolation): void =>
    report(
      checks,
      resource,
      parameters,
      (refusal) => tell(reportViolation, message(refusal, refusal.resource ?? resource)),
      stumbledHere,
    );
  const stackChecks: readonly Check<readonly Resource[], Parameters>[] = [
    function* (resources, parameters) {
      const some = resources.filter((resource) => isInScope(resource, parameters));
      // What policies find out about a list, they remember by it.
      const all = some.length === resources.length ? resources : some;
      if (checkRead) yield* checkRead(readIn(all), parameters);
      if (checkStack) yield* checkStack(all, parameters);
    },
  ];
  const judgeStack = (
    resources: readonly Resource[],
    parameters: Parameters,
    reportViolation: ReportViolation,
  ): void => {
    reading.latest = undefined;
    const before = new Set(said);
    said.clear();
    report(
      stackChecks,
      resources,
      parameters,
      (refusal) => {
        const text = message(refusal, refusal.resource);
        if (!before.has(text)) tell(reportViolation, text, refusal.resource?.urn);
      },
      (error) => ({ ...stumbledHere(error), resource: reading.latest }),
    );
  };
  return {
    name,
    description,
    url,
    severity,
    enforcementLevel: level,
    configSchema: { properties: jsonSchema(schema) },
    // At once where nothing must be awaited, as nearly always.
    ...((check ?? checkRead) && {
      validateResource: (args, reportViolation) => {
        const parameters = parametersOf(args.getConfig());
        const resource = resourceOf(args);
        const { pending } = resource;
        if (pending) return pending.then(() => judge(resource, parameters, reportViolation));
        judge(resource, parameters, reportViolation);
      },
    }),
    ...((checkRead ?? checkStack) && {
      validateStack: (args, reportViolation) => {
        const [parameters, resources] = [parametersOf(args.getConfig()), resourcesOf(args.resources)];
        const pending = resources.flatMap((resource) => resource.pending ?? []);
        if (pending.length > 0)
          return Promise.all(pending).then(() => judgeStack(resources, parameters, reportViolation));
        judgeStack(resources, parameters, reportViolation);
      },
    }),
  };
}

/** What a check finds; undefined for nothing. */
type Check<Subject, Parameters> = (subject: Subject, parameters: Parameters) => Iterable<StackFinding> | undefined;

// Of most resources most policies say nothing: nothing is made for what they may say.
function report<Subject, Parameters>(
  checks: readonly Check<Subject, Parameters>[],
  subject: Subject,
  parameters: Parameters,
  refuse: (refusal: StackRefusal) => void,
  mistake: (error: unknown) => StackRefusal,
): void {
  let unknown: Unknown | undefined;
  let told: Set<string> | undefined;
  try {
    for (const check of checks) {
      const findings = check(subject, parameters);
      if (!findings) continue;
      for (const finding of findings) {
        if (finding instanceof Later) continue;
        if ("error" in finding) {
          unknown ??= finding;
          continue;
        }
        // The file with its arguments and the arguments alone may show the same: once is enough.
        const { resource }: StackRefusal = finding;
        const text = message(finding, resource);
        told ??= new Set();
        if (!told.has(text)) refuse(finding);
        told.add(text);
      }
    }
  } catch (error) {
    if (isEngines(error)) throw error;
    refuse(mistake(error));
  }
  if (unknown) throw unknown.error;
}

// A policy that can't judge must not pass: what it finds is of its own level. Where it knows more about the place, it says so itself.
function stumbled(policy: string, error: unknown): Refusal {
  return {
    path: "a property",
    found: `something that the policy ${policy} fails on (${brief(error)})`,
    wanted: "a value that it can check",
    why: "The policy failed, so the resource isn't checked. This is a bug in the policy.",
    fix: "List the resource in its parameter exclude, and report the bug.",
  };
}

// What the engine makes an advisory finding of: an unknown value that is read, and a policy that says that it doesn't apply.
function isEngines(error: unknown): boolean {
  return error instanceof Error && ["UnknownValueError", "NotApplicableError"].includes(error.constructor.name);
}

// A text alone is printed after the policy's description, which says less and comes first: `makeReportViolationFun` in server.js of @pulumi/policy,
// whose declarations leave the object out.
function tell(reportViolation: ReportViolation, message: string, urn?: string): void {
  (reportViolation as (violation: unknown) => void)({ message, urn });
}

// The engine says once what is configured, and the runtime gives with every resource another object of the same values.
function isSame(one: object, other: object): boolean {
  const before = one as Block;
  const now = other as Block;
  const keys = Object.keys(now);
  return keys.length === Object.keys(before).length && keys.every((key) => now[key] === before[key]);
}

const message = (refusal: Refusal, resource?: Resource): string =>
  messageOf(resource?.label ?? "The stack", { ...refusal, fix: withPlaceOfParameters(refusal) });

// Who reads of a parameter must know where to write it.
function withPlaceOfParameters({ why = "", fix }: Refusal): string {
  const isNamed = [why, fix].some((text) => /\bparameters?\b/.test(text));
  return isNamed ? `${fix} Parameters are set in the file of --policy-pack-config.` : fix;
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
