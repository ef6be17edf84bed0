import { startHosts, variable } from "./preview-host";

/** Mocha calls this once, before it starts the processes that run the tests. A core each: there are two where this has to be quick. */
export async function mochaGlobalSetup(): Promise<void> {
  process.env[variable] = (await startHosts(2)).join(" ");
}
