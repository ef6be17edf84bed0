import "../../../engine/late-modules.js";
import "../../../engine/stack-traces.js";
import "../../../engine/structs.js";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { serialize } from "node:v8";
import { type PreviewOptions, previewWithGraph } from "../../../commands/shared/preview";
import { addCost } from "../../support/costs";
import { runInline } from "./inline";
import { startPackInline } from "./inline-pack";

// A process that makes previews for the tests: each once, whichever process of the run asks for it. Prints its address, and ends with its starter.

const made = new Map<string, Promise<Buffer>>();

const preview = async (options: PreviewOptions): Promise<Buffer> =>
  serialize(await previewWithGraph({ ...options, start: runInline, startPack: startPackInline }));

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const options = (await json(request)) as PreviewOptions;
    const key = JSON.stringify(options);
    const answer = made.get(key) ?? preview(options);
    made.set(key, answer);
    // A connection that is kept could be closed, for idleness, at the very moment at which the next request is sent.
    response.setHeader("connection", "close").end(await answer);
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.message : String(error));
  }
}

const server = createServer((request, response) => void serve(request, response));
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.once("exit", () => addCost("previews of the whole program, shared"));
process.stdin.resume().once("end", () => process.exit());
