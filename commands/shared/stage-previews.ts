import type { stackOf } from "../../engine/project";
import { stagesWith, type Backend, type StageName } from "../../stages";
import { offlinePreview, type Preview, type PreviewOptions } from "./preview";
import { loadStackSettings } from "./settings";

/** A stack in each of its stages. */
export interface StagePreviews {
  backend: Backend;
  /** One of each stage, in their order. */
  previews: readonly Preview[];
}

/**
 * Previews a stack in each of its stages, as it is when it has been there for a while.
 * @param stack as its file has it, which may be as of its first update
 * @param preview makes one
 */
export async function stagePreviews(
  stack: ReturnType<typeof stackOf>,
  preview: (options: PreviewOptions) => Promise<Preview> = offlinePreview,
): Promise<StagePreviews> {
  const { metrics, adopt } = loadStackSettings(stack).settings;
  const inStage = (stage: StageName) =>
    preview({ ...stack, stage, from: stage, config: adopt.kps && stage === "kps-removed" ? keptNoMore : [] });
  return { backend: metrics.backend, previews: await Promise.all(stagesWith(metrics.backend).map(inStage)) };
}

// The last stage refuses what only the first updates of an adoption keep.
const keptNoMore = ["adopt.kps.keepGrafana=false", "adopt.kps.keepExporters=false"];
