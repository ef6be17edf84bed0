import assert from "node:assert/strict";
import { labelsFor, readConfiguration, waysOf } from "../../../commands/shared/alertmanager-routes";

const configuration = readConfiguration(`
receivers: [{ name: all }, { name: phone }, { name: chat }, { name: old }, { name: team }]
route:
  receiver: all
  group_wait: 10s
  routes:
    - receiver: phone
      matchers: ['{severity="critical", namespace=~"(?i:Shop|blog)-[0-9]+"}']
      continue: true
    - receiver: chat
      matchers: [severity=~critical|warning, namespace!~"(?s:kube-.*)"]
      group_wait: 0s
    - receiver: team
      matchers: ['team=~"(?i:Web|API)"']
    - receiver: old
      match: { app: old }
      match_re: { pod: "(?P<name>a+)" }
`);

const told = (labels: Record<string, string>) => waysOf(configuration, labels).map(({ receiver }) => receiver);

describe("the routes of a running Alertmanager", () => {
  it("take an alert as Go reads their regular expressions, flags of a part included", () => {
    assert.deepEqual(told({ severity: "critical", namespace: "SHOP-1" }), ["phone", "chat"]);
    assert.deepEqual(told({ severity: "critical", namespace: "shop-x" }), ["chat"]);
    assert.deepEqual(told({ severity: "warning", namespace: "kube-\nsystem" }), ["all"]);
    assert.deepEqual(told({ app: "old", pod: "aa" }), ["old"]);
    assert.deepEqual(told({ app: "old", pod: "aab" }), ["all"]);
  });

  it("say how long a group waits: the route itself, or the one above it", () => {
    const [phone, chat] = waysOf(configuration, { severity: "critical", namespace: "shop-1" });
    assert.deepEqual([phone.groupWait, chat.groupWait], ["10s", "0s"]);
  });

  it("are reached with labels made up from them, from a group of words too, and by none where a pattern is more than that", () => {
    assert.deepEqual(labelsFor(configuration, "team", {}), { team: "Web" });
    assert.equal(labelsFor(configuration, "phone", {}), undefined);
    assert.deepEqual(labelsFor(configuration, "phone", { namespace: "blog-2" }), {
      severity: "critical",
      namespace: "blog-2",
    });
  });
});
