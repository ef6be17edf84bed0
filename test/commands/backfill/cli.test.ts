import assert from "node:assert/strict";
import { run } from "../../../commands/backfill/cli";
import { testStackWords } from "../../stacks/stacks";

/** What the command says where it can't begin. */
async function said(stack: string, ...words: string[]): Promise<string> {
  let text = "";
  const code = await run([...testStackWords(stack), ...words], {
    out: (line) => (text += line),
    error: (line) => (text += line),
  });
  assert.equal(code, 2, text);
  return text;
}

describe("npm run backfill", () => {
  it("says that history comes with Mimir in a stage that has none", async () => {
    assert.match(await said("production"), /stage loki has no Mimir\n→ history can be copied from stage dual-write on/);
  });

  it("says the same of VictoriaMetrics, where the stack has that", async () => {
    assert.match(
      await said("pi", "--config=stage=loki"),
      /stage loki has no VictoriaMetrics\n→ history can be copied from stage dual-write on/,
    );
  });

  it("refuses the address of a backend that the stack doesn't have", async () => {
    assert.match(
      await said("pi", "--mimir=http://127.0.0.1:9009"),
      /metrics\.backend is victoria-metrics, and not mimir\n→ --victoria-metrics <url>/,
    );
  });
});
