/**
 * Labels that Kubernetes recommends.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
 */

/** What a workload is called. */
export interface Identity {
  /** The program, such as `loki`: label `app.kubernetes.io/name`. */
  name: string;
  /** Its part, such as `write`: label `app.kubernetes.io/component`. */
  component?: string;
  /** Its version, for the label `app.kubernetes.io/version`; never part of a selector. */
  version?: string;
}

/**
 * The labels that select a workload's pods; they can't change later.
 * @param identity what the workload is called
 */
export function selectorLabels({ name, component }: Identity): Record<string, string> {
  return { "app.kubernetes.io/name": name, ...(component && { "app.kubernetes.io/component": component }) };
}

/**
 * All labels of an object.
 * @param identity what the object belongs to
 */
export function labels(identity: Identity): Record<string, string> {
  return {
    ...selectorLabels(identity),
    ...(identity.version && { "app.kubernetes.io/version": identity.version }),
    "app.kubernetes.io/part-of": "observability",
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

/**
 * The tag of an image, for the version label.
 * @param image reference with a tag
 */
export function imageVersion(image: string): string {
  return /:([\w][\w.-]*)(@.*)?$/.exec(image)?.[1] ?? "unknown";
}
