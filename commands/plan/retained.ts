import { retainable } from "../../settings/sections/removal";
import type { Graph } from "../../engine/graph";
import { isForgotten, type Step } from "./steps";
import { broughtDown, lossOf, partOf, type Leaving } from "../shared/retain";

/** What these steps remove from Pulumi's state. */
const leaving = (source: Graph, steps: Step[]): Leaving[] =>
  steps
    .filter(({ op }) => op === "delete" || op === "blocked")
    .map((step) => ({
      urn: step.urn,
      fate: step.op === "blocked" ? "refused" : isForgotten(step) ? "stays" : "goes",
      inputs: source.get(step.urn)?.inputs ?? {},
    }));

/**
 * What is retained but would not survive, because something that it needs is deleted in the same update.
 * @param source what exists
 * @param steps what the update does
 */
export const retainedInVain = (source: Graph, steps: Step[]): string[] => broughtDown(leaving(source, steps));

/** What the steps of a `destroy` don't show. */
export function besideDestroy(source: Graph, steps: Step[]): string[] {
  const all = leaving(source, steps);
  const going = all.filter(({ fate }) => fate !== "stays").map(({ urn }) => urn);
  const lost = retainable.filter((part) => going.some((urn) => partOf(urn) === part));
  const forgotten = (part: string) => all.some(({ urn, fate }) => partOf(urn) === part && fate === "stays");
  const goes = (part: string) => all.some(({ urn, fate }) => partOf(urn) === part && fate === "goes");
  return [
    ...(all.some(({ fate }) => fate === "refused")
      ? ["To delete what is protected: `npx pulumi state unprotect` with its URN, or `--all`: docs/removing.md"]
      : []),
    ...lost.map((part) => `If you unprotect ${part}, you lose: ${lossOf(part, going)}`),
    ...(forgotten("crds") && goes("namespace")
      ? [
          "The CRDs stay, but Helm's record of their release is deleted with the namespace: `helm uninstall` can't find it afterwards",
        ]
      : []),
  ];
}
