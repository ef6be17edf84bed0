import assert from "node:assert/strict";
import { run, succeeds, waitFor } from "../../../lab/cluster/run";

describe("Running commands", () => {
  it("returns what the command wrote, given its input", async () => {
    assert.equal(await run("cat", [], { input: "hello" }), "hello");
  });

  it("says of a failure which command it was, how it ended and what it said last", async () => {
    await assert.rejects(
      run("sh", ["-c", "echo no such thing >&2; exit 3"]),
      /`sh -c .*` ended with exit code 3:\nno such thing/,
    );
  });

  it("says of a missing command that it could not be run", async () => {
    await assert.rejects(run("no-such-command", ["x"]), /could not run `no-such-command x`/);
    assert.equal(await succeeds("no-such-command", []), false);
  });

  it("ends one that takes too long", async () => {
    await assert.rejects(run("sleep", ["60"], { timeout: 100 }), /ended with SIGKILL/);
  });

  it("gives up waiting at the deadline and says for what", async () => {
    await assert.rejects(
      waitFor(
        "the moon",
        0,
        async () => false,
        () => "It is cloudy.",
      ),
      /the moon: not after 0 s. It is cloudy./,
    );
  });
});
