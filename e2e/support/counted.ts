import { setTimeout as pause } from "node:timers/promises";

/** What became of a sender's requests. */
export interface Sent {
  /** Rounds that were acknowledged: each is one item of every stream. */
  acknowledged: number;
  /** Requests that were answered with an error, or by nobody. */
  refused: number;
  /** Seconds until the round that waited longest was acknowledged. */
  longest: number;
}

/** What became of a reader's queries. */
export interface Asked {
  /** Queries that found everything that had been acknowledged when they were asked. */
  complete: number;
  /** Queries that were answered, and lacked something. */
  incomplete: number;
  /** Queries that were answered with an error, or by nobody. */
  failed: number;
  /** Most items that one of them lacked. */
  most: number;
  /** Seconds during which answers lacked something, from the first to the last. */
  blind: number;
}

/** How a system is written to and asked. */
export interface Counted {
  /** Names of the streams, or series, each of which gets one item a round. */
  streams: readonly string[];
  /** Base URLs that a Service would send a request to now. */
  writers(): readonly string[];
  /** The same of those that answer queries. */
  readers(): readonly string[];
  /** Sends one round; another try has the same time. */
  send(url: string, round: number, time: number): Promise<Response>;
  /** How many items of each stream there are. */
  count(url: string): Promise<ReadonlyMap<string, number>>;
}

/**
 * Writes rounds, each again and again until it is acknowledged, as a collector does; and asks all the time for what was acknowledged. Both run from
 * its construction until they are stopped.
 */
export class CountedTraffic {
  readonly sent: Sent = { acknowledged: 0, refused: 0, longest: 0 };
  readonly asked: Asked = { complete: 0, incomplete: 0, failed: 0, most: 0, blind: 0 };
  private stopped = false;
  private readonly loops: Promise<void[]>;
  private firstBlind = 0;
  private turn = 0;

  /** @param system how it is written to and asked */
  constructor(private readonly system: Counted) {
    this.loops = Promise.all([this.loop(200, () => this.write()), this.loop(300, () => this.ask())]);
    this.loops.catch(() => undefined); // `stop` tells it
  }

  /** Ends both, after the round that is being written. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.loops;
  }

  /** What happened, in a line. */
  get summary(): string {
    const { sent, asked } = this;
    const items = (sent.acknowledged * this.system.streams.length).toLocaleString("en-GB");
    return (
      `${items} acknowledged; ${sent.refused} requests refused, the longest for ${sent.longest.toFixed(1)} s; ` +
      `${asked.complete} queries found everything, ${asked.incomplete} lacked something (at most ${asked.most}, within ${asked.blind.toFixed(1)} s), ${asked.failed} failed`
    );
  }

  /** Items that a reader doesn't give back, of those that had been acknowledged when it was asked. */
  async missing(): Promise<number> {
    const { acknowledged } = this.sent;
    return this.lacking(await this.system.count(this.any(this.system.readers())), acknowledged);
  }

  private async loop(every: number, round: () => Promise<void>): Promise<void> {
    while (!this.stopped) {
      await round();
      await pause(every);
    }
  }

  private async write(): Promise<void> {
    const begun = Date.now();
    for (;;) {
      const answer = await this.try(() =>
        this.system.send(this.any(this.system.writers()), this.sent.acknowledged, begun),
      );
      if (answer?.ok) break;
      if (answer && answer.status >= 400 && answer.status < 500 && answer.status !== 429)
        throw new Error(`refused for good: ${answer.status} ${await answer.text()}`);
      this.sent.refused++;
      await pause(100);
    }
    this.sent.acknowledged++;
    this.sent.longest = Math.max(this.sent.longest, (Date.now() - begun) / 1000);
  }

  private async ask(): Promise<void> {
    const { acknowledged } = this.sent;
    const found = await this.try(() => this.system.count(this.any(this.system.readers())));
    if (!found) {
      this.asked.failed++;
      return;
    }
    const lacking = this.lacking(found, acknowledged);
    if (lacking === 0) {
      this.asked.complete++;
      return;
    }
    this.firstBlind ||= Date.now();
    this.asked.blind = (Date.now() - this.firstBlind) / 1000;
    this.asked.incomplete++;
    this.asked.most = Math.max(this.asked.most, lacking);
  }

  private lacking(found: ReadonlyMap<string, number>, acknowledged: number): number {
    return this.system.streams.reduce((sum, stream) => sum + Math.max(0, acknowledged - (found.get(stream) ?? 0)), 0);
  }

  /** One address after the other, as a Service does. */
  private any(urls: readonly string[]): string {
    if (urls.length === 0) throw new Error("nobody is ready");
    return urls[this.turn++ % urls.length];
  }

  /** Undefined where nobody answers. */
  private async try<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch {
      return undefined;
    }
  }
}
