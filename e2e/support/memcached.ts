import { memcacheds } from "../../components/loki/caches";
import { memcachedArgs } from "../../components/loki/memcached";
import { debianProgram } from "../../lab/cluster/debian";
import { freePort, startServer, type LocalServer } from "../../lab/cluster/server";
import type { Settings } from "../../settings/schema";

/** Loki's caches as processes on the loopback, with the arguments of their pods. Each keeps its port. */
export class LocalCaches {
  private running: LocalServer[] = [];

  private constructor(
    private readonly folder: string,
    private readonly settings: Settings["loki"],
    /** Address of each, by its workload. */
    readonly addresses: Readonly<Record<string, string>>,
  ) {}

  /** Starts those of the settings. */
  static async of(settings: Settings["loki"], folder: string): Promise<LocalCaches> {
    const addresses: Record<string, string> = {};
    for (const { workload } of memcacheds(settings)) addresses[workload] = `127.0.0.1:${await freePort()}`;
    const caches = new LocalCaches(folder, settings, addresses);
    await caches.start();
    return caches;
  }

  /** Starts them again, each at its port and empty. */
  async start(): Promise<void> {
    const program = await debianProgram("memcached", "usr/bin/memcached");
    for (const { workload, settings } of memcacheds(this.settings)) {
      const { port } = new URL(`tcp://${this.addresses[workload]}`);
      // Without a user it refuses to run as root, as these tests do; otherwise it ignores that.
      const where = [`--port=${port}`, "--listen=127.0.0.1", "--user=root"];
      this.running.push(
        await startServer(program, [...where, ...memcachedArgs(settings.size)], {
          cwd: this.folder,
          ready: `tcp://127.0.0.1:${port}`,
        }),
      );
    }
  }

  /** Ends them as a node does that fails. */
  async kill(): Promise<void> {
    await Promise.all(this.running.map((server) => server.kill()));
    this.running = [];
  }
}
