/**
 * Preloaded by whatever lives for seconds: V8 makes optimised code of a function only once it has run seven times as much as by default. Of what runs so
 * briefly most is never used often enough to pay for that, and threads of V8's own do it at the same time: about a sixth of the CPU seconds of a preview
 * (engine/README.md). A process that lives longer gets there all the same, a little later.
 *
 * The flag is V8's own (`node --v8-options`). A version of node without it says so once, and runs as by default.
 */
require("node:v8").setFlagsFromString("--interrupt-budget=500000");
