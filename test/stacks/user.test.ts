import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { stagesWith } from "../../stages";
import { parsePath, setAt } from "../../engine/config-path";
import { offlinePreview } from "../../commands/shared/preview";
import { stackFile, ownProgram } from "../../engine/project";
import type { Value } from "../../engine/values";
import { loadStackSettings } from "../../commands/shared/settings";
import { runInline } from "../program/support/inline";
import { random } from "../support/random";
import { temporaryFolder } from "../support/temporary-folder";
import { testStack } from "./stacks";

// eslint-disable-next-line @typescript-eslint/no-require-imports -- preloaded into processes without TypeScript, too
const { userStacks } = require("../support/user-stacks.cjs") as { userStacks(): Record<string, string> };

// `EDITS_SEED=… npx mocha …` makes the same edits once more.
const seed = Number(process.env.EDITS_SEED ?? Math.floor(Math.random() * 1e9));
const files = 40;

const productionText = readFileSync(testStack("production").configFile, "utf8");

/** Draws numbers, words and choices. */
class Draw {
  constructor(private readonly next: () => number) {}

  /** A whole number from `least` to `most`. */
  number(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  one<Item>(items: readonly Item[]): Item {
    return items[this.number(0, items.length - 1)];
  }

  yes(): boolean {
    return this.next() < 0.5;
  }

  name(): string {
    return `${this.one(["home", "logs", "nas", "attic", "farm"])}-${this.number(1, 999)}`;
  }

  address(): string {
    return `192.168.${this.number(0, 255)}.${this.number(1, 254)}:${this.number(1024, 65535)}`;
  }
}

type Edit = (draw: Draw) => Record<string, Value>;

/** One of several edits that exclude each other. */
const either =
  (...choices: Edit[]): Edit =>
  (draw) =>
    draw.one(choices)(draw);

const onNas: Edit = (draw) => {
  const [address, providerTls] = [draw.address(), draw.yes()];
  const endpoint = `${providerTls ? "https" : "http"}://${address}`;
  return { objectStore: { kind: "minio", endpoint, providerAddress: address, providerTls } };
};
const inCluster: Edit = (draw) => ({ objectStore: { kind: "embedded", storage: `${draw.number(1, 900)}Gi` } });

const singleBinary: Edit = () => ({ "loki.mode": "single-binary", "loki.replicationFactor": 1 });
const simpleScalable: Edit = (draw) => {
  const replicas = draw.number(1, 7);
  const factor = draw.number(1, replicas);
  return { "loki.mode": "simple-scalable", "loki.write.replicas": replicas, "loki.replicationFactor": factor };
};

const otherGrafana: Edit = () => ({ "grafana.create": false });
const ownGrafana: Edit = (draw) => ({ "grafana.ingress": { host: `${draw.name()}.example.org` } });

const nodes: Edit = (draw) => ({
  "cluster.nodes": Array.from({ length: draw.number(0, 4) }, (_, i) => ({
    name: `${draw.name()}-${i}`,
    arch: draw.one(["amd64", "arm64"]),
    count: draw.number(1, 9),
    cpu: String(draw.number(2, 64)),
    memory: `${draw.number(4, 256)}Gi`,
  })),
});

/** A cluster that is in a stage already: what leads to it was checked then. */
const inStage: Edit = (draw) => {
  const stage = draw.one(stagesWith("mimir"));
  return { stage, "migration.from": stage };
};

/** What a person may write into a stack's file: paths of settings, with their values. */
const edits: Edit[] = [
  nodes,
  inStage,
  either(onNas, inCluster),
  either(singleBinary, simpleScalable),
  either(otherGrafana, ownGrafana),
  (draw) => ({ "namespace.name": draw.name(), "namespace.create": draw.yes() }),
  (draw) => ({ "cluster.name": draw.name() }),
  (draw) => ({ "buckets.loki": draw.name(), "buckets.mimirBlocks": `blocks-${draw.number(1, 99)}` }),
  (draw) => ({ "loki.retention": `${draw.number(31, 400)}${draw.one(["d", "w"])}` }),
  (draw) => ({ "exporters.nodeExporter.enabled": draw.yes(), "exporters.kubeStateMetrics.enabled": draw.yes() }),
  (draw) => ({ "kps.retention": `${draw.number(1, 60)}d`, "kps.storage": `${draw.number(2, 500)}Gi` }),
  (draw) => ({ "logs.source": draw.one(["files", "api"]), "logs.journal": draw.yes(), "logs.events": draw.yes() }),
  (draw) => ({ "logs.excludeNamespaces": [draw.name(), draw.name()] }),
  (draw) => ({ "alertmanager.pushover": draw.yes(), "alertmanager.heartbeat": draw.yes() }),
  (draw) => ({ "mimir.retention": `${draw.number(30, 700)}d`, "mimir.storage": `${draw.number(1, 200)}Gi` }),
  (draw) => ({ "monitors.etcd.endpoints": [`10.0.0.${draw.number(1, 254)}`], "monitors.coreDns": draw.yes() }),
  (draw) => ({ "removal.retain": draw.yes() ? ["crds", "namespace"] : [] }),
];

/** A stack's file with settings in place of others, by their paths. */
function edited(text: string, settings: Record<string, Value>): string {
  const { config, ...rest } = parse(text) as { config: Record<string, Value> };
  for (const [path, value] of Object.entries(settings)) {
    const [top, ...below] = parsePath(path);
    const key = `observability:${top}`;
    config[key] = setAt(config[key], below, value);
  }
  return stringify({ ...rest, config });
}

/** A production file as a person leaves it behind. */
function randomFile(draw: Draw): string {
  const chosen = edits.filter(() => draw.yes()).map((edit) => edit(draw));
  return edited(productionText, Object.assign({}, ...chosen) as Record<string, Value>);
}

/** Checks a stack's file as every command does. Throws with every problem. */
function check(stack: string, text: string): void {
  const configFile = stackFile(temporaryFolder(), stack);
  writeFileSync(configFile, text);
  loadStackSettings({ stack, configFile });
}

describe("The user's own stack files", () => {
  for (const [stack, text] of Object.entries(userStacks()))
    it(`Pulumi.${stack}.yaml is valid`, () => check(stack, text));

  it("are not there for any other test, nor for what tests start", () => {
    const [stack = "production"] = Object.keys(userStacks());
    const file = stackFile(ownProgram, stack);
    assert.equal(existsSync(file), false);
    assert.throws(() => readFileSync(file), /no test reads it/);
    assert.throws(() => loadStackSettings({ stack }), /There is no stack .* Stacks here: none/);
    const script = `console.log(require("node:fs").existsSync(${JSON.stringify(file)}))`;
    assert.equal(execFileSync(process.execPath, ["-e", script]).toString(), "false\n");
  });

  it(`may have any valid settings (seed ${seed})`, () => {
    const draw = new Draw(random(seed));
    for (let i = 0; i < files; i++) {
      const text = randomFile(draw);
      assert.doesNotThrow(() => check("production", text), text);
    }
  });

  it(`may have any valid settings, and the program takes them (seed ${seed})`, async () => {
    const configFile = join(temporaryFolder(), "Pulumi.production.yaml");
    writeFileSync(configFile, randomFile(new Draw(random(seed))));
    const { resources } = await offlinePreview({ stack: "production", configFile, start: runInline });
    assert.ok(resources.length > 50, readFileSync(configFile, "utf8"));
  });

  it("are refused with every problem where a setting is wrong", () => {
    const text = edited(productionText, { "loki.retention": "30 days", "buckets.loki": "Loki" });
    assert.throws(
      () => check("production", text),
      ({ message }: Error) =>
        ["2 problems", "observability:loki.retention: ", "observability:buckets.loki: "].every((said) =>
          message.includes(said),
        ),
    );
  });
});
