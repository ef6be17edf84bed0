import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exposition, targetCount, type Fleet } from "./series";

/** Targets that are scraped: one address, a path each. */
export interface Targets {
  /** `host:port` of all. */
  address: string;
  paths: string[];
  close(): void;
}

/**
 * Serves a fleet's targets on the loopback.
 * @param fleet what they expose
 * @param now seconds since the start; by default those of the clock
 */
export async function serveTargets(fleet: Fleet, now = secondsSinceStart()): Promise<Targets> {
  const paths = Array.from({ length: targetCount(fleet) }, (_, target) => `/targets/${target}`);
  const server = createServer(({ url = "" }, response) => {
    const target = paths.indexOf(url);
    if (target < 0) return response.writeHead(404).end(`There are ${paths[0]} to ${paths.at(-1)}.\n`);
    response.writeHead(200, { "Content-Type": "text/plain; version=0.0.4" }).end(exposition(fleet, target, now()));
  });
  await new Promise<void>((resolve, reject) => server.on("error", reject).listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, paths, close };
}

/**
 * What has Prometheus, or vmagent, scrape targets.
 * @param interval how often, as a Prometheus duration
 */
export const scrapeConfig = ({ address, paths }: Targets, interval: string) => ({
  global: { scrape_interval: interval, scrape_timeout: interval },
  scrape_configs: [
    {
      job_name: "bench",
      static_configs: paths.map((path, target) => ({
        targets: [address],
        labels: { __metrics_path__: path, instance: `worker-${target}` },
      })),
    },
  ],
});

function secondsSinceStart(): () => number {
  const start = Date.now();
  return () => (Date.now() - start) / 1000;
}
