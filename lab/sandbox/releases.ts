import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { operatorCrds } from "../cluster/crds";
import type { KubernetesObject } from "../../commands/shared/objects";
import type { RenderedResource } from "../../commands/shared/render";
import { runsOperator } from "../../settings/release-values";
import type { Applicable } from "./apply";
import { operatorAndPrometheus, type Minds } from "./operator";
import { upstreamShaped } from "./upstream";

/** The definitions that the CRDs' chart has, from the operator's Go module. */
export async function operatorDefinitions(): Promise<KubernetesObject[]> {
  const { files } = await operatorCrds();
  return files.map((file) => parse(readFileSync(file, "utf8")) as KubernetesObject);
}

/**
 * A stack's graph with objects in the place of each Helm release, where neither Helm nor a chart can be had: what depends on the release depends on them.
 * @param resources the graph as rendered
 * @param definitions those that stand in the place of the CRDs' release; none where the cluster has them
 * @param minds of which namespaces the operator passes on monitors and rules
 */
export function withoutCharts(
  resources: readonly RenderedResource[],
  definitions: readonly KubernetesObject[],
  minds?: Minds,
): Applicable[] {
  return resources.flatMap(({ release, ...resource }): Applicable[] => {
    if (!release) return [resource];
    const { urn, parent, dependsOn } = resource;
    const objects =
      release.chart === "prometheus-operator-crds"
        ? definitions
        : release.chart !== "kube-prometheus-stack"
          ? []
          : runsOperator(release.values)
            ? [...operatorAndPrometheus(release, minds), ...upstreamShaped(release)]
            : upstreamShaped(release);
    const each = objects.map((object) => ({
      ...{ urn: `${urn}/${object.kind}/${object.metadata.name}`, parent, dependsOn, object },
    }));
    return [...each, { ...resource, object: undefined, dependsOn: [...dependsOn, ...each.map((e) => e.urn)] }];
  });
}
