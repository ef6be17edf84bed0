/**
 * Preloaded by whatever lives for seconds: V8 makes optimised code of a function only once it has run seven times as much as by default. Of what runs so
 * briefly most is never used often enough to pay for that, and threads of V8's own do it at the same time: about a sixth of the CPU seconds of a preview
 * (engine/README.md). A process that lives longer gets there all the same, a little later.
 *
 * The flag is V8's own (`node --v8-options`), and V8 prints an error for one that it doesn't know: of Node.js 22 and later (V8 12 to 14) it has another
 * name. A version that wasn't tried runs as by default.
 *
 * For the same reason zod is told not to write and compile a function for each schema of an object, of which nearly all are used once. The setting is
 * zod's own (`jitless`, https://zod.dev/api#jitless); here before zod is loaded, as each schema asks for it when it is made.
 */
const v8 = Number.parseInt(process.versions.v8);
if (v8 === 11) require("node:v8").setFlagsFromString("--interrupt-budget=500000");
if (v8 >= 12 && v8 <= 14) require("node:v8").setFlagsFromString("--invocation-count-for-turbofan=20000");
globalThis.__zod_globalConfig = { ...globalThis.__zod_globalConfig, jitless: true };
