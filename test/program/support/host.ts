import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { serialize } from "node:v8";
import { type PreviewOptions, previewWithGraph } from "../../../offline/preview";
import type { runProgram } from "../../../offline/program";
import type { Asked } from "./hosted";
import { runInline } from "./inline";

// A process that runs programs for the tests, and makes previews of them: each once, whichever process of the run asks for it. Prints its
// address, and ends with its starter.

const made = new Map<string, Promise<Buffer>>();

const start: typeof runProgram = (project, deployment, configuration, _loader, address) => {
  const finished = runInline({ project, deployment, configuration, address });
  finished.catch(() => undefined);
  return { finished, stop: () => undefined };
};

const preview = async (options: PreviewOptions): Promise<Buffer> =>
  serialize(await previewWithGraph({ ...options, start }));

async function answerTo(asked: Asked): Promise<Buffer> {
  if ("run" in asked) {
    await runInline(asked.run);
    return Buffer.alloc(0);
  }
  const key = JSON.stringify(asked.preview);
  const answer = made.get(key) ?? preview(asked.preview);
  made.set(key, answer);
  return answer;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    response.end(await answerTo((await json(request)) as Asked));
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.message : String(error));
  }
}

const server = createServer((request, response) => void serve(request, response));
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.stdin.resume().once("end", () => process.exit());
