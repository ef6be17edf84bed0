import { resolve, sep } from "node:path";
import * as proto from "@pulumi/pulumi/proto/language_pb";
import type { runProgram } from "../../../offline/program";

/** Pulumi's language runtime as a service. */
interface LanguageRuntime {
  run(call: { request: proto.RunRequest }, done: (error?: Error) => void): void;
}

// The one of the Automation API, for inline programs: each run has Pulumi's state to itself. It ships without types.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { LanguageServer } = require("@pulumi/pulumi/automation/server") as {
  LanguageServer: new (program: () => unknown) => LanguageRuntime;
};

type Arguments = Parameters<typeof runProgram>;

/** A program, where it believes to be, and who answers it: plain data. */
export interface Program {
  project: Pick<Arguments[0], "folder" | "main">;
  deployment: Arguments[1];
  configuration: Arguments[2];
  /** where its monitor listens */
  address: string;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs a program in this process, one after the other, where `runProgram` starts a process for each: what is compiled once serves all runs, so
 * one takes a third of the time. The modules of this repository are loaded anew each time, those of dependencies are not.
 *
 * For a process that does nothing else, as that forgets all modules. Rejects when the program fails; why, the monitor was told.
 */
export function runInline({ project, deployment, configuration, address }: Program): Promise<void> {
  const request = new proto.RunRequest();
  request.setProject(deployment.project);
  request.setStack(deployment.stack);
  request.setOrganization(deployment.organization);
  request.setDryrun(deployment.dryRun);
  request.setParallel(16);
  request.setMonitorAddress(address);
  request.setArgsList([address]);
  Object.entries(configuration.values).forEach(([key, value]) => request.getConfigMap().set(key, value));
  request.setConfigsecretkeysList(configuration.secretKeys);

  const load = (): unknown => {
    const own = Object.keys(require.cache).filter((file) => !file.includes(`${sep}node_modules${sep}`));
    for (const file of own) delete require.cache[file];
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- as Pulumi's runtime does
    return require(resolve(project.folder, project.main));
  };
  const finished = last.then(
    () =>
      new Promise<void>((done, failed) =>
        new LanguageServer(load).run({ request }, (error) => (error ? failed(error) : done())),
      ),
  );
  last = finished.catch(() => undefined);
  return finished;
}
