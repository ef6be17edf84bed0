import assert from "node:assert/strict";
import { startObjectStore, type ObjectStore } from "../lab/sizing/object-store";
import { Workspace } from "../lab/sizing/workspace";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { CountedTraffic, type Counted } from "./support/counted";
import { countedLines } from "./support/counted-lines";
import { countedSamples } from "./support/counted-samples";
import { lokiRing } from "./support/loki-processes";
import { mimirRing } from "./support/mimir-ring";
import { note } from "./support/note";
import { podsOf, type ProcessRing } from "./support/process-ring";

// Loki and Mimir as one process, as three with replication factor 3, and as one again, while they are written to and asked: docs/replicas.md. The
// processes come and go as the pods of a StatefulSet do: the new ones first, then the old one; back, all at once.

interface System<S> {
  workload: string;
  counted: (places: Pick<Counted, "writers" | "readers">) => Counted;
  ring: (store: ObjectStore, workspace: Workspace) => ProcessRing<S>;
  settings: (replicas: number) => S;
  /** What the page says to do before there are three, and when there are. */
  before: (steps: Steps) => Promise<void>;
  after: (steps: Steps) => Promise<void>;
}

/** What a person can do by hand. */
interface Steps {
  /** Restarts one of three, as `kubectl rollout restart` does one after the other. */
  restart: (name: string) => Promise<void>;
  /** What was there at first, and the others in the order in which Kubernetes restarts them. */
  first: string;
  others: readonly string[];
  post: (name: string, path: string) => Promise<void>;
}

const buckets = { loki: "logs", mimirBlocks: "blocks", mimirRuler: "ruler", mimirAlertmanager: "alertmanager" };
const flush = ({ post, first }: Steps) => post(first, "/ingester/flush?wait=true");

const loki: System<Parameters<ReturnType<typeof lokiRing>["start"]>[1]> = {
  workload: "loki",
  counted: countedLines,
  ring: ({ connection, env }, workspace) =>
    lokiRing({
      folder: workspace.folderOf("loki"),
      store: { ...connection, bucket: buckets.loki },
      env,
      alertmanagerUrl: "http://127.0.0.1:1",
      hurried: true,
    }),
  settings: (replicas) =>
    settingsSchema.parse({ loki: { replicationFactor: replicas, logAlerts: false, singleBinary: { replicas } } }).loki,
  before: async () => undefined,
  // Until then the first one gave each line to a single replica. One that ends puts its lines and their index into the bucket.
  after: async ({ restart, others }) => {
    for (const name of others) await restart(name);
  },
};

const mimir: System<Parameters<ReturnType<typeof mimirRing>["start"]>[1]> = {
  workload: "mimir",
  counted: countedSamples,
  ring: ({ connection, env }, workspace) =>
    mimirRing({ folder: workspace.folderOf("mimir"), connection, buckets, env }),
  settings: (replicas) => settingsSchema.parse({ mimir: { replicas, replicationFactor: replicas } }).mimir,
  before: flush,
  after: flush,
};

function described<S>(name: string, system: System<S>): void {
  describe(`${name} from one replica to three and back`, function () {
    this.timeout("20m");
    const workspace = new Workspace();
    const [one, three] = [system.settings(1), system.settings(3)];
    const [first, ...rest] = podsOf({ name: system.workload, replicas: 3 });
    const others = rest.toReversed();
    let ring: ProcessRing<S>;
    let traffic: CountedTraffic;

    before(async () => {
      ring = system.ring(await startObjectStore(workspace, Object.values(buckets)), workspace);
      await ring.start([first], one);
      const ready = () => ring.behind(system.workload);
      traffic = new CountedTraffic(system.counted({ writers: ready, readers: ready }));
      await more();
    });
    after(async () => {
      await traffic?.stop().catch(() => undefined);
      await ring?.stop();
      await workspace.end();
    });

    const steps: Steps = {
      first,
      others,
      restart: async (name) => {
        await ring.stop([name]);
        await ring.start([name], three);
      },
      post: async (name, path) => {
        const response = await fetch(`${ring.url(name)}${path}`, { method: "POST" });
        assert.ok(response.ok, `${path}: ${response.status} ${await response.text()}`);
      },
    };

    /** Waits until more was acknowledged. */
    async function more(rounds = 10): Promise<void> {
      const enough = traffic.sent.acknowledged + rounds;
      await until("more is acknowledged", 240, async () => traffic.sent.acknowledged >= enough || undefined);
    }

    /** Waits until what was acknowledged is found, whoever is asked. */
    async function nothingMissing(): Promise<void> {
      for (let i = 0; i < 3; i++)
        await until("everything acknowledged is found", 240, async () => {
          const missing = await traffic.missing();
          if (missing > 0) throw new Error(`${missing} are missing`);
          return true;
        });
    }

    it("becomes three", async () => {
      await system.before(steps);
      await ring.start(rest, three);
      await more();
      await steps.restart(first);
      await system.after(steps);
      await more();
      await nothingMissing();
      note(`${name}, 1 → 3: ${traffic.summary}`);
    });

    it("goes on when one of them dies", async () => {
      const [victim] = others;
      await ring.kill([victim]);
      await more(30);
      await nothingMissing();
      note(`${name}, one of three killed: ${traffic.summary}`);
      await ring.start([victim], three);
    });

    it("becomes one again", async () => {
      await ring.stop();
      await ring.start([first], one);
      await more();
      await nothingMissing();
      note(`${name}, 3 → 1: ${traffic.summary}`);
    });
  });
}

described("Loki", loki);
described("Mimir", mimir);
