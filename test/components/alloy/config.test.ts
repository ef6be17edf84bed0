import assert from "node:assert/strict";
import {
  alloyEventsConfig,
  alloyLogsConfig,
  eventPipeline,
  journalRules,
  logPipeline,
  podFileRules,
  podRules,
  type AlloyConfigArgs,
} from "../../../components/alloy/config";
import { settingsSchema, type ParsedSettings } from "../../../settings/schema";
import { secretForms } from "../../../settings/sections/logs";
import { stackSettings } from "../../settings/support";
import { Expression } from "../../../components/alloy/syntax";
import { lineStages } from "../../../components/alloy/lines";
import { find, golden, undocumented } from "./pipeline";
import { discovered, excludedNamespaces, journalUnits } from "./pods";
import { publicLabels, relabel } from "./relabel";

const pushUrl = "http://loki-gateway.monitoring.svc.cluster.local/loki/api/v1/push";

const args = (settings: ParsedSettings, logs: Partial<ParsedSettings["logs"]> = {}): AlloyConfigArgs => ({
  settings: { ...settings.logs, ...logs },
  limits: settings.loki.limits,
  pushUrl,
  cluster: settings.cluster.name,
});

const defaults = args(settingsSchema.parse({ cluster: { name: "home" } }));
const { lines: everyRule } = settingsSchema.parse({
  logs: {
    lines: [
      {
        selector: '{app="a"}',
        firstLine: "^at",
        drop: "x",
        sample: 0.5,
        redact: "card=([0-9]+)",
        metadata: ["a", "b.c"],
      },
    ],
  },
}).logs;
const withLogs = (logs: Partial<ParsedSettings["logs"]>) => ({
  ...defaults,
  settings: { ...defaults.settings, ...logs },
});

describe("Alloy's configuration", () => {
  describe("of the stacks", () => {
    for (const stack of ["staging", "production", "sandbox"]) {
      const settings = settingsSchema.parse(stackSettings(stack));
      for (const [name, text] of Object.entries({
        "logs.alloy": alloyLogsConfig(args(settings)),
        "events.alloy": alloyEventsConfig(args(settings)),
      })) {
        it(`of ${stack} is golden/${name}, with its cluster's name`, () =>
          assert.equal(text, golden(name, text, stack)));
      }
    }
  });

  describe("names only what Alloy 1.18 documents as generally available", () => {
    const variants = {
      "files, journal": logPipeline(defaults),
      "files alone": logPipeline(withLogs({ journal: false, excludeNamespaces: ["a"] })),
      "the API": logPipeline(withLogs({ source: "api" })),
      "every kind of rule for lines": logPipeline(withLogs({ redact: [...secretForms], lines: everyRule })),
      "files of the node, and Talos": logPipeline(
        withLogs({ journal: false, nodeFiles: ["/var/log/syslog"], talos: true }),
      ),
      events: eventPipeline(defaults),
      "every kind of rule for events": eventPipeline(withLogs({ redact: [...secretForms], lines: everyRule })),
    };
    for (const [what, blocks] of Object.entries(variants)) {
      it(`with ${what}`, () => assert.deepEqual(undocumented(blocks), []));
    }

    it("and a name that is not documented is found", () => {
      const [first, ...others] = logPipeline(defaults);
      const broken = { ...first, attributes: { ...first.attributes, rolle: "pod" } };
      const missing = { ...first, label: "other", attributes: {} };
      assert.deepEqual(undocumented([broken, missing, ...others.slice(0, -1)]), [
        "discovery.kubernetes has no argument rolle",
        "discovery.kubernetes lacks its argument role",
        "loki.write.loki.receiver is no export of a component that is there",
      ]);
    });
  });

  describe("of pods' lines", () => {
    const rules = [...podRules({ ...defaults.settings, excludeNamespaces: excludedNamespaces }), ...podFileRules];
    for (const { what, meta, labels, path } of discovered) {
      it(labels ? `labels ${what} as seed 004 does and finds its file` : `leaves out ${what}`, () => {
        const result = relabel(meta, rules);
        assert.deepEqual(result && publicLabels(result), labels);
        assert.equal(result?.__path__, path);
      });
    }

    it("leaves out every namespace but those that are asked for", () => {
      const only = podRules({ ...defaults.settings, includeNamespaces: ["shop", "dev"] });
      const [{ meta }] = discovered;
      for (const [namespace, isThere] of [
        ["shop", true],
        ["dev", true],
        ["shop-2", false],
        ["monitoring", false],
      ] as const)
        assert.equal(
          relabel({ ...meta, __meta_kubernetes_namespace: namespace }, only) !== undefined,
          isThere,
          namespace,
        );
    });

    it("makes one target of a container with several ports, so that no line is read twice", () => {
      const [{ meta }] = discovered;
      const results = ["3100", "7946"].map((port) =>
        relabel({ ...meta, __meta_kubernetes_pod_container_port_number: port }, rules),
      );
      // loki.source.file and loki.source.kubernetes tell targets apart by path and public labels.
      const [first, second] = results.map((result) => [result?.__path__, publicLabels(result ?? {})]);
      assert.deepEqual(first, second);
    });

    it("takes `stream` from CRI lines of files, and has none from the API, which merges both", () => {
      const stages = (source: "files" | "api") =>
        find(logPipeline(withLogs({ source })), "loki.process").blocks.map(({ name }) => name);
      assert.deepEqual(stages("files"), ["stage.cri", "stage.drop", "stage.label_drop"]);
      assert.deepEqual(stages("api"), ["stage.drop"]);
    });

    it("takes the file's name off, which is not of the label set", () => {
      const drop = find(logPipeline(defaults), "loki.process").blocks.find(({ name }) => name === "stage.label_drop");
      assert.deepEqual(drop?.attributes.values, ["filename"]);
    });

    it("leaves out lines that Loki would refuse for their age, in a duration that Go reads", () => {
      const limits = { ...defaults.limits, rejectOldSamplesMaxAge: "1w2d" };
      assert.match(alloyLogsConfig({ ...defaults, limits }), /older_than += "777600s"/);
    });

    it("cuts a line that never ends where Loki would refuse it", () => {
      const limits = { ...defaults.limits, maxLineSize: "1MB" };
      assert.match(alloyLogsConfig({ ...defaults, limits }), /max_partial_line_size += 1048576\n/);
    });
  });

  describe("of the journal", () => {
    for (const { fields, unit } of journalUnits) {
      it(`labels ${JSON.stringify(Object.values(fields))} ${unit ? `unit ${unit}` : "without a unit"}`, () => {
        assert.equal(relabel(fields, journalRules)?.unit, unit);
      });
    }

    it("is not there when it is not asked for", () => {
      const names = logPipeline(withLogs({ journal: false })).map(({ name }) => name);
      assert.ok(!names.includes("loki.source.journal") && !names.includes("loki.relabel"));
    });
  });

  it("has what is done with lines between every source and Loki, each rule for its streams only", () => {
    const blocks = logPipeline(withLogs({ redact: ["jwt"], lines: everyRule, nodeFiles: ["/var/log/syslog"] }));
    const lines = blocks.find(({ label }) => label === "lines");
    assert.deepEqual(lines?.attributes.forward_to, [new Expression("loki.write.loki.receiver")]);
    const others = blocks.filter(
      (each) => "forward_to" in each.attributes && each !== lines && each.name !== "loki.relabel",
    );
    const receivers = others.map(({ attributes }) => (attributes.forward_to as Expression[])[0].text);
    assert.deepEqual([...new Set(receivers)].sort(), ["loki.process.lines.receiver", "loki.process.pods.receiver"]);
    const [secret, rule] = lines!.blocks;
    assert.equal(secret.name, "stage.replace");
    assert.equal(rule.attributes.selector, '{app="a"}');
    const stages = ["multiline", "drop", "sampling", "replace", "json", "structured_metadata"];
    assert.deepEqual(
      rule.blocks.map(({ name }) => name),
      stages.map((name) => `stage.${name}`),
    );
  });

  it("does the same with events, but that each is an entry by itself, and no JSON", () => {
    const blocks = eventPipeline(withLogs({ redact: ["jwt"], lines: everyRule }));
    const receiver = (name: string) => find(blocks, name).attributes.forward_to;
    assert.deepEqual(receiver("loki.source.kubernetes_events"), [new Expression("loki.process.lines.receiver")]);
    assert.deepEqual(receiver("loki.process"), [new Expression("loki.write.loki.receiver")]);
    const [secret, rule] = find(blocks, "loki.process").blocks;
    assert.equal(secret.name, "stage.replace");
    assert.deepEqual(
      rule.blocks.map(({ name }) => name),
      ["stage.drop", "stage.sampling", "stage.replace"],
    );
  });

  it("has no rule that does nothing, with which Alloy doesn't start", () => {
    const [rule] = everyRule;
    const lines = [{ selector: rule.selector, metadata: [] }];
    assert.deepEqual(lineStages({ redact: [], lines }), []);
    assert.deepEqual(
      eventPipeline(withLogs({ lines: [{ ...lines[0], firstLine: "^at" }] })).map(({ name }) => name),
      ["loki.source.kubernetes_events", "loki.write"],
    );
  });

  it("replaces all that an expression without a group finds, and else what its groups find", () => {
    const replaced = (redact: string) =>
      lineStages({ redact: [], lines: [{ selector: '{a="b"}', redact, metadata: [] }] })[0].blocks[0].attributes
        .expression;
    const cases = {
      secret: "(secret)",
      "a(?:b|c)": "(a(?:b|c))",
      "\\(x": "(\\(x)",
      "id=([0-9]+)": "id=([0-9]+)",
      "(?P<n>x)": "(?P<n>x)",
    };
    for (const [given, wanted] of Object.entries(cases)) assert.equal(replaced(given), wanted);
  });

  it("never gives a line up: retries have no end, and pauses between them are short", () => {
    const [endpoint] = find(logPipeline(defaults), "loki.write").blocks;
    assert.equal(endpoint.attributes.max_backoff_retries, 0);
    assert.equal(endpoint.attributes.max_backoff_period, "30s");
  });

  it("gives every line the stack's cluster label, events too, and none where the stack has no cluster", () => {
    for (const pipeline of [logPipeline, eventPipeline]) {
      assert.deepEqual(find(pipeline(defaults), "loki.write").attributes.external_labels, { cluster: "home" });
      assert.equal(
        find(pipeline({ ...defaults, cluster: undefined }), "loki.write").attributes.external_labels,
        undefined,
      );
    }
  });
});
