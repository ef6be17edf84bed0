import assert from "node:assert/strict";
import { settingsSchema, type Settings } from "../../../settings/schema";
import { clusterReader } from "../../../commands/shared/api/kubernetes";
import { apiOf } from "../../../commands/shared/api/api-server";
import { kubeconfigFor, serve, stopAll, type Reply } from "./stand-ins";

const tooMany = (retryAfter?: string): Reply => ({
  status: 429,
  body: { kind: "Status", code: 429, message: "storage is (re)initializing" },
  ...(retryAfter !== undefined && { headers: { "retry-after": retryAfter } }),
});

describe("An API server that has too much to do", () => {
  /** Its settings; it answers `busy` so often, and then well. */
  async function server(times: number, busy = tooMany("1")): Promise<Settings> {
    let asked = 0;
    const address = await serve(() => (asked++ < times ? busy : { body: { gitVersion: "v1.36.3" } }));
    return settingsSchema.parse({ kubernetes: { kubeconfig: kubeconfigFor(address) } }) as Settings;
  }
  afterEach(stopAll);

  it("is asked again after the time that it asks for", async () => {
    const reader = await clusterReader(await server(2), { milliseconds: 20_000 });
    assert.equal((await reader.version())?.gitVersion, "v1.36.3");
    const api = await apiOf((await server(2)).kubernetes, { milliseconds: 20_000 });
    assert.equal((await api.request("/version")).status, 200);
  });

  it("is not waited for beyond the deadline, and named", async () => {
    const reader = await clusterReader(await server(Infinity), { milliseconds: 1_500 });
    await assert.rejects(reader.version(), { message: "the API server is overloaded (429)" });
    const api = await apiOf((await server(Infinity)).kubernetes, { milliseconds: 1_500 });
    await assert.rejects(api.request("/version"), { name: "AbortError" });
  });

  it("is taken at its word where it names no time: a program behind its proxy may have said so", async () => {
    const api = await apiOf((await server(1, tooMany())).kubernetes, { milliseconds: 20_000 });
    assert.equal((await api.request("/version")).status, 429);
  });
});
