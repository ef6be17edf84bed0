import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kubectl } from "../../../lab/sandbox/kubectl";

describe("Kubectl", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "kubectl-"))));
  after(() => rmSync(folder, { recursive: true }));

  const crd = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "things" } };

  // Stands in for kubectl: fails the first `failures` calls with a message, and notes each call.
  function kubectl(failures: number, message: string): { kubectl: Kubectl; calls: () => number } {
    const log = join(mkdtempSync(join(folder, "case-")), "calls");
    const binary = `${log}.sh`;
    writeFileSync(
      binary,
      `#!/bin/sh\necho "$*" >> ${log}\n[ $(wc -l < ${log}) -gt ${failures} ] || { echo '${message}' >&2; exit 1; }\n`,
      { mode: 0o755 },
    );
    return {
      kubectl: new Kubectl(binary, "/dev/null"),
      calls: () => readFileSync(log, "utf8").trim().split("\n").length,
    };
  }

  it("waits for a definition that has no conditions yet", async () => {
    const { kubectl: k, calls } = kubectl(
      2,
      "error: .status.conditions accessor error: <nil> is of the type <nil>, expected []interface{}",
    );
    await k.ready(crd, 30);
    assert.equal(calls(), 3);
  });

  it("waits for a Deployment that has been in progress for too long, as after a run that was stopped", async () => {
    const { kubectl: k, calls } = kubectl(2, 'error: deployment "loki-gateway" exceeded its progress deadline');
    await k.ready({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "loki-gateway" } }, 30);
    assert.equal(calls(), 3);
  });

  it("hands every other error on at once", async () => {
    const { kubectl: k, calls } = kubectl(9, 'Error from server (NotFound): "things" not found');
    await assert.rejects(k.ready(crd, 30), /NotFound/);
    assert.equal(calls(), 1);
  });

  it("asks again when the connection took too long, as nothing was sent then", async () => {
    const { kubectl: k, calls } = kubectl(2, "Unable to connect to the server: net/http: TLS handshake timeout");
    await k.run(["delete", "namespace", "a"]);
    assert.equal(calls(), 3);
  });

  it("asks nothing for what is ready as soon as it is stored", async () => {
    const { kubectl: k } = kubectl(9, "must not be called");
    await k.ready({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }, 30);
  });
});
