import { freePort, startServer, type LocalServer } from "../../lab/cluster/server";
import { loopback } from "../../lab/logs/loopback";
import { until } from "../../lab/until";
import { note } from "./note";

/** Ports of a process on the loopback. */
export type Ports = Record<"http" | "grpc" | "memberlist", number>;

/** How a process is started. */
export interface Launch {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  /** Path that answers 200 once it runs, long before it is ready. */
  live: string;
}

/** The processes of one ring, which come and go by the names of their pods; each keeps its ports. `S`: what one is configured by. */
export class ProcessRing<S> {
  private readonly ports = new Map<string, Ports>();
  private readonly running = new Map<string, LocalServer>();
  private readonly ready = new Set<string>();

  /** @param prepare writes a process's configuration and says how it is started */
  constructor(private readonly prepare: (name: string, settings: S, ring: ProcessRing<S>) => Promise<Launch>) {}

  /** Ports of a process that was started, or is about to be. */
  portsOf(name: string): Ports {
    const ports = this.ports.get(name);
    if (!ports) throw new Error(`${name} was never started`);
    return ports;
  }

  /** Addresses by which a new process finds the others. */
  get members(): string[] {
    return [...this.ports.values()].map(({ memberlist }) => `${loopback}:${memberlist}`);
  }

  /** Base URL of a process. */
  url(name: string): string {
    return `http://${loopback}:${this.portsOf(name).http}`;
  }

  /** Base URLs of the processes that the Service of a workload would send requests to: those that are ready. */
  behind(workload: string): string[] {
    return [...this.ready].filter((name) => workloadOf(name) === workload).map((name) => this.url(name));
  }

  /**
   * Starts processes at the same time, and waits until all are ready. When one can't be started, all of the ring's end.
   * @param names of their pods
   * @param settings what they are configured by
   * @throws Error with what a process printed, when it ends; and when one isn't ready in time
   */
  async start(names: readonly string[], settings: S): Promise<void> {
    try {
      for (const name of names) {
        if (this.ports.has(name)) continue;
        this.ports.set(name, { http: await freePort(), grpc: await freePort(), memberlist: await freePort() });
      }
      await Promise.all(names.map((name) => this.startOne(name, settings)));
      await Promise.all(names.map((name) => this.untilReady(name)));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Ends processes as Kubernetes does, and waits until they have.
   * @param names of their pods; default: all
   * @returns the end of what each printed
   */
  async stop(names: readonly string[] = [...this.running.keys()]): Promise<Map<string, string>> {
    const servers = names.map((name) => [name, this.running.get(name)] as const);
    await this.end(names, (server) => server.stop());
    return new Map(servers.map(([name, server]) => [name, server?.said() ?? ""]));
  }

  /** Ends processes as a node does that fails. */
  async kill(names: readonly string[]): Promise<void> {
    await this.end(names, (server) => server.kill());
  }

  private async end(names: readonly string[], by: (server: LocalServer) => Promise<void>): Promise<void> {
    const servers = names.flatMap((name) => this.running.get(name) ?? []);
    for (const name of names) {
      this.ready.delete(name);
      this.running.delete(name);
    }
    await Promise.all(servers.map(by));
  }

  private async startOne(name: string, settings: S): Promise<void> {
    const { command, args, cwd, env, live } = await this.prepare(name, settings, this);
    const server = await startServer(command, args, { cwd, env, ready: `${this.url(name)}${live}` });
    this.running.set(name, server);
    // Otherwise tests only say that nothing answers.
    void server.ended.then(() => {
      if (this.running.get(name) === server) note(`${name} ended by itself:\n${server.said().slice(-2000)}`);
    });
  }

  private async untilReady(name: string): Promise<void> {
    await until(`${name} is ready`, 300, async () => {
      const response = await fetch(`${this.url(name)}/ready`);
      if (!response.ok) throw new Error(await response.text());
      return true;
    });
    this.ready.add(name);
  }
}

/** Name of the workload that a pod of a StatefulSet belongs to. */
export const workloadOf = (pod: string) => pod.replace(/-\d+$/, "");

/** Names of a workload's pods. */
export const podsOf = ({ name, replicas }: { name: string; replicas: number }): string[] =>
  Array.from({ length: replicas }, (_, i) => `${name}-${i}`);
