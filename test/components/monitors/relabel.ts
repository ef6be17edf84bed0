import type { Relabeling } from "../../../components/kubernetes/service-monitor";
import type { Rule } from "../../../components/alloy/config";
import { relabel as interpret } from "../alloy/relabel";

/**
 * Relabelling of a target or a sample, in the operator's spelling of the rules.
 * @returns the labels that are left, or undefined when it is dropped
 */
export const relabel = (labels: Readonly<Record<string, string>>, rules: readonly Relabeling[]) =>
  interpret(
    labels,
    rules.map(
      ({ action, sourceLabels = [], separator, regex, replacement, targetLabel }): Rule =>
        ({ action, source_labels: sourceLabels, separator, regex, replacement, target_label: targetLabel }) as Rule,
    ),
  );
