import * as pulumi from "@pulumi/pulumi";
import * as runtime from "@pulumi/pulumi/runtime";

/** What a program registered, in the order of registration. */
export interface Registered {
  type: string;
  name: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the inputs of any resource type
  inputs: any;
}

/** What a program registered and what it read. */
export interface Recorded {
  resources: Registered[];
  /** Each call of a data source: its token and arguments. */
  calls: { token: string; args: Record<string, unknown> }[];
}

/** How the mocks answer. */
export interface MockOptions {
  /** Outputs of a resource beside its inputs. */
  outputs?: (resource: Registered) => Record<string, unknown>;
  /** Result of a data source. */
  call?: (token: string, args: Record<string, unknown>) => Record<string, unknown>;
  stack?: string;
}

/**
 * Puts Pulumi's mocks in place: from here on, resources are registered with them.
 * @returns what is registered, filled as the program runs
 */
export function mockPulumi({ outputs, call, stack = "test" }: MockOptions = {}): Recorded {
  const recorded: Recorded = { resources: [], calls: [] };
  void runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const resource = { type, name, inputs: reveal(inputs) as Registered["inputs"] };
        recorded.resources.push(resource);
        return { id: `${name}-id`, state: { ...resource.inputs, ...outputs?.(resource) } };
      },
      call: ({ token, inputs }) => {
        recorded.calls.push({ token, args: inputs });
        return call?.(token, inputs) ?? {};
      },
    },
    "observability",
    stack,
    false,
  );
  return recorded;
}

/** Mocks get a secret in the envelope in which it travels. Secretness is shown by the offline preview, not here. */
function reveal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== "object" || value === null) return value;
  if ("4dabf18193072939515e22adb298388d" in value) return reveal((value as unknown as { value: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, reveal(part)]));
}

/**
 * The value of an output; rejects with the error that its computation ended with.
 * @param output any output
 */
export function valueOf<T>(output: pulumi.Input<T>): Promise<pulumi.Unwrap<T>> {
  return (pulumi.output(output) as unknown as { promise(): Promise<pulumi.Unwrap<T>> }).promise();
}

/** Waits until the program has registered all that it is going to; the runtime has this, its types don't. */
export const settled = (): Promise<void> => (runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
