import type { Rule } from "../../../components/alloy/config";

/**
 * The part of Prometheus's relabelling that the configuration uses, written from its documentation. `e2e/alloy.test.ts` runs the same
 * cases through Prometheus's own.
 * @returns the labels that are left, or undefined when the target is dropped
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config
 */
export function relabel(
  target: Readonly<Record<string, string>>,
  rules: readonly Rule[],
): Record<string, string> | undefined {
  const labels = { ...target };
  for (const {
    action = "replace",
    source_labels = [],
    separator = ";",
    regex = "(.*)",
    replacement = "$1",
    target_label,
  } of rules) {
    const value = source_labels.map((label) => labels[label] ?? "").join(separator);
    const match = new RegExp(`^(?:${regex})$`, "s").exec(value);
    if ((action === "keep" && !match) || (action === "drop" && match)) return undefined;
    if (action !== "replace" || !match || !target_label) continue;
    const result = replacement.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (all, braced, plain) =>
      all === "$$" ? "$" : (match[Number(braced ?? plain)] ?? ""),
    );
    if (result === "") delete labels[target_label];
    else labels[target_label] = result;
  }
  return labels;
}

/** The labels that lines get: those with two underscores in front stay inside. */
export function publicLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith("__")));
}
