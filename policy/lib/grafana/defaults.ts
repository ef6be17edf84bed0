import type { Resource } from "../resource";
import type { DataSource } from "./data-sources";
import { grafanasOf } from "./instances";

/** A data source that is, or may be, the default, and another one of the same organisation before it. */
type Pair = readonly [source: DataSource, other: DataSource];

/** The second defaults among the data sources of one resource. */
export function secondDefaultsIn(sources: readonly DataSource[]): Pair[] {
  return secondDefaults(sources, () => true);
}

/** The second defaults of each Grafana of a stack that stand in another resource than the first: those in one resource are found there. */
export function secondDefaultsOver(resources: readonly Resource[]): Pair[] {
  return grafanasOf(resources).flatMap((sources) =>
    secondDefaults(sources, (one, two) => one.resource !== two.resource),
  );
}

function secondDefaults(sources: readonly DataSource[], isPair: (one: DataSource, two: DataSource) => boolean): Pair[] {
  const candidates = sources.filter(mayBeDefault);
  return candidates.flatMap((source, index): Pair[] => {
    const others = candidates.slice(0, index).filter(({ organisation }) => organisation === source.organisation);
    const other = others.find((each) => isPair(each, source));
    return other ? [[source, other]] : [];
  });
}

function mayBeDefault({ isDefault }: DataSource): boolean {
  return "unreadable" in isDefault || ("value" in isDefault && isDefault.value);
}
