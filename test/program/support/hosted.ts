import { deserialize } from "node:v8";
import { ProgramFailed } from "../../../offline/errors";
import type { Previewed, PreviewOptions } from "../../../offline/preview";
import type { runProgram } from "../../../offline/program";
import { previewHost } from "../../support/preview-host";
import type { Program } from "./inline";

/** What the host (`host.ts`) is asked for: a preview, which it keeps, or a run of a program for a monitor of somebody else. */
export type Asked = { preview: PreviewOptions } | { run: Program };

/** A preview by the host. */
export const previewByHost = async (preview: PreviewOptions): Promise<Previewed> =>
  deserialize(await ask({ preview })) as Previewed;

/**
 * Starts a program in the host, at a third of what a process of its own takes: `start` of `offlinePreview`, `offlineRender`, `offlinePlan` and
 * `run`. For tests of what a program registers, not of how it is run.
 */
export const runByHost: typeof runProgram = (project, deployment, configuration, _loader, address, diagnostics) => {
  const { folder, main } = project;
  const finished = ask({ run: { project: { folder, main }, deployment, configuration, address } }).then(
    () => undefined,
    (error: Error) => {
      const said = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
      throw new ProgramFailed(said.length > 0 ? said.join("\n") : error.message);
    },
  );
  finished.catch(() => undefined);
  return { finished, stop: () => undefined };
};

async function ask(asked: Asked): Promise<Buffer> {
  const response = await fetch(await previewHost(), { method: "POST", body: JSON.stringify(asked) });
  if (!response.ok) throw new Error(await response.text());
  return Buffer.from(await response.arrayBuffer());
}
