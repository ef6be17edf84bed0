import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { BlockUpload, type Meta } from "../../../commands/backfill/upload";
import { programAt } from "../../../commands/shared/api/api-server";
import { temporaryFolder } from "../../support/temporary-folder";

type Answer = [status: number, body: string] | "hang up";

const ulid = "01K9Q2V4M5W7X8Y9Z0A1B2C3D4";

const meta: Meta = {
  ...{ version: 1, ulid, minTime: 0, maxTime: 1, stats: { numSamples: 1, numSeries: 1, numChunks: 1 } },
  compaction: { level: 1, sources: [ulid] },
  thanos: {
    ...{ version: 1, labels: {}, downsample: { resolution: 0 }, source: "" },
    files: [{ rel_path: "index", size_bytes: 5 }],
  },
};

const state = (result: string, error?: string): Answer => [200, JSON.stringify({ result, error })];
const none: Answer = [404, "block doesn't exist\n"];
const good: Answer = [200, ""];

describe("block upload", () => {
  let server: Server;
  let asked: string[];
  let answers: Answer[];
  let url: string;

  beforeEach((done) => {
    [asked, answers] = [[], []];
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => (body += String(part)));
      request.on("end", () => {
        const [path] = (request.url ?? "").split("/").slice(-1);
        asked.push(`${path}${path.startsWith("files") ? ` ${request.headers["content-length"]} ${body}` : ""}`);
        const answer = answers.shift() ?? [500, "no more answers"];
        if (answer === "hang up") return request.socket.destroy();
        response.writeHead(answer[0]).end(answer[1]);
      });
    });
    server.listen(0, "127.0.0.1", () => {
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      done();
    });
  });
  afterEach(() => server.close());

  function upload(given: Answer[], patience = 30): Promise<boolean> {
    answers = given;
    const folder = temporaryFolder();
    writeFileSync(join(folder, "index"), "12345");
    return new BlockUpload(programAt(url), patience, new AbortController().signal, () => undefined).upload(
      folder,
      meta,
    );
  }

  it("starts, sends each file with its length, finishes, and waits for Mimir's check", async () => {
    assert.equal(await upload([none, good, good, good, state("validating"), state("complete")]), true);
    assert.deepEqual(asked, ["check", "start", "files?path=index 5 12345", "finish", "check", "check"]);
  });

  it("sends nothing that Mimir has", async () => {
    assert.equal(await upload([state("complete")]), true);
    assert.deepEqual(asked, ["check"]);
  });

  it("sends a file again, whole, after a lost connection, an error or too many requests", async () => {
    const trouble: Answer[] = ["hang up", [503, "no"], [429, "slow down"]];
    assert.equal(await upload([none, good, ...trouble, good, good, state("complete")]), true);
    assert.deepEqual(asked.slice(2, 6), Array(4).fill("files?path=index 5 12345"));
  });

  it("goes on when a lost answer was a success", async () => {
    assert.equal(await upload([none, good, good, "hang up", [409, "block already exists"], state("complete")]), true);
  });

  it("goes on when another run has finished the block while Mimir looked for its upload", async () => {
    const over: Answer = [404, "block upload not started\n"];
    const exists: Answer = [409, "block already exists\n"];
    assert.equal(await upload([none, good, over, state("complete"), exists, state("complete")]), true);
    await assert.rejects(upload([none, good, over, none]), /Mimir answers 404: block upload not started/);
  });

  it("leaves a check that Mimir's restart has ended", async () => {
    // The first may be of a connection that was open; a restart is noticed by the next one.
    assert.equal(await upload([none, good, good, good, "hang up", "hang up", state("validating")]), false);
  });

  it("says why Mimir refuses a block after its check", async () => {
    const refused = upload([none, good, good, good, state("failed", "found 3 chunks outside")]);
    await assert.rejects(refused, /refuses it: found 3 chunks outside\n→ [^]*a second run tries again/);
  });

  it("names the setting when uploads are off", async () => {
    await assert.rejects(
      upload([[400, "block upload is disabled"]]),
      /→ set mimir\.blockUpload to true, and npm run up/,
    );
  });

  it("says that a URL isn't Mimir's own", async () => {
    await assert.rejects(upload([[404, "404 page not found"]]), /→ is http:\S+ Mimir itself/);
  });

  it("gives up after its patience", async () => {
    await assert.rejects(
      upload(Array<Answer>(9).fill([502, "bad gateway"]), 1),
      /502: bad gateway, for 1 s\n→ run it again later/,
    );
  });
});
