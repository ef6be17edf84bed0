/**
 * How the names of days end that `npm run backfill` brought. In Mimir they are blocks: its compactor writes the names of all blocks that it merged into
 * the new one's `meta.json` (`compaction.sources`), so backfilled blocks can be recognized for as long as Mimir keeps them.
 */
export const backfilledMark = "BACKF";

/**
 * VictoriaMetrics keeps no blocks that a name could be asked for, so each day that it has leaves one sample of this series: its label `part` is the day's
 * name, its time the day's beginning, its value the number of samples. It goes with them when they are too old.
 */
export const backfilledSeries = "backfilled_samples";
