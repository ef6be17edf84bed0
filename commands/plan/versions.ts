import type { Graph } from "../../engine/graph";
import { imageVersion } from "../../components/kubernetes/labels";
import { programNames, programs, versionChange, type Program } from "../shared/versions";
import { clear } from "./volumes";

/** What a plan says of other versions of the stack's programs. */
export interface VersionChanges {
  /** what they are, and where to read about them */
  beside: string[];
  /** why they must not be made as they are */
  refusals: string[];
}

/**
 * The other versions that a move brings.
 * @param source the stack before the move
 * @param target the stack after it
 */
export function versionChanges(source: Graph, target: Graph): VersionChanges {
  const changes = programNames.flatMap(
    (program) => versionChange(program, versionIn(source, program), versionIn(target, program)) ?? [],
  );
  const said = (refused: boolean) => changes.flatMap((change) => (change.refused === refused ? [change.says] : []));
  return { beside: said(false), refusals: said(true) };
}

function versionIn(graph: Graph, program: Program): string | undefined {
  const { image } = programs[program];
  const found = [...graph.values()].find(({ type }) => type === `observability:${image}:${program}`);
  const reference = found && clear<{ images?: Record<string, string> }>(found.inputs)?.images?.[image];
  return reference === undefined ? undefined : imageVersion(reference);
}
