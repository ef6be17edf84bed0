import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../kubernetes/environment";
import { labels } from "../kubernetes/labels";
import { chosen, type ChosenBy } from "./chosen";
import { finish } from "./finish";
import type { RuleGroup } from "./types";

/** Arguments of {@link BaseRules}. */
export interface BaseRulesArgs {
  environment: Environment;
  /** Which alerts are off, and what is changed in others. */
  settings: ChosenBy;
  /** System, such as `nodes` → its groups of rules; a system without any gets no object. */
  groups: Record<string, RuleGroup[]>;
}

/**
 * Rules of every system, one PrometheusRule each, whichever system evaluates them. Their CRD must exist before (`dependsOn`).
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PrometheusRule
 */
export class BaseRules extends pulumi.ComponentResource {
  constructor(name: string, args: BaseRulesArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment } = args;
    // Without the groups: they are inputs of the objects, so the state has them already.
    super("observability:rules:BaseRules", name, { environment, systems: Object.keys(args.groups) }, opts);

    for (const [system, all] of Object.entries(args.groups)) {
      const groups = chosen(all, args.settings);
      if (groups.length === 0) continue;
      const object = `rules-${system}`;
      new CustomResource(
        object,
        {
          apiVersion: "monitoring.coreos.com/v1",
          kind: "PrometheusRule",
          metadata: {
            name: object,
            namespace: environment.namespace,
            labels: labels({ name: "rules", component: system }),
          },
          spec: { groups: finish(groups, environment) },
        },
        { parent: this },
      );
    }

    this.registerOutputs();
  }
}
