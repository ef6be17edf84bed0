import assert from "node:assert/strict";
import { PolicyPackFailed } from "../../../engine/errors";
import { offlinePreview, type Preview, type PreviewOptions } from "../../../commands/shared/preview";
import { runInline } from "../../program/support/inline";
import { startPackInline } from "../../program/support/inline-pack";
import { behaviours, failing, find, inFolder, pack } from "../../engine/fixtures";

const withPack = (options: Partial<PreviewOptions> = {}) =>
  offlinePreview({ ...{ stack: "dev", program: behaviours, policyPack: pack }, ...inline, ...options });

const inline = { start: runInline, startPack: startPackInline };

/** The least of a program: one that registers nothing but its stack. */
const overNothing = (crash: string, options: Partial<PreviewOptions> = {}) =>
  withPack({ program: failing, config: ["how=not at all", `fixture:crash=${crash}`], ...options });

const messages = (preview: Preview, policy: string) =>
  preview.violations.filter((violation) => violation.policy === policy).map(({ message }) => message);

describe("policies over an offline preview", () => {
  let preview: Preview;
  let configured: Preview;

  before(async () => {
    [preview, configured] = await Promise.all([
      // In a process of its own, as for users, and in this one.
      withPack({ startPack: undefined }),
      withPack({
        policyConfig: {
          all: "advisory",
          "chart-is-allowed": { enforcementLevel: "mandatory", allowed: ["mimir"] },
          "switched-off": "mandatory",
          "whole-stack": "disabled",
          "namespace-is-labelled": "disabled",
        },
      }),
    ]);
  });

  it("get secrets in clear and the resource's provider, and a secret that one prints is hidden", () => {
    const release = find(preview, "kubernetes:helm.sh/v3:Release", "chart").urn;
    const found = preview.violations.filter(({ policy, urn }) => policy === "sees-what-it-is-shown" && urn === release);
    assert.equal(found[0].message, "Tells what reached it.\nthe password is [secret]");
    assert.deepEqual(found.slice(1), [
      {
        policy: "sees-what-it-is-shown",
        level: "advisory",
        urn: release,
        message: "Tells what reached it.\nsecrets in clear, provider cluster in from-provider",
      },
    ]);
    assert.doesNotMatch(JSON.stringify(preview), /hush/);
  });

  it("get the options that the engine gives them", () => {
    const expected = { protect: true, ignoreChanges: ["spec.replicas"], create: 300 };
    const parent = "urn:pulumi:dev::fixture::observability:app:App::app";
    assert.ok(
      messages(preview, "sees-what-it-is-shown").includes(
        `Tells what reached it.\n${JSON.stringify({ ...expected, parent })}`,
      ),
    );
  });

  it("become advisory where they read an unknown value", () => {
    const [found] = preview.violations.filter(({ policy }) => policy === "reads-an-unknown");
    assert.equal(found.level, "advisory");
    assert.match(found.message, /value at \.data\.phase can't be known during preview/);
  });

  it("change a resource where they remediate, before what depends on it and before the policies of the stack", () => {
    const namespace = find(preview, "kubernetes:core/v1:Namespace", "apps");
    assert.deepEqual(namespace.inputs.metadata.labels, { by: "policy", token: { secret: true } });
    assert.deepEqual(
      preview.violations.filter(({ level }) => level === "remediate"),
      [
        {
          policy: "namespace-is-labelled",
          level: "remediate",
          urn: namespace.urn,
          message: "A namespace is labelled.",
        },
      ],
    );
    assert.match(messages(preview, "whole-stack").join(), /namespace policy/);
  });

  it("see the whole stack once, with parents and dependencies, and may name a resource", () => {
    const found = preview.violations.filter(({ policy }) => policy === "whole-stack");
    assert.deepEqual(
      found.map(({ urn, level }) => [urn, level]),
      [
        [null, "mandatory"],
        [find(preview, "kubernetes:helm.sh/v3:Release", "chart").urn, "mandatory"],
      ],
    );
    assert.match(found[0].message, /13 resources of fixture\/dev, .*chart under fixture-dev after 4/);
  });

  it("don't run where they are disabled, and do where configuration enables them", () => {
    assert.deepEqual(messages(preview, "switched-off"), []);
    assert.equal(messages(configured, "switched-off").length, configured.resources.length - 1);
    assert.deepEqual(messages(configured, "whole-stack"), []);
    assert.equal(find(configured, "kubernetes:core/v1:Namespace", "apps").inputs.metadata.labels, undefined);
  });

  it("take the defaults of their schema, and over them what is configured", () => {
    assert.deepEqual(messages(preview, "chart-is-allowed"), []);
    const [found] = configured.violations.filter(({ policy }) => policy === "chart-is-allowed");
    assert.deepEqual([found.level, found.message], ["mandatory", "A chart is of the list.\nloki is not"]);
  });

  it("are told by resource in the order of the tree, those of the stack first", () => {
    const order = [null, ...preview.resources.map(({ urn }) => urn)];
    const positions = preview.violations.map(({ urn }) => order.indexOf(urn));
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => a - b),
    );
  });

  it("fail the preview when the pack crashes, at any time", async () => {
    const crashes = {
      "at start": /the pack is broken/,
      "on a resource": /the policy is broken/,
      "on the stack": /the policy is broken/,
      process: /./,
    };
    const attempts = Object.entries(crashes).map(([crash, message]) => {
      const ownProcess = crash === "at start" || crash === "process";
      const startPack = ownProcess ? undefined : startPackInline;
      return assert.rejects(overNothing(crash, { startPack }), (error: Error) => {
        assert.ok(error instanceof PolicyPackFailed, `${crash}: ${error.message}`);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /(engine|commands)\/\w+\.ts:\d+/);
        return true;
      });
    });
    await Promise.all(attempts);
  });

  it("fail the preview for a setting that the pack does not allow, naming each", async () => {
    const policyConfig = {
      "no-such-policy": "mandatory",
      "whole-stack": "loud",
      "chart-is-allowed": { allowed: "all" },
    };
    await assert.rejects(overNothing("no", { policyConfig }), (error: Error) => {
      assert.ok(error instanceof PolicyPackFailed);
      assert.match(error.message, /no-such-policy: the pack has no such policy; it has chart-is-allowed/);
      assert.match(
        error.message,
        /whole-stack: 'loud' is not a level; allowed are advisory, mandatory, disabled, remediate/,
      );
      assert.match(error.message, /chart-is-allowed: allowed/);
      return true;
    });
  });

  it("fail the preview when there is no pack", () =>
    inFolder((folder) => assert.rejects(overNothing("no", { policyPack: folder }), PolicyPackFailed)));
});
