import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { quantityValue } from "../../config/units";
import type { Look } from "../findings";
import { called, groupBy, inWords } from "../objects";

const gibibyte = 2 ** 30;

/** The kinds of node: nodes of one architecture with as many cores and, to the next GiB, as much memory. */
export const lookAtNodes: Look = ({ nodes }, _settings, found) => {
  const kinds = groupBy(
    nodes.filter((node) => known.includes(archOf(node))),
    (node) => `${archOf(node)}-${Math.round(cores(node))}-cores-${Math.round(memory(node) / gibibyte)}gi`,
  );
  const described = [...kinds].sort().map(([name, members]) => ({
    name,
    arch: archOf(members[0]),
    count: members.length,
    // The least that each of them has.
    cpu: `${Math.floor(Math.min(...members.map(cores)) * 1000)}m`,
    memory: `${Math.floor(Math.min(...members.map(memory)) / 2 ** 20)}Mi`,
  }));
  if (described.length > 0)
    found.fit("cluster.nodes", described, "what is allocatable on each kind of node; call them as you like");
  const others = nodes.filter((node) => !known.includes(archOf(node)));
  if (others.length > 0)
    found.ask(
      `nodes of an architecture that this program has no images for: ${inWords(others.map(called))}`,
      "keep the stack off them by cluster.nodeSelector",
    );
  const tainted = nodes.filter(({ spec }) => spec?.taints?.some(({ effect }) => effect !== "PreferNoSchedule"));
  if (tainted.length > 0)
    found.ask(
      `nodes with taints: ${inWords(tainted.map((node) => `${called(node)} (${taints(node)})`))}`,
      "nothing where the stack's workloads are to stay off them (agents run there all the same); else cluster.tolerations",
    );
};

const known = ["amd64", "arm64"];

const archOf = ({ metadata, status }: client.V1Node) =>
  metadata?.labels?.["kubernetes.io/arch"] ?? status?.nodeInfo?.architecture ?? "unknown";

const cores = ({ status }: client.V1Node) => quantityValue(status?.allocatable?.cpu ?? "0");
const memory = ({ status }: client.V1Node) => quantityValue(status?.allocatable?.memory ?? "0");

const taints = ({ spec }: client.V1Node) => (spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).join(" ");
