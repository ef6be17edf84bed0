import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { quantityValue } from "../../../settings/units";
import type { Findings, Look } from "../findings";
import { groupBy } from "../../shared/group-by";
import { called, inWords } from "../objects";

const gibibyte = 2 ** 30;

/** The kinds of node: nodes with the same architecture, cores and memory (rounded to GiB). */
export const lookAtNodes: Look = ({ nodes }, _settings, found) => {
  const kinds = groupBy(
    nodes.filter((node) => known.includes(archOf(node))),
    (node) => `${archOf(node)}-${Math.round(cores(node))}-cores-${Math.round(memory(node) / gibibyte)}gi`,
  );
  const described = [...kinds].sort().map(([name, members]) => ({
    name,
    arch: archOf(members[0]),
    count: members.length,
    // The least that any of them has.
    cpu: `${Math.floor(Math.min(...members.map(cores)) * 1000)}m`,
    memory: `${Math.floor(Math.min(...members.map(memory)) / 2 ** 20)}Mi`,
  }));
  if (described.length > 0)
    found.fit("cluster.nodes", described, "the allocatable amounts of each kind of node; you can choose the names");
  talos(nodes, found);
  const others = nodes.filter((node) => !known.includes(archOf(node)));
  if (others.length > 0)
    found.ask(
      `nodes whose architecture has no images in this program: ${inWords(others.map(called))}`,
      "keep the stack off them with cluster.nodeSelector",
    );
  const tainted = nodes.filter(({ spec }) => spec?.taints?.some(({ effect }) => effect !== "PreferNoSchedule"));
  if (tainted.length > 0)
    found.ask(
      `nodes with taints: ${inWords(tainted.map((node) => `${called(node)} (${taints(node)})`))}`,
      "do nothing to keep the stack's workloads off them (agents run there anyway); otherwise set cluster.tolerations",
    );
};

/** Talos keeps no journal; its nodes send their log where their own configuration says. */
function talos(nodes: readonly client.V1Node[], found: Findings): void {
  const without = nodes.filter(({ status }) => status?.nodeInfo?.osImage?.startsWith("Talos"));
  if (without.length === 0) return;
  found.fit("logs.journal", false, `${inWords(without.map(called))} run Talos, which keeps no journal`);
  found.fit("logs.talos", true, "receives the log that Talos sends");
  found.ask(
    "Talos sends its log only where its machine configuration says",
    "add the patch of docs/talos.md to the machine configuration of each node",
  );
}

const known = ["amd64", "arm64"];

const archOf = ({ metadata, status }: client.V1Node) =>
  metadata?.labels?.["kubernetes.io/arch"] ?? status?.nodeInfo?.architecture ?? "unknown";

const cores = ({ status }: client.V1Node) => quantityValue(status?.allocatable?.cpu ?? "0");
const memory = ({ status }: client.V1Node) => quantityValue(status?.allocatable?.memory ?? "0");

const taints = ({ spec }: client.V1Node) => (spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).join(" ");
