import { resolve } from "node:path";
import "../../engine/late-modules.js";
import "../../engine/stack-traces.js";
import "../../engine/structs.js";
import "./user-stacks.cjs";
import { addCost, fromRoot } from "./costs";
import { endPreviewHost, previewHost } from "./preview-host";

// Every process that a test starts goes without the user's stack files, too.
const preload = resolve(__dirname, "user-stacks.cjs");
if (!process.env.NODE_OPTIONS?.includes(preload))
  process.env.NODE_OPTIONS = [process.env.NODE_OPTIONS, `--require ${JSON.stringify(preload)}`]
    .filter(Boolean)
    .join(" ");

/** Mocha calls this once, before it starts the processes that run the tests. */
export async function mochaGlobalSetup(): Promise<void> {
  process.env.PREVIEW_HOST = await previewHost();
}

/** And this at the end. */
export const mochaGlobalTeardown = endPreviewHost;

/** In the processes that run the tests, around each file: for `npm run bench:test`. */
export const mochaHooks = {
  afterAll(this: Mocha.Context): void {
    const file = this.test?.parent?.suites[0]?.file;
    if (file !== undefined) addCost(fromRoot(file));
  },
};
