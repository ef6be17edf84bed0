import type { PreviewResource } from "../shared/preview";
import { selects, type Labels } from "../shared/selector";
import { fullname, runsOperator } from "../../settings/release-values";

const workload = /^kubernetes:apps\/v1:(Deployment|StatefulSet|DaemonSet)$/;

/** The parts of a stack: the top-level components of the program, what each runs, and the addresses at which it answers. */
export class Parts {
  private readonly byUrn: ReadonlyMap<string, PreviewResource>;

  /** @param resources the stack's graph */
  constructor(private readonly resources: readonly PreviewResource[]) {
    this.byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  }

  /** The name of the part that a resource belongs to: its highest ancestor below the stack. */
  of(resource: PreviewResource): string {
    const parent = this.byUrn.get(resource.parent ?? "");
    return parent === undefined || parent.parent === null ? resource.name : this.of(parent);
  }

  /** What a part runs: its workloads, and what its Helm release enables. */
  runs(part: string): string[] {
    const own = this.resources.filter((resource) => this.of(resource) === part);
    return own.flatMap(({ type, inputs }) => {
      if (workload.test(type)) return [inputs.metadata.name as string];
      return type === "kubernetes:helm.sh/v3:Release" && runsOperator(inputs.values)
        ? enabled(inputs.values ?? {})
        : [];
    });
  }

  /**
   * The part whose pods answer at an address inside the cluster; undefined if none does.
   * @param address a URL, or host and port
   */
  at(address: string): string | undefined {
    const [service, namespace] = hostOf(address).split(/[.:]/);
    const here = (where: unknown) => namespace === undefined || where === namespace;
    const owner =
      this.resources.find((resource) => {
        const { type, inputs } = resource;
        // The Services of a chart are not in the graph; they begin with its name.
        if (type !== "kubernetes:helm.sh/v3:Release") return false;
        return here(inputs.namespace) && service.startsWith(`${fullname(inputs.name ?? "", inputs.values ?? {})}-`);
      }) ?? this.behind(service, here);
    return owner && this.of(owner);
  }

  private behind(name: string, here: (namespace: unknown) => boolean): PreviewResource | undefined {
    const service = this.resources.find(
      ({ type, inputs }) =>
        type === "kubernetes:core/v1:Service" && inputs.metadata.name === name && here(inputs.metadata.namespace),
    );
    if (!service?.inputs.spec.selector) return undefined;
    return this.resources.find(
      ({ type, inputs }) =>
        workload.test(type) &&
        inputs.metadata.namespace === service.inputs.metadata.namespace &&
        selects(
          { matchLabels: service.inputs.spec.selector as Labels },
          inputs.spec.template.metadata.labels as Labels,
        ),
    );
  }
}

const enabled = (values: Record<string, unknown>): string[] =>
  Object.entries(values).flatMap(([key, value]) => ((value as { enabled?: boolean })?.enabled ? [key] : []));

/**
 * Host and port of an address.
 * @param address a URL, or host and port
 */
export function hostOf(address: string): string {
  const url = address.includes("://") ? address : `http://${address}`;
  // That of a claim's bucket is variables, which only a pod knows.
  return URL.canParse(url) ? new URL(url).host : url.replace(/^.*:\/\//, "");
}
