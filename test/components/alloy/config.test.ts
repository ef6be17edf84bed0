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
import { settingsSchema, type ParsedSettings } from "../../../config/schema";
import { stackSettings } from "../../config/support";
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
const withLogs = (logs: Partial<ParsedSettings["logs"]>) => ({
  ...defaults,
  settings: { ...defaults.settings, ...logs },
});

describe("Alloy's configuration", () => {
  describe("of the stacks", () => {
    for (const stack of ["staging", "production", "sandbox"]) {
      const settings = settingsSchema.parse(stackSettings(stack));
      for (const [name, text] of Object.entries({
        [`${stack}.alloy`]: alloyLogsConfig(args(settings)),
        [`${stack}-events.alloy`]: alloyEventsConfig(args(settings)),
      })) {
        // UPDATE_GOLDEN=1 writes them; read the difference before you commit it.
        it(`is golden/${name}`, () => assert.equal(text, golden(name, text)));
      }
    }
  });

  describe("names only what Alloy 1.12 documents as generally available", () => {
    const variants = {
      "files, journal": logPipeline(defaults),
      "files alone": logPipeline(withLogs({ journal: false, excludeNamespaces: ["a"] })),
      "the API": logPipeline(withLogs({ source: "api" })),
      events: eventPipeline(defaults),
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
