import assert from "node:assert/strict";
import { cpSync, existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { image } from "../../components/images";
import list from "../../images.json";
import { type Answers, previewAnswers } from "../../engine/answers";
import { settingsOf } from "../../commands/shared/preview";
import { run } from "../../engine/run";
import { inFolder } from "../engine/fixtures";
import { offline, offlineProcess } from "./support/cli";
import { runInline } from "./support/inline";
import { testStack, testStackWords } from "../stacks/stacks";
import { ownProgram } from "../../engine/project";

interface Case {
  /** What is wrong: the test's name. */
  what: string;
  args: string[];
  /** The message below its heading, word for word. */
  says: string[];
}

const production = testStackWords("production");
const config = (...settings: string[]): string[] => settings.flatMap((setting) => ["--config", setting]);

const cases: Case[] = [
  {
    what: "an unknown stage",
    args: ["--stage", "mimir"],
    says: [
      'observability:stage: "mimir" is not one of the allowed values',
      "allowed: loki, dual-write, mimir-default, victoria-metrics-default, kps-removed",
      'example: "loki"',
    ],
  },
  {
    what: "an unknown key",
    args: config("namespace.names=logs"),
    says: [
      'observability:namespace.names: "logs" is set here, but there is no such setting; did you mean namespace.name?',
      "allowed: name, create, podSecurity",
    ],
  },
  {
    what: "a retention with a space in it",
    args: config("loki.retention=30 days"),
    says: [
      'observability:loki.retention: "30 days" is not a duration',
      "allowed: a duration of at least 24h: a number and a unit (h, d, w, y), no spaces",
      'example: "30d"',
    ],
  },
  {
    what: "zero replicas",
    args: config("loki.read.replicas=0"),
    says: ["observability:loki.read.replicas: 0 is too small", "allowed: a whole number, at least 1", "example: 3"],
  },
  {
    what: "replication factor 3 with 2 replicas",
    args: config("loki.replicationFactor=3", "loki.write.replicas=2"),
    says: [
      "observability:loki.replicationFactor: 3 is more than the 2 replicas of loki.write: Loki would refuse every line",
      "allowed: 1 to 2, or more replicas",
      "example: 2",
    ],
  },
  {
    what: "a bucket's name in capitals",
    args: config("buckets.loki=Loki-Production"),
    says: [
      'observability:buckets.loki: "Loki-Production" is not a bucket name',
      "allowed: 3 to 63 lower-case letters, digits, '-' and '.', not an IP address",
      'example: "loki-production"',
    ],
  },
  {
    what: "an image without a tag",
    args: config("images.loki=docker.io/grafana/loki"),
    says: [
      'observability:images.loki: "docker.io/grafana/loki" is not an image reference with an exact tag',
      "allowed: registry/repository:tag, the tag given and not `latest`, or …@sha256:digest",
      'example: "docker.io/grafana/loki:3.6.3"',
    ],
  },
  {
    what: "an image that images.json doesn't have",
    args: config("images.alloy=docker.io/grafana/alloy:v1"),
    says: [
      'observability:images.alloy: "docker.io/grafana/alloy:v1" is not one of the images that images.json lists as alloy',
      `allowed: ${image("alloy")}; to use another one, first add it to images.json, with its platforms`,
      `example: "${image("alloy")}"`,
    ],
  },
];

/** Runs a test on a copy of the program with another list of images. */
const withImages = <T>(images: unknown[], test: (folder: string) => Promise<T>): Promise<T> =>
  inFolder((folder) => {
    for (const part of [
      "components",
      "settings",
      "stages.ts",
      "Pulumi.yaml",
      "index.ts",
      "stack.ts",
      "package.json",
      "tsconfig.json",
    ]) {
      cpSync(join(ownProgram, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(ownProgram, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "images.json"), JSON.stringify({ images }));
    return test(folder);
  });

/** Previews by the command line what can't be, and gives the lines of its message. */
async function refused(command: typeof offline, ...args: string[]): Promise<string[]> {
  return inFolder(async (folder) => {
    const file = join(folder, "preview.json");
    const { code, out, errors } = await command("preview", ...args, "--json", file);
    assert.deepEqual([code, out, existsSync(file)], [2, "", false], errors);
    assert.doesNotMatch(errors, /^\s+at |node_modules|\.[tj]s:\d+|Error:/m);
    return errors
      .trimEnd()
      .split("\n")
      .map((line) => line.trim());
  });
}

describe("Bad input", () => {
  let message: string[];
  before(async () => {
    // As npm runs it, so that nothing else is said: no stack trace, no word of the runtime.
    message = await refused(offlineProcess, ...production, "--no-policies", ...cases.flatMap(({ args }) => args));
  });

  it("is told all at once, and nothing else is", () => {
    assert.equal(message[0], `Stack production: ${cases.length} problems in the settings.`);
    assert.equal(message.length, 1 + cases.flatMap(({ says }) => says).length, message.join("\n"));
  });

  for (const { what, says } of cases) {
    it(`is told with its key, what is allowed and an example: ${what}`, () => {
      const at = message.indexOf(says[0]);
      assert.deepEqual(message.slice(at, at + says.length), says, message.join("\n"));
    });
  }

  it("is no finding of a policy, which may run beside the program", async () => {
    const { args, says } = cases[0];
    const heading = "Stack production: 1 problem in the settings.";
    assert.deepEqual(await refused(offline, ...production, ...args), [heading, ...says]);
  });

  it("is told with its place, what is allowed and an example: an image without a tag in images.json", () => {
    const [first, ...others] = list.images;
    const images = [first, { ...others[0], reference: "docker.io/grafana/loki-canary" }, ...others.slice(1)];
    return withImages(images, async (folder) => {
      assert.deepEqual(await refused(offline, ...production, "--program", folder, "--no-policies"), [
        "images.json: 1 problem; nothing was changed.",
        'images[1].reference: "docker.io/grafana/loki-canary" is not an image reference with its registry and an exact tag',
        "allowed: registry/repository:tag, the tag given and not `latest`",
        'example: "docker.io/grafana/loki:3.6.3"',
      ]);
    });
  });

  it("is told before anything is registered", async () => {
    const { project, configuration } = settingsOf({ ...testStack("production"), config: ["loki.retention=30 days"] });
    const deployment = { project: project.name, stack: "production", organization: "organization", dryRun: true };
    const registered: string[] = [];
    const answers: Answers = {
      ...previewAnswers,
      create: (resource) => {
        registered.push(resource.type);
        return previewAnswers.create(resource);
      },
    };
    const attempt = run({ project, deployment, configuration, loader: "tsx", answers, start: runInline });
    await assert.rejects(attempt, { message: /^Stack production: 1 problem in the settings\.\n/ });
    assert.deepEqual(registered, []);
  });

  it("is no empty stack file: that is a stack with every default", () =>
    inFolder(async (folder) => {
      const file = stackFile("empty", "", folder);
      const { code, out, errors } = await offline("preview", ...file, "--no-policies");
      assert.equal(code, 0, errors);
      assert.match(out, /^Stack empty, stage loki: 1\d\d resources\n/);
      assert.match(out, /StatefulSet loki$/m);
      assert.match(out, /StatefulSet minio$/m);
    }));

  it("is told where the file is no settings at all", () =>
    inFolder(async (folder) => {
      const [message] = await refused(offline, ...stackFile("broken", "config: [loki\n", folder), "--no-policies");
      assert.match(message, /Pulumi\.broken\.yaml: /);
    }));
});

/** Writes a stack's file; the arguments that name it. */
function stackFile(stack: string, text: string, folder: string): string[] {
  const file = join(folder, `Pulumi.${stack}.yaml`);
  writeFileSync(file, text);
  return ["--stack", stack, "--config-file", file];
}
