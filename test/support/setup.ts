import { previewHost } from "./preview-host";

/** Mocha calls this once, before it starts the processes that run the tests. */
export async function mochaGlobalSetup(): Promise<void> {
  process.env.PREVIEW_HOST = await previewHost();
}
