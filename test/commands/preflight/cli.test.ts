import assert from "node:assert/strict";
import { run as command } from "../../../commands/preflight/cli";
import { kubeconfigFor, refusingAddress, serveApi, stopAll } from "./stand-ins";
import { testStackWords } from "../../stacks/stacks";

/** Runs the command; its exit code and output. */
async function run(...args: string[]) {
  let [stdout, stderr] = ["", ""];
  const code = await command(args, { out: (text) => (stdout += text), error: (text) => (stderr += text) });
  return { code, stdout, stderr };
}

const kubeconfig = (address: string) => `--config=kubernetes.kubeconfig=${kubeconfigFor(address)}`;

describe("npm run preflight", () => {
  after(stopAll);

  it("exits with 0 where nothing is in the way, and prints JSON", async () => {
    const metadata = { name: "local", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } };
    const api = await serveApi({
      "/version": { major: "1", minor: "36", gitVersion: "v1.36.3" },
      "/apis/storage.k8s.io/v1/storageclasses": { items: [{ metadata }] },
      "/api/v1/nodes": { items: [{ metadata: { labels: { "kubernetes.io/arch": "amd64" } } }] },
    });
    const { code, stdout } = await run(...testStackWords("sandbox"), "--json", kubeconfig(api));
    const { stack, results } = JSON.parse(stdout) as { stack: string; results: { status: string }[] };
    assert.equal(stack, "sandbox");
    assert.deepEqual([...new Set(results.map(({ status }) => status))].sort(), ["ok", "skipped"]);
    assert.equal(code, 0);
  });

  it("exits with 1 where something is in the way, and names it", async () => {
    const { code, stdout } = await run(...testStackWords("sandbox"), kubeconfig(await refusingAddress()));
    assert.match(stdout, /✗ cluster +Kubernetes +the API server refuses connections/);
    assert.match(stdout, /Stack sandbox: 1 to fix first\./);
    assert.equal(code, 1);
  });

  it("exits with 2 for settings that are invalid, a stack that isn't there, and a command line that is wrong", async () => {
    const [settings, stack, line] = await Promise.all([
      run(...testStackWords("sandbox"), "--config=loki.retention=x"),
      run("--stack", "nowhere"),
      run(...testStackWords("sandbox"), "--deadline=0"),
    ]);
    assert.match(settings.stderr, /observability:loki\.retention: "x" is not a duration/);
    assert.match(stack.stderr, /There is no stack 'nowhere'/);
    assert.match(line.stderr, /expected a number of seconds above 0/);
    assert.deepEqual([settings.code, stack.code, line.code], [2, 2, 2]);
  });
});
