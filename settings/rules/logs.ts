import type { Problem } from "../problem";
import type { ParsedSettings } from "../schema";
import { quantityValue } from "../units";
import type { Rule } from "./rule";

/** Rules of the log collector. */
export const logRules: readonly Rule[] = [
  {
    must: "no namespace is both collected and left out",
    check: ({ logs: { includeNamespaces, excludeNamespaces } }) =>
      excludeNamespaces.flatMap((name, i) =>
        includeNamespaces.includes(name)
          ? [
              {
                key: `logs.excludeNamespaces[${i}]`,
                what: `"${name}" is also in logs.includeNamespaces`,
                allowed:
                  "each namespace in one of the two lists; with logs.includeNamespaces, all others are left out anyway",
              },
            ]
          : [],
      ),
  },
  {
    must: "nodes with Talos have no journal",
    check: ({ logs: { talos, journal } }) =>
      talos && journal
        ? [
            {
              key: "logs.journal",
              what: "true contradicts logs.talos: Talos has no journal, and AlloyUnhealthyComponents would fire",
              allowed: "false with logs.talos",
              example: false,
            },
          ]
        : [],
  },
  {
    must: "Loki keeps the metadata that the collector sends",
    check: ({ logs: { lines }, loki: { structuredMetadata } }) =>
      lines.flatMap(({ metadata }, i) =>
        metadata.length > 0 && !structuredMetadata
          ? [
              {
                key: `logs.lines[${i}].metadata`,
                what: "needs loki.structuredMetadata, which is false: Loki would refuse every such line",
                allowed: "an empty list, or loki.structuredMetadata: true",
                example: [],
              },
            ]
          : [],
      ),
  },
  {
    must: "Vector supports the settings",
    check: ({ logs }) => (logs.agent === "vector" ? withVector(logs) : []),
  },
];

/** The least that its buffer on disk may have (lib/vector-buffers/src/config.rs). */
const leastBuffer = 268_435_488;

/** What Alloy does and Vector, as this program configures it, doesn't. */
function withVector({ source, talos, nodeFiles, lines, vector }: ParsedSettings["logs"]): Problem[] {
  const problem = (when: boolean, key: string, what: string, allowed: string): Problem[] =>
    when
      ? [{ key: `logs.${key}`, what: `${what}, but logs.agent is vector`, allowed: `${allowed}, or logs.agent: alloy` }]
      : [];
  return [
    ...problem(source === "api", "source", '"api" is Alloy\'s: Vector reads the files of its node', "files"),
    ...problem(talos, "talos", "true needs Alloy, which receives what Talos sends", "false"),
    ...problem(nodeFiles.length > 0, "nodeFiles", "has files that only Alloy reads", "an empty list"),
    ...lines.flatMap(({ firstLine, metadata }, i) => [
      ...problem(firstLine !== undefined, `lines[${i}].firstLine`, "joins lines, which only Alloy does", "none"),
      ...problem(
        metadata.some((key) => key !== key.toLowerCase()),
        `lines[${i}].metadata`,
        "has a key with capital letters, which Vector's sink makes lower-case",
        "keys of small letters",
      ),
    ]),
    ...problem(
      quantityValue(vector.buffer) < leastBuffer,
      "vector.buffer",
      `"${vector.buffer}" is less than the smallest buffer on disk`,
      "257Mi and more",
    ),
  ];
}
