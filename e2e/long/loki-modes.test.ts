import assert from "node:assert/strict";
import { lastWords } from "../../commands/verify/former-writers";
import { formerTopology, reader, topology, type Workload } from "../../components/loki/topology";
import { startObjectStore } from "../../lab/sizing/object-store";
import { Workspace } from "../../lab/sizing/workspace";
import { until } from "../../lab/until";
import { settingsSchema, type Settings } from "../../settings/schema";
import { CountedTraffic } from "../support/counted";
import { countedLines } from "../support/counted-lines";
import { lokiRing, type LokiRing } from "../support/loki-processes";
import { note } from "../support/note";
import { podsOf } from "../support/process-ring";

// Loki goes from one mode to another while lines are written and asked for: docs/loki-modes.md. Each update starts and ends the processes that the
// topology of its settings says, and sends requests where the gateway's routes lead.

type Loki = Settings["loki"];

const one = { replicas: 1 };

const settings = (raw: object): Loki =>
  settingsSchema.parse({
    loki: {
      replicationFactor: 3,
      logAlerts: false,
      singleBinary: { replicas: 3 },
      ...{ write: { replicas: 3 }, read: { replicas: 1 }, backend: { replicas: 1 } },
      distributed: {
        ...Object.fromEntries(["distributor", "querier", "queryFrontend", "queryScheduler"].map((part) => [part, one])),
        indexGateway: one,
      },
      ...raw,
    },
  }).loki;

/** Every update on the way from one mode to another. */
const way = (from: Loki["mode"], to: Loki["mode"]): Loki[] => [
  settings({ mode: to, former: { mode: from } }),
  ...[2, 1, 0].map((writers) => settings({ mode: to, former: { mode: from, writers } })),
  settings({ mode: to }),
];

interface Pod {
  name: string;
  settings: Loki;
  /** Where its configuration is. A StatefulSet's pod restarts when this changes; of a Deployment a new one is ready before the old ends. */
  file?: "config" | "former";
}

/** What runs with these settings, by name. */
function podsWith({ former, ...current }: Loki): Map<string, Pod> {
  const of = (workloads: Workload[], settings: Loki, file: Pod["file"]) =>
    workloads.flatMap(({ name, replicas, left = replicas, persistent }) =>
      podsOf({ name, replicas: left }).map((pod): Pod => ({
        name: pod,
        settings,
        file: persistent ? file : undefined,
      })),
    );
  const before = formerTopology({ former, ...current });
  const all = [
    ...of(topology(current).workloads, current, "config"),
    ...(before ? of(before.workloads, { ...current, mode: former!.mode }, "former") : []),
  ];
  return new Map(all.map((pod) => [pod.name, pod]));
}

/**
 * What Loki 3.6.3 says where it ends while it fetches chunks for a query: a process that also answers queries closes the fetcher's channel before they are
 * done (`Fetcher.processCacheResponse` in pkg/storage/chunk/fetcher). Its write-ahead log has what it hadn't flushed.
 */
const shutdownPanic = "panic: send on closed channel";

/** Where Loki begins, and where it goes from there. */
const journeys: Loki["mode"][][] = [
  ["simple-scalable", "single-binary", "simple-scalable"],
  ["simple-scalable", "distributed", "single-binary", "distributed"],
];

for (const modes of journeys)
  describe(`Loki, ${modes.join(" → ")}`, function () {
    this.timeout(900_000);
    const workspace = new Workspace();
    let now = settings({ mode: modes[0] });
    let ring: LokiRing;
    let traffic: CountedTraffic;

    before(async () => {
      const { connection, env } = await startObjectStore(workspace, ["logs"]);
      ring = lokiRing({
        folder: workspace.folderOf("loki"),
        store: { ...connection, bucket: "logs" },
        env,
        alertmanagerUrl: "http://127.0.0.1:1",
        hurried: true,
      });
      await ring.start([...podsWith(now).keys()], now);
      traffic = new CountedTraffic(
        countedLines({
          writers: () => ring.behind(topology(now).doing.distributor.name),
          readers: () => ring.behind(reader(now).name),
        }),
      );
      await more();
    });
    after(async () => {
      await traffic?.stop().catch(() => undefined);
      await ring?.stop();
      await workspace.end();
    });

    async function more(rounds = 10): Promise<void> {
      const enough = traffic.sent.acknowledged + rounds;
      await until("more lines are acknowledged", 120, async () => traffic.sent.acknowledged >= enough || undefined);
    }

    async function nothingMissing(): Promise<void> {
      for (let i = 0; i < 3; i++)
        await until("every acknowledged line is found", 120, async () => {
          const missing = await traffic.missing();
          if (missing > 0) throw new Error(`${missing} are missing`);
          return true;
        });
    }

    /** An update as Pulumi makes it: what is new starts and is ready, what changed restarts, the gateway follows, and what is no longer there ends. */
    async function update(target: Loki): Promise<void> {
      const [before, after] = [podsWith(now), podsWith(target)];
      const fresh = [...after.keys()].filter((pod) => !before.has(pod));
      await ring.start(fresh, { ...target, former: undefined });
      for (const { name, settings, file } of [...after.values()].toReversed()) {
        if (!before.has(name) || before.get(name)!.file === file) continue;
        await ring.stop([name]);
        await ring.start([name], settings);
      }
      now = target;
      const ended = await ring.stop([...before.keys()].filter((pod) => !after.has(pod)));
      const writer = /^loki(-write|-ingester)?-\d+$/;
      for (const [pod, said] of ended) if (writer.test(pod)) await left(pod, said, before.get(pod)!.settings);
      await more();
      await nothingMissing();
    }

    /** Looks for what `verify` does in the log of a writer that is gone; one that crashed is treated as docs/loki-modes.md says: it comes back, and leaves again. */
    async function left(pod: string, said: string, settings: Loki): Promise<void> {
      for (let tries = 1; !new RegExp(`${lastWords}.*ring=ingester`).test(said); tries++) {
        if (tries > 3 || !said.includes(shutdownPanic))
          assert.fail(`${pod} didn't say that it left with everything in the bucket:\n${said}`);
        note(`${pod} crashed while it left (${shutdownPanic}), came back and left again`);
        await ring.start([pod], settings);
        said = (await ring.stop([pod])).get(pod)!;
      }
    }

    for (const [i, to] of modes.slice(1).entries()) {
      const from = modes[i];
      it(`goes from ${from} to ${to}`, async () => {
        for (const step of way(from, to)) {
          await update(step);
          note(
            `Loki, ${from} → ${to}, ${step.former?.writers ?? (step.former ? "all" : "no")} former writers: ${traffic.summary}`,
          );
        }
        assert.ok(traffic.sent.longest < 60, traffic.summary);
      });
    }

    it("has every acknowledged line, counted when none is written any more", async () => {
      await traffic.stop();
      await nothingMissing();
    });
  });
