import { setTimeout as pause } from "node:timers/promises";
import type { ApiProxy } from "./cluster";
import { LokiClient, nanoseconds } from "./loki";

/** What goes on while a stack is changed; each runs from its construction until it is stopped. */

/** Runs a round again and again, with a second in between. */
class Loop {
  private stopped = false;
  private readonly rounds: Promise<void>;

  constructor(round: () => Promise<void>) {
    this.rounds = (async () => {
      while (!this.stopped) {
        await round();
        await pause(1000);
      }
    })();
    this.rounds.catch(() => undefined); // `stop` tells it
  }

  /** Ends it, after the round that it is in. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.rounds;
  }
}

/** Writes a numbered line a second to Loki, each until it is acknowledged, as the collector does. */
export class LogWriter {
  /** Lines that Loki has acknowledged. */
  acknowledged = 0;
  private readonly begun = Date.now();
  private readonly loki: LokiClient;
  private readonly loop: Loop;

  /**
   * @param proxy to the cluster
   * @param namespace where Loki is
   */
  constructor(proxy: ApiProxy, namespace: string) {
    this.loki = new LokiClient(proxy, namespace);
    this.loop = new Loop(async () => {
      const line: [string, string] = [nanoseconds(Date.now()), `line ${this.acknowledged}`];
      await this.loki.push(LogWriter.stream, [line], 300);
      this.acknowledged++;
    });
  }

  private static readonly stream = { job: "transitions" };

  /** Ends it. */
  stop = () => this.loop.stop();

  /** The numbers of the acknowledged lines that Loki doesn't give back. */
  async missing(): Promise<number[]> {
    const end = Date.now() + 1000;
    const range = 300_000;
    const found = new Set<string>();
    for (let start = this.begun - 1000; start < end; start += range) {
      const lines = await this.loki.lines('{job="transitions"}', { start, end: Math.min(start + range, end) });
      for (const { line } of lines) found.add(line[1]);
    }
    return [...Array(this.acknowledged).keys()].filter((n) => !found.has(`line ${n}`));
  }
}

/** Looks every second whether Alertmanager has an alert; when it can't be asked, it doesn't count. */
export class AlertWatch {
  /** How often it was asked. */
  looks = 0;
  /** When it didn't have it, in milliseconds since 1970. */
  readonly absent: number[] = [];
  /** When it had it for the first and for the last time. */
  seen?: { first: number; last: number };
  private readonly loop: Loop;

  /**
   * @param proxy to the cluster
   * @param namespace of Alertmanager
   * @param alertname which alert
   * @param service Alertmanager's
   */
  constructor(proxy: ApiProxy, namespace: string, alertname: string, service = "alertmanager") {
    const filter = new URLSearchParams({ filter: `alertname="${alertname}"` });
    this.loop = new Loop(async () => {
      // Also an answer that ends half-way is none.
      const alerts = await proxy
        .request(namespace, `services/${service}:9093`, `/api/v2/alerts?${filter}`)
        .then(async (answer) => (answer.ok ? ((await answer.json()) as object[]) : undefined))
        .catch(() => undefined);
      if (!alerts) return;
      this.looks++;
      const now = Date.now();
      if (alerts.length === 0) this.absent.push(now);
      else this.seen = { first: this.seen?.first ?? now, last: now };
    });
  }

  /** Ends it. */
  stop = () => this.loop.stop();
}
