import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Takes whatever is sent to it and keeps nothing. */
export interface Sink {
  /** Base URL. */
  url: string;
  close(): void;
}

/** Starts a sink on the loopback: for samples and alerts of programs whose receiver isn't measured. */
export async function startSink(): Promise<Sink> {
  const server = createServer((request, response) => {
    request.on("end", () => response.writeHead(204).end()).resume();
  });
  await new Promise<void>((resolve, reject) => server.on("error", reject).listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
