import { z } from "zod";
import type { Setting } from "./lib/config/read";
import { show, unknownOf } from "./lib/config/show";
import { matches } from "./lib/glob";
import type { DataSource } from "./lib/grafana/data-sources";
import { grafanasOf } from "./lib/grafana/instances";
import { isAtWork, scrapes, writesOf } from "./lib/metrics/feeding";
import { inner } from "./lib/paths";
import { mountsOf } from "./lib/pods/readers";
import { definePolicy, type StackFinding } from "./lib/policy";
import type { Resource } from "./lib/resource";
import { makerOf, namespacesOf, serviceOf, workloadsBehind, type ServiceName } from "./lib/services";
import { at, isBlock, Unknown } from "./lib/unknown";

const wanted = "the address of something that scrapes, or that something in the stack writes to";

/**
 * Refuses a default data source for metrics that nothing feeds: every dashboard would be empty, and Grafana's own alerts would see no data.
 * It is fed where Prometheus is behind its address, or where somebody writes to it (`remote_write` of Prometheus, vmagent and Alloy, Vector,
 * OTLP). An address whose Service the stack doesn't have is told as well.
 *
 * Addresses outside the cluster, and in namespaces where the stack has nothing, are somebody else's.
 */
export const defaultDatasourceIsFed = definePolicy({
  name: "default-datasource-is-fed",
  description: "Grafana's default data source for metrics is there, and something scrapes for it or writes to it.",
  url: "https://grafana.com/docs/grafana/latest/datasources/prometheus/",
  severity: "high",
  parameters: {
    fedElsewhere: z
      .array(z.string())
      .default([])
      .describe("hosts of data sources that something outside the stack feeds (* stands for any text)"),
  },
  *checkStack(resources, { fedElsewhere }) {
    const stack = new Stack(resources);
    for (const source of grafanasOf(resources).flat()) {
      const { isDefault, type, url } = source;
      if (!("value" in isDefault && isDefault.value) || !/^(prometheus|.*victoriametrics.*)$/.test(String(type)))
        continue;
      if (url instanceof Unknown) yield url;
      if (typeof url !== "string" || fedElsewhere.some((host) => matches(host, hostOf(url)))) continue;
      const name = stack.serviceOf(url, source.resource.namespace);
      if (name && stack.namespaces.has(name.namespace)) yield* judged(source, name, stack);
    }
  },
});

/** What a stack has, as far as it counts here. */
class Stack {
  readonly namespaces: Set<string>;
  readonly #writes: { url: Setting<string>; namespace?: string }[];

  constructor(readonly resources: readonly Resource[]) {
    this.namespaces = namespacesOf(resources);
    this.#writes = resources.flatMap((resource) => {
      const urls = writesOf(resource);
      if (urls.length === 0 || !isAtWork(resource, resources)) return [];
      return urls.map((url) => ({ url, namespace: resource.namespace }));
    });
  }

  serviceOf(url: string, namespace: string | undefined): ServiceName | undefined {
    return serviceOf(url, namespace, (name) => this.namespaces.has(name));
  }

  /** Whether something writes to a Service, or to another Service of the same program. */
  isWritten(maker: Resource): boolean {
    const program = programOf(maker);
    return this.#writes.some(({ url, namespace }) => {
      const name = "value" in url ? this.serviceOf(url.value, namespace) : undefined;
      const target = name && makerOf(name, this.resources);
      return target !== undefined && programOf(target) === program;
    });
  }

  /** An address that something writes to and that can't be told. */
  get untold(): Setting<string> | undefined {
    return this.#writes.find(({ url }) => "unreadable" in url)?.url;
  }

  /** Whether a Service leads to something that scrapes; also where no pods of the stack are behind it, but what an operator or chart may make. */
  scrapes(service: Resource): boolean {
    if (service.kind !== "Service") return scrapes(service);
    // Somebody else's, under a name of the stack's own.
    if (!isBlock(at(service.props, "spec.selector"))) return true;
    const workloads = workloadsBehind(service, this.resources);
    if (workloads.length > 0) return workloads.some((workload) => this.#scrapesItself(workload));
    return this.resources.some((resource) => resource.namespace === service.namespace && scrapes(resource));
  }

  #scrapesItself({ props, namespace }: Resource): boolean {
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

function* judged({ resource, path, url }: DataSource, name: ServiceName, stack: Stack): Iterable<StackFinding> {
  const { service, namespace, port } = name;
  const maker = makerOf(name, stack.resources);
  const place = inner(path, "url");
  const refuse = (found: string, fix: string): StackFinding => ({ resource, path: place, found, wanted, fix });
  if (!maker) {
    yield refuse(
      `${service} in namespace ${namespace}, and the stack makes no Service for metrics of that name there`,
      "Every dashboard would be empty. Correct the address; where something else makes the Service, name the host under fedElsewhere in this policy's configuration.",
    );
  } else if (port !== undefined && !portsOf(maker).includes(port) && portsOf(maker).length > 0) {
    yield refuse(
      `port ${port} of ${maker.label}, which has only ${portsOf(maker).join(", ")}`,
      "Every dashboard would be empty. Correct the port.",
    );
  } else if (!stack.scrapes(maker) && !stack.isWritten(maker)) {
    const { untold } = stack;
    const unknown = untold && unknownOf(untold);
    if (unknown) yield unknown;
    else {
      yield refuse(
        `${service} in namespace ${namespace}, and nothing in the stack scrapes for it or writes to it`,
        untold
          ? `What one address of remote_write is can't be told (${show(untold)}): write the address itself, or name the host ${hostOf(String(url))} under fedElsewhere in this policy's configuration.`
          : "Every dashboard would be empty. Let Prometheus, vmagent or Alloy write to it (remote_write) first, and until then make a data source that is fed the default.",
      );
    }
  }
}

// A chart or a resource for an operator makes one program of several Services; of Services by themselves, a label says which is whose.
function programOf(maker: Resource): string {
  if (maker.kind !== "Service") return maker.urn;
  const labels = at(maker.props, "metadata.labels");
  const label = (key: string) => (isBlock(labels) ? labels[`app.kubernetes.io/${key}`] : undefined);
  const name = label("name");
  return typeof name === "string" ? `${maker.namespace}/${name}/${String(label("instance") ?? "")}` : maker.urn;
}

function portsOf(maker: Resource): unknown[] {
  const ports = maker.kind === "Service" ? at(maker.props, "spec.ports") : [];
  return (Array.isArray(ports) ? ports : []).map((each) => at(each, "port")).filter((port) => typeof port === "number");
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : "";
}
