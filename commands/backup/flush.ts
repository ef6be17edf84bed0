import { ports as lokiPorts, topology } from "../../components/loki/topology";
import { ports as mimirPorts } from "../../components/mimir/config";
import { InvalidInput } from "../../engine/errors";
import type { Settings } from "../../settings/schema";
import { stageOf } from "../../stages";
import { programAt, type Api } from "../shared/api/api-server";
import { whyNot } from "../shared/api/network";

/** What has data in memory. */
export interface Writer {
  /** For a person. */
  name: string;
  program: Api;
  /** What has it store that, and answer when it is done, or has begun. */
  path: string;
}

const paths = { loki: "/flush", mimir: "/ingester/flush?wait=true" };

/**
 * What of a stack keeps lines and samples in memory and on volumes until they are in the buckets.
 * @param settings the stack's
 * @param given base URLs; default: the stack's pods, by the API server
 * @see https://grafana.com/docs/loki/latest/reference/loki-http-api/#flush-in-memory-chunks-to-backing-store
 * @see https://grafana.com/docs/mimir/latest/references/http-api/#flush-chunks--blocks
 */
export async function writersOf(
  settings: Settings,
  given: Partial<Record<"loki" | "mimir", readonly string[]>>,
  api: () => Promise<Api>,
): Promise<Writer[]> {
  const of = async (app: "loki" | "mimir", named: readonly string[], port: number): Promise<Writer[]> => {
    const path = paths[app];
    if (given[app]) return given[app].map((url) => ({ name: url, program: programAt(url), path }));
    const cluster = await api();
    const { name } = settings.namespace;
    return named.map((pod) => ({
      ...{ name: `pod ${name}/${pod}`, path },
      program: {
        server: cluster.server,
        request: (its, request) =>
          cluster.request(`/api/v1/namespaces/${name}/pods/${pod}:${port}/proxy${its}`, request),
      },
    }));
  };
  const pods = (name: string, replicas: number) => Array.from({ length: replicas }, (_, i) => `${name}-${i}`);
  const { ingester } = topology(settings.loki).doing;
  return [
    ...(await of("loki", pods(ingester.name, ingester.replicas), lokiPorts.http)),
    ...(given.mimir || stageOf(settings).mimir
      ? await of("mimir", pods("mimir", settings.mimir.replicas), mimirPorts.http)
      : []),
  ];
}

/**
 * Has them store everything.
 * @param signal ends the waiting
 * @throws InvalidInput with all that could not
 */
export async function flush(writers: readonly Writer[], signal: AbortSignal): Promise<void> {
  const failed = await Promise.all(
    writers.map(async ({ name, program, path }) => {
      const reply = await program.request(path, { method: "POST", signal }).catch((error: unknown) => {
        signal.throwIfAborted();
        return `${name} ${whyNot(error, { milliseconds: 0 })}`;
      });
      if (typeof reply === "string") return [reply];
      return reply.status < 300 ? [] : [`${name} answers ${reply.status}: ${reply.body.trim().slice(0, 200)}`];
    }),
  );
  const problems = failed.flat();
  if (problems.length === 0) return;
  const todo =
    "what it has in memory and on its volume would not be in the backup; start it, or leave that out: --no-flush";
  throw new InvalidInput(`${problems.join("\n")}\n→ ${todo}`);
}
