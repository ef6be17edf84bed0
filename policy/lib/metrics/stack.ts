import type { Setting } from "../config/read";
import { mountsOf } from "../pods/readers";
import type { Resource } from "../resource";
import { makerOf, namespacesOf, serviceOf, workloadsBehind, type ServiceName } from "../services";
import { at, isBlock } from "../unknown";
import { isAtWork, scrapes, writesOf } from "./feeding";

/** Who scrapes and who writes metrics in a stack, and for which Service. */
export class MetricsStack {
  private readonly namespaces: Set<string>;
  private readonly writes: { url: Setting<string>; namespace?: string }[];

  /** @param resources all resources of the stack */
  constructor(private readonly resources: readonly Resource[]) {
    this.namespaces = namespacesOf(resources);
    this.writes = resources.flatMap((resource) => {
      const urls = writesOf(resource);
      if (urls.length === 0 || !isAtWork(resource, resources)) return [];
      return urls.map((url) => ({ url, namespace: resource.namespace }));
    });
  }

  /**
   * The Service that an address leads to.
   *
   * @param namespace where the address is used
   * @returns undefined for an address outside the cluster, or in a namespace where the stack has nothing
   */
  serviceAt(url: string, namespace: string | undefined): ServiceName | undefined {
    const name = this.serviceOf(url, namespace);
    return name && this.namespaces.has(name.namespace) ? name : undefined;
  }

  /** The resource of the stack that makes a Service. */
  makerOf(name: ServiceName): Resource | undefined {
    return makerOf(name, this.resources);
  }

  /** Whether something scrapes for what is behind a Service, or writes to it or to another Service of the same program. */
  isFed(maker: Resource): boolean {
    return this.scrapes(maker) || this.isWritten(maker);
  }

  /** An address that something writes to and that can't be read. */
  get unreadAddress(): Setting<string> | undefined {
    return this.writes.find(({ url }) => "unreadable" in url)?.url;
  }

  private serviceOf(url: string, namespace: string | undefined): ServiceName | undefined {
    return serviceOf(url, namespace, (name) => this.namespaces.has(name));
  }

  private isWritten(maker: Resource): boolean {
    const program = programOf(maker);
    return this.writes.some(({ url, namespace }) => {
      const name = "value" in url ? this.serviceOf(url.value, namespace) : undefined;
      const target = name && this.makerOf(name);
      return target !== undefined && programOf(target) === program;
    });
  }

  // Where the stack shows no pods behind a Service, an operator or a chart may make them.
  private scrapes(maker: Resource): boolean {
    if (maker.kind !== "Service") return scrapes(maker);
    // Without a selector it leads out of the stack.
    if (!isBlock(at(maker.props, "spec.selector"))) return true;
    const workloads = workloadsBehind(maker, this.resources);
    if (workloads.length > 0) return workloads.some((workload) => this.workloadScrapes(workload));
    return this.resources.some((resource) => resource.namespace === maker.namespace && scrapes(resource));
  }

  private workloadScrapes({ props, namespace }: Resource): boolean {
    const spec = at(props, "spec.template.spec");
    if (at(props, "spec.replicas") === 0) return false;
    if (/-promscrape\.config\b/.test(JSON.stringify(at(spec, "containers") ?? ""))) return true;
    const mounts = mountsOf(spec);
    return this.resources.some(
      (file) =>
        file.namespace === namespace &&
        mounts.some(({ kind, name }) => kind === file.kind && name === file.objectName) &&
        /^scrape_configs:/m.test(Object.values(file.props.data ?? {}).join("\n")),
    );
  }
}

/** The ports of a Service; none of what makes a Service that isn't shown. */
export function portsOf(maker: Resource): number[] {
  const ports = maker.kind === "Service" ? at(maker.props, "spec.ports") : [];
  return (Array.isArray(ports) ? ports : []).map((each) => at(each, "port")).filter((port) => typeof port === "number");
}

// A chart or a resource for an operator makes one program of several Services; of plain Services, a label says which is whose.
function programOf(maker: Resource): string {
  if (maker.kind !== "Service") return maker.urn;
  const labels = at(maker.props, "metadata.labels");
  const label = (key: string) => (isBlock(labels) ? labels[`app.kubernetes.io/${key}`] : undefined);
  const name = label("name");
  return typeof name === "string" ? `${maker.namespace}/${name}/${String(label("instance") ?? "")}` : maker.urn;
}
