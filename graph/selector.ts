/** Labels of an object. */
export type Labels = Readonly<Record<string, string>>;

/** A label selector, as far as this program's objects have one. */
export interface Selector {
  matchLabels?: Labels;
}

/**
 * Whether a selector selects an object. An empty one selects everything, as in Kubernetes; none at all, nothing.
 * @param selector the selector
 * @param labels of the object
 */
export function selects(selector: Selector | undefined, labels: Labels = {}): boolean {
  return (
    selector !== undefined && Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  );
}
