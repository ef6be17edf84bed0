import type { Resource } from "./resource";
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
  /** What goes wrong with it: whole sentences. A long message has them last. */
  why?: string;
  /** What to do: whole sentences, the first of at most 110 characters. */
  fix: string;
}

/** What a refusal says beside what is there. */
export type Advice = Pick<Refusal, "why" | "fix">;

/** A finding about one resource of the stack, or about the stack where it names none. */
export type StackFinding = StackRefusal | Unknown;

/** One thing that a policy refuses in a resource of the stack, or in the stack where it names none. */
export type StackRefusal = Refusal & { resource?: Resource };
