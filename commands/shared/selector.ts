/** Labels of an object. */
export type Labels = Readonly<Record<string, string>>;

/** A label selector of Kubernetes. */
export interface Selector {
  matchLabels?: Labels;
  matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

/**
 * Whether a selector selects an object. An empty one selects everything, as in Kubernetes; none at all, nothing.
 * @param selector the selector
 * @param labels of the object
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export function selects(selector: Selector | undefined, labels: Labels = {}): boolean {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const there = key in labels;
      if (operator === "Exists") return there;
      if (operator === "DoesNotExist") return !there;
      return operator === "In" ? there && values.includes(labels[key]) : !(there && values.includes(labels[key]));
    })
  );
}
