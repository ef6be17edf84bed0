import assert from "node:assert/strict";
import { mayRunOn } from "../../../policy/lib/pods/scheduling";
import { nodesOf, type Node } from "../../../policy/lib/pods/node";
import { Unknown } from "../../../policy/lib/unknown";

const pi: Node = {
  name: "pi-1",
  labels: { "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux", cores: "4" },
  withoutLabels: ["gpu"],
  taints: [],
};
const tainted: Node = { ...pi, taints: [{ key: "board", value: "pi5", effect: "NoSchedule" }] };
const evicting: Node = { ...pi, taints: [{ key: "board", value: "pi5", effect: "NoExecute" }] };
const discouraging: Node = { ...pi, taints: [{ key: "board", value: "pi5", effect: "PreferNoSchedule" }] };
const cordoned: Node = {
  ...pi,
  taints: [{ key: "node.kubernetes.io/unschedulable", value: "", effect: "NoSchedule" }],
};
const full: Node = { ...pi, taints: [{ key: "node.kubernetes.io/disk-pressure", value: "", effect: "NoExecute" }] };
const offline: Node = { ...pi, taints: [{ key: "node.kubernetes.io/not-ready", value: "", effect: "NoExecute" }] };
const unwired: Node = {
  ...pi,
  taints: [{ key: "node.kubernetes.io/network-unavailable", value: "", effect: "NoSchedule" }],
};
const rated: Node = { ...pi, taints: [{ key: "rating", value: "90", effect: "NoSchedule" }] };
const nameless: Node = { ...pi, name: undefined };
const later = new Unknown(undefined);

const required = (...nodeSelectorTerms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const expression = (key: string, operator: string, ...values: (string | Unknown)[]) =>
  required({ matchExpressions: [{ key, operator, values }] });
const tolerating = (...tolerations: object[]) => ({ tolerations });

describe("whether a pod may run on a node", () => {
  const cases: [string, object, Node, boolean | Unknown][] = [
    ["a pod that asks for nothing may", {}, pi, true],
    ["a node selector that the node fits lets it", { nodeSelector: { "kubernetes.io/arch": "arm64" } }, pi, true],
    ["a node selector with another value keeps it off", { nodeSelector: { "kubernetes.io/arch": "amd64" } }, pi, false],
    [
      "one wrong label of two keeps it off",
      { nodeSelector: { "kubernetes.io/arch": "arm64", "kubernetes.io/os": "windows" } },
      pi,
      false,
    ],
    ["a label that nothing is known of may be there", { nodeSelector: { disk: "ssd" } }, pi, true],
    ["a label that the node is known to lack keeps it off", { nodeSelector: { gpu: "yes" } }, pi, false],
    ["a value that isn't known yet decides it", { nodeSelector: { "kubernetes.io/arch": later } }, pi, later],

    ["In with the node's value lets it", expression("kubernetes.io/arch", "In", "amd64", "arm64"), pi, true],
    ["In without the node's value keeps it off", expression("kubernetes.io/arch", "In", "amd64"), pi, false],
    ["In on a label that the node lacks keeps it off", expression("gpu", "In", "a"), pi, false],
    ["NotIn with the node's value keeps it off", expression("kubernetes.io/arch", "NotIn", "arm64"), pi, false],
    ["NotIn without the node's value lets it", expression("kubernetes.io/arch", "NotIn", "amd64"), pi, true],
    ["NotIn on a label that the node lacks lets it", expression("gpu", "NotIn", "a"), pi, true],
    ["Exists on the node's label lets it", expression("cores", "Exists"), pi, true],
    ["Exists on a label that the node lacks keeps it off", expression("gpu", "Exists"), pi, false],
    ["Exists on a label that nothing is known of lets it", expression("disk", "Exists"), pi, true],
    ["DoesNotExist on the node's label keeps it off", expression("kubernetes.io/arch", "DoesNotExist"), pi, false],
    ["DoesNotExist on a label that the node lacks lets it", expression("gpu", "DoesNotExist"), pi, true],
    ["Gt below the node's value lets it", expression("cores", "Gt", "3"), pi, true],
    ["Gt at the node's value keeps it off", expression("cores", "Gt", "4"), pi, false],
    ["Lt above the node's value lets it", expression("cores", "Lt", "5"), pi, true],
    ["Lt at the node's value keeps it off", expression("cores", "Lt", "4"), pi, false],
    ["Gt on a label that is no whole number keeps it off", expression("kubernetes.io/arch", "Gt", "0"), pi, false],
    ["Lt beyond no whole number keeps it off", expression("cores", "Lt", "4.5"), pi, false],
    ["an operator that nobody knows lets it", expression("cores", "Near", "4"), pi, true],

    [
      "of two terms one that fits is enough",
      required(
        { matchExpressions: [{ key: "gpu", operator: "Exists" }] },
        { matchExpressions: [{ key: "cores", operator: "Exists" }] },
      ),
      pi,
      true,
    ],
    [
      "of two terms neither fits",
      required(
        { matchExpressions: [{ key: "gpu", operator: "Exists" }] },
        { matchExpressions: [{ key: "cores", operator: "DoesNotExist" }] },
      ),
      pi,
      false,
    ],
    [
      "within a term all must fit",
      required({
        matchExpressions: [
          { key: "cores", operator: "Exists" },
          { key: "gpu", operator: "Exists" },
        ],
      }),
      pi,
      false,
    ],
    ["an empty term fits no node", required({}), pi, false],
    ["no term at all fits no node", required(), pi, false],
    [
      "a preference keeps nothing off",
      {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              {
                weight: 1,
                preference: { matchExpressions: [{ key: "kubernetes.io/arch", operator: "In", values: ["amd64"] }] },
              },
            ],
          },
        },
      },
      pi,
      true,
    ],
    [
      "a field that names the node lets it",
      required({ matchFields: [{ key: "metadata.name", operator: "In", values: ["pi-1"] }] }),
      pi,
      true,
    ],
    [
      "a field that names another node keeps it off",
      required({ matchFields: [{ key: "metadata.name", operator: "In", values: ["nuc-1"] }] }),
      pi,
      false,
    ],
    [
      "a field that excludes the node keeps it off",
      required({ matchFields: [{ key: "metadata.name", operator: "NotIn", values: ["pi-1"] }] }),
      pi,
      false,
    ],
    [
      "a field may name a node whose name isn't known",
      required({ matchFields: [{ key: "metadata.name", operator: "In", values: ["nuc-1"] }] }),
      nameless,
      true,
    ],
    [
      "selector and affinity must both fit",
      { nodeSelector: { "kubernetes.io/arch": "amd64" }, ...expression("cores", "Exists") },
      pi,
      false,
    ],

    ["nodeName of the node lets it", { nodeName: "pi-1" }, pi, true],
    ["nodeName of another node keeps it off", { nodeName: "nuc-1" }, pi, false],
    ["nodeName may be that of a node whose name isn't known", { nodeName: "nuc-1" }, nameless, true],
    ["nodeName passes by NoSchedule", { nodeName: "pi-1" }, tainted, true],
    ["nodeName doesn't pass by NoExecute", { nodeName: "pi-1" }, evicting, false],
    [
      "nodeName doesn't pass by the node selector",
      { nodeName: "pi-1", nodeSelector: { "kubernetes.io/arch": "amd64" } },
      pi,
      false,
    ],

    ["a taint keeps a pod off that tolerates nothing", {}, tainted, false],
    ["PreferNoSchedule keeps nothing off", {}, discouraging, true],
    [
      "a toleration equal in key, value and effect lets it",
      tolerating({ key: "board", value: "pi5", effect: "NoSchedule" }),
      tainted,
      true,
    ],
    [
      "a toleration of another value keeps it off",
      tolerating({ key: "board", operator: "Equal", value: "pi4", effect: "NoSchedule" }),
      tainted,
      false,
    ],
    [
      "a toleration of another effect keeps it off",
      tolerating({ key: "board", operator: "Exists", effect: "NoExecute" }),
      tainted,
      false,
    ],
    ["a toleration of another key keeps it off", tolerating({ key: "gpu", operator: "Exists" }), tainted, false],
    ["a toleration without an effect tolerates each", tolerating({ key: "board", operator: "Exists" }), evicting, true],
    ["a toleration of everything lets it", tolerating({ operator: "Exists" }), tainted, true],
    ["a toleration without key and operator tolerates nothing", tolerating({ effect: "NoSchedule" }), tainted, false],
    [
      "a toleration with an empty operator compares values",
      tolerating({ key: "board", operator: "", value: "pi5" }),
      tainted,
      true,
    ],
    ["a toleration above a number lets it", tolerating({ key: "rating", operator: "Gt", value: "80" }), rated, true],
    [
      "a toleration above a higher number doesn't",
      tolerating({ key: "rating", operator: "Gt", value: "90" }),
      rated,
      false,
    ],
    ["a toleration below a number lets it", tolerating({ key: "rating", operator: "Lt", value: "95" }), rated, true],
    [
      "a toleration below no number doesn't",
      tolerating({ key: "rating", operator: "Lt", value: "much" }),
      rated,
      false,
    ],
    ["an operator that no toleration has keeps it off", tolerating({ key: "board", operator: "In" }), tainted, false],
    ["every pod is let stay for a while where the node is not ready", {}, offline, true],
    ["tolerations that aren't known yet decide it", { tolerations: later }, tainted, later],
    ["tolerations that aren't known yet change nothing for a node without taints", { tolerations: later }, pi, true],
    ["one that isn't known yet decides it", { tolerations: [later] }, tainted, later],
    ["one whose key isn't known yet decides it", tolerating({ key: later, operator: "Exists" }), tainted, later],
    [
      "beside another selector, a value that isn't known yet doesn't matter",
      { nodeSelector: { "kubernetes.io/arch": "amd64", "kubernetes.io/os": later } },
      pi,
      false,
    ],
    ["a node's name that isn't known yet decides it", { nodeName: later }, pi, later],
    ["an affinity that isn't known yet decides it", { affinity: later }, pi, later],
    ["a requirement that isn't known yet decides it", expression("kubernetes.io/arch", "In", later), pi, later],
    [
      "every taint needs its toleration",
      tolerating({ key: "board", operator: "Exists" }),
      { ...pi, taints: [...tainted.taints, ...cordoned.taints] },
      false,
    ],
  ];
  for (const [name, spec, node, expected] of cases) {
    it(name, () => assert.equal(mayRunOn(spec as Record<string, unknown>, node), expected));
  }

  it("a DaemonSet's pod tolerates the taints of a node's conditions, and no other", () => {
    assert.equal(mayRunOn({}, cordoned), false);
    assert.equal(mayRunOn({}, cordoned, true), true);
    assert.equal(mayRunOn({}, tainted, true), false);
    assert.equal(mayRunOn({}, full, true), false, "only by NoSchedule, as the controller adds it");
  });

  it("a DaemonSet's pod on the node's network tolerates that this is not there yet", () => {
    assert.equal(mayRunOn({}, unwired, true), false);
    assert.equal(mayRunOn({ hostNetwork: true }, unwired, true), true);
    assert.equal(mayRunOn({ hostNetwork: true }, unwired), false);
  });

  it("a node has its architecture and system under their older labels, too", () => {
    const [node] = nodesOf([{ names: [], labels: { "kubernetes.io/arch": "arm64" }, withoutLabels: [], taints: [] }]);
    assert.equal(mayRunOn({ nodeSelector: { "beta.kubernetes.io/arch": "amd64" } }, node), false);
    assert.equal(mayRunOn({ nodeSelector: { "beta.kubernetes.io/arch": "arm64" } }, node), true);
    assert.equal(
      mayRunOn({ nodeSelector: { "beta.kubernetes.io/os": "windows" } }, node),
      true,
      "of that nothing is known",
    );
  });
});
