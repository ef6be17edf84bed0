import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { freePort } from "../../../lab/cluster/server";

describe("freePort", () => {
  it("gives each port once, and none that the kernel may give to a connection meanwhile", async function () {
    if (process.platform !== "linux") return this.skip();
    const [lowest] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/).map(Number);
    if (lowest < 30_000) return this.skip(); // this machine's own choice
    const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
    assert.equal(new Set(ports).size, 50);
    for (const port of ports) assert.ok(port < lowest, `${port}`);
  });
});
