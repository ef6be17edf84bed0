import { resolve } from "node:path";
import { inspect } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { ProgramFailed } from "../../../engine/errors";
import type { Deployment } from "../../../engine/monitor";
import type { runProgram } from "../../../engine/program";
import type { Configuration } from "../../../engine/project";
import type { Handlers } from "../../../engine/rpc";

// Parts of Pulumi's language runtime that its types leave out.
/* eslint-disable @typescript-eslint/no-require-imports */
const log = require("@pulumi/pulumi/log") as { hasErrors(): boolean };
const { setAllConfig } = require("@pulumi/pulumi/runtime/config") as {
  setAllConfig(values: Record<string, string>, secretKeys: string[]): void;
};
const { resetOptions, waitForRPCs, signalAndWaitForShutdown } = require("@pulumi/pulumi/runtime/settings") as {
  resetOptions(
    ...options: [
      project: string,
      stack: string,
      parallel: number,
      engine: string,
      monitor: string,
      dryRun: boolean,
      org: string,
    ]
  ): void;
  waitForRPCs(): Promise<void>;
  signalAndWaitForShutdown(): Promise<void>;
};
const { runInPulumiStack } = require("@pulumi/pulumi/runtime/stack") as {
  runInPulumiStack(program: () => unknown): Promise<unknown>;
};
const { getStore, withLocalStorage } = require("@pulumi/pulumi/runtime/state") as {
  getStore(): { settings: { monitor: object; engine: object }; callbacks?: { shutdown(): void } };
  withLocalStorage<T>(run: () => Promise<T>): Promise<T>;
};
/* eslint-enable @typescript-eslint/no-require-imports */

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a program in this process: `start` of `offlinePreview`, `offlineRender`, `offlinePlan`, of the command line and of `run`, for tests of what
 * a program registers, not of how it is run. One takes a tenth of what a process of its own takes: what is loaded once serves all, and what it
 * registers goes to the monitor as it is, not over the network.
 *
 * It is run as Pulumi's Automation API runs inline programs (`automation/server.js`), with Pulumi's state to itself, and one after the other.
 * Its main file is run each time, and what that imports is kept.
 */
export const runInline: typeof runProgram = (
  project,
  deployment,
  configuration,
  _loader,
  { handlers, diagnostics },
) => {
  const program = () => {
    const main = require.resolve(resolve(project.folder, project.main));
    delete require.cache[main];
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- as Pulumi's runtime does
    return require(main) as unknown;
  };
  const once = () =>
    inState(deployment, configuration, async () => {
      const store = getStore();
      store.settings.monitor = direct(handlers.monitor);
      store.settings.engine = direct(handlers.engine);
      try {
        await runInPulumiStack(program);
        await waitForRPCs();
        await signalAndWaitForShutdown();
        if (log.hasErrors()) throw new Error("The program logged an error.");
      } finally {
        store.callbacks?.shutdown();
      }
    });
  const finished = last.then(once).catch((error: Error) => {
    const said = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
    // Some errors have no text of their own, such as one of several addresses that don't answer.
    throw new ProgramFailed(said.join("\n") || error.message || inspect(error));
  });
  // One whose registration is refused never ends by itself: the next one begins when it is stopped.
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  last = Promise.race([finished.catch(() => undefined), stopped]);
  return { finished, stop };
};

/** Does something with Pulumi's state to itself: in a stack, with its configuration. */
export const inState = <T>(
  { project, stack, dryRun, organization }: Deployment,
  { values, secretKeys }: Configuration,
  act: () => Promise<T>,
): Promise<T> =>
  withLocalStorage(async () => {
    // No address is ever asked.
    resetOptions(project, stack, 16, "inline", "inline", dryRun, organization);
    setAllConfig(values, secretKeys);
    return act();
  });

type Done = (error: Partial<grpc.ServiceError> | null, response?: unknown) => void;

/** A client of a gRPC service that asks the answers themselves: each method takes a request, and what is called back. */
export function direct(handlers: Handlers): object {
  const method = (name: string) => (request: unknown, done: Done) => {
    const answer = handlers[name];
    if (!answer) return done({ code: grpc.status.UNIMPLEMENTED, details: name });
    void (async () => answer(request))().then(
      (response) => done(null, response),
      (error: Error) =>
        done(Object.assign(new Error(error.message), { code: grpc.status.UNKNOWN, details: error.message })),
    );
  };
  const methods = new Map<string, unknown>([["close", () => undefined]]);
  return new Proxy(
    {},
    {
      get: (_, name: string) => {
        if (!methods.has(name)) methods.set(name, method(name));
        return methods.get(name);
      },
    },
  );
}
