import assert from "node:assert/strict";
import { until } from "../../lab/until";
import { testCluster } from "./cluster";
import { journalled, lines, print, signalled, type NodeLines } from "./node-lines";

/** More than the kubelet's limit of 10 MiB. */
const rotatedLines = 26_000;

/** The writers whose lines {@link itCollects} looks for. */
export const collectedWriters: Readonly<Record<string, string>> = {
  plain: "echo to stdout; echo to stderr >&2",
  rotated: `${print(0, 1)}; ${signalled("begin")}; ${print(1, rotatedLines - 1)}; ${signalled("go")}; ${print(rotatedLines, 100)}`,
  // Fewer than before: a collector may look only when they are all there, and takes a file for truncated that is shorter than what it has read.
  truncated: `${print(0, 100)}; ${signalled("go")}; ${print(100, 50)}`,
};

/**
 * Tests of what any collector of stack sandbox does with the files of a node.
 * @param node the node with {@link collectedWriters}, from the first test on
 * @param namespace of the writers
 */
export function itCollects(node: () => NodeLines, namespace: string): void {
  it("gives a pod's lines every label, of stdout and stderr apart", async () => {
    await node().exactly("plain", ["to stdout", "to stderr"]);
    const found = await node().of("plain");
    const labels = (stream: string) => ({
      cluster: "sandbox",
      namespace,
      pod: "plain",
      container: "writer",
      app: "plain",
      job: `${namespace}/writer`,
      stream,
      container_runtime: "containerd",
    });
    for (const { stream, line } of found) {
      const { service_name, detected_level, ...own } = stream; // Loki's own: https://grafana.com/docs/loki/latest/get-started/labels/
      assert.ok(service_name && detected_level !== "");
      assert.deepEqual(own, labels(line[1].slice(3)));
    }
  });

  it("reads a file to its end when the kubelet rotates it, and the new one from its beginning", async () => {
    const first = lines(0, rotatedLines);
    // A file that is renamed before the collector finds its pod is never read (components/alloy/README.md, Traps).
    await until("the file is read", 240, async () => ((await node().of("rotated")).length > 0 ? true : undefined));
    await node().tell("rotated", "begin");
    await until("the kubelet rotates the file", 300, async () => {
      const files = await node().onNode(`ls /var/log/pods/${namespace}_rotated_*/writer`);
      return files.split("\n").length > 2 ? true : undefined;
    });
    await node().tell("rotated");
    await node().exactly("rotated", [...first, ...lines(rotatedLines, 100)]);
  });

  it("reads a truncated file from its beginning again", async () => {
    await node().exactly("truncated", lines(0, 100));
    await node().onNode(`for file in /var/log/pods/${namespace}_truncated_*/writer/0.log; do : > $file; done`);
    await node().tell("truncated");
    await node().exactly("truncated", lines(0, 150));
  });

  it("reads the journal, with the unit of services and of the kernel", async () => {
    const { entries, nodes } = await node().ofJournal("sandbox");
    assert.deepEqual(
      entries,
      Object.entries(journalled)
        .map(([unit, message]) => `${unit}: ${message}`)
        .sort(),
    );
    const { kubectl } = await testCluster();
    const names = await kubectl.run(["get", "nodes", "-o", "jsonpath={.items[*].metadata.name}"]);
    for (const name of nodes) assert.ok(names.split(" ").includes(name), name);
  });
}
