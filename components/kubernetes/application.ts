import type { types } from "@pulumi/kubernetes";
import { DaemonSet, Deployment, StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "@pulumi/kubernetes/rbac/v1";
import type * as pulumi from "@pulumi/pulumi";
import { connectionsOf, textsIn, type Connections } from "./connections";
import type { Environment } from "./environment";
import { labels, selectorLabels, type Identity } from "./labels";
import { serviceMonitor, type Endpoint } from "./service-monitor";
import { retainVolumes, volumeClaim, type VolumeSettings } from "./storage";

type Template = types.input.core.v1.PodTemplateSpec;
type Workload = Pick<pulumi.CustomResourceOptions, "dependsOn" | "customTimeouts">;

/** Arguments of {@link Application}. */
export interface ApplicationArgs {
  environment: Environment;
  /** Name of its objects and of their resources. */
  name: string;
  /** What its labels say. */
  identity: Identity;
  /** Labels that select its pods; default: those of its identity. */
  selector?: Record<string, string>;
}

/** A pod: its spec, and what its metadata has beside the application's labels. */
export interface PodArgs extends types.input.core.v1.PodSpec {
  labels?: Record<string, string>;
  /** Checksums of what it reads at its start: it restarts when one changes. */
  annotations?: Record<string, pulumi.Input<string>>;
}

/**
 * One program that runs in the cluster: each method registers one of its objects as a child of its component, with the name, labels and
 * selector that all of them share. What is special about a program is in the arguments.
 */
export class Application {
  readonly environment: Environment;
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly selector: Record<string, string>;
  /** Options of its resources. */
  readonly child: { parent: pulumi.Resource };

  /**
   * @param parent its component
   * @param args where it is and what it is called
   */
  constructor(parent: pulumi.Resource, { environment, name, identity, selector }: ApplicationArgs) {
    this.environment = environment;
    this.name = name;
    this.labels = labels(identity);
    this.selector = selector ?? selectorLabels(identity);
    this.child = { parent };
  }

  /** What its stack's programs say of themselves. */
  get connections(): Connections {
    return connectionsOf(this.environment);
  }

  /** Metadata of an object; `name` differs from the application's where it has two of a kind. */
  metadata(name = this.name): { name: string; namespace: string; labels: Record<string, string> } {
    return { name, namespace: this.environment.namespace, labels: this.labels };
  }

  /** A ConfigMap: file name → text. `more` is what its metadata has beside the application's. */
  configMap(
    data: Record<string, string>,
    name = this.name,
    more: Partial<Record<"labels" | "annotations", Record<string, string>>> = {},
  ): ConfigMap {
    this.connections.configMaps.set(name, textsIn(data).join("\n"));
    const metadata = { ...this.metadata(name), ...more, labels: { ...this.labels, ...more.labels } };
    return new ConfigMap(name, { metadata, data }, this.child);
  }

  /** The ServiceAccount. Its token is mounted by a pod that asks for it, not by default. */
  serviceAccount(): ServiceAccount {
    return new ServiceAccount(
      this.name,
      { metadata: this.metadata(), automountServiceAccountToken: false },
      this.child,
    );
  }

  /** What the ServiceAccount may do in every namespace. */
  clusterRole(rules: types.input.rbac.v1.PolicyRule[]): pulumi.Resource[] {
    const { namespace } = this.environment;
    const metadata = { name: this.roleName, labels: this.labels };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: this.roleName };
    const subjects = [{ kind: "ServiceAccount", name: this.name, namespace }];
    return [
      new ClusterRole(this.name, { metadata, rules }, this.child),
      new ClusterRoleBinding(this.name, { metadata, roleRef, subjects }, this.child),
    ];
  }

  /** What the ServiceAccount may do in one namespace, of the stack or of others. */
  role(namespace: string, rules: types.input.rbac.v1.PolicyRule[]): pulumi.Resource[] {
    const resource = `${this.name}-${namespace}`;
    const metadata = { name: this.roleName, namespace, labels: this.labels };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: this.roleName };
    const subjects = [{ kind: "ServiceAccount", name: this.name, namespace: this.environment.namespace }];
    return [
      new Role(resource, { metadata, rules }, this.child),
      new RoleBinding(resource, { metadata, roleRef, subjects }, this.child),
    ];
  }

  /** Name of its roles. A ClusterRole is not namespaced: two stacks in one cluster would share it. */
  get roleName(): string {
    return `${this.environment.namespace}-${this.name}`;
  }

  /** A Service before its pods; `clusterIP: "None"` where only its endpoints matter. */
  service(spec: types.input.core.v1.ServiceSpec, name = this.name): Service {
    const { ports } = spec as { ports: { port: number }[] };
    this.connections.services.push({ name, selector: this.selector, ports });
    return new Service(name, { metadata: this.metadata(name), spec: { selector: this.selector, ...spec } }, this.child);
  }

  /** The template of its pods, without a token unless the spec says otherwise. */
  pod({ labels, annotations, ...spec }: PodArgs): Template {
    return {
      metadata: { labels: { ...this.labels, ...labels }, annotations },
      spec: { serviceAccountName: this.name, automountServiceAccountToken: false, ...spec },
    };
  }

  /** Pods that keep their names, with a volume each, which outlives them: {@link dataVolume}; default: none. */
  statefulSet(
    args: { serviceName?: string; replicas?: number; volume?: VolumeSettings; template: Template },
    opts?: Workload,
  ): StatefulSet {
    const { serviceName = this.name, replicas = 1, volume, template } = args;
    this.connections.run(this.name, template);
    return new StatefulSet(
      this.name,
      {
        metadata: this.metadata(),
        spec: {
          serviceName,
          replicas,
          // OrderedReady never replaces a pod that can't become ready, not even by its fix; and members of a ring need one another for it.
          podManagementPolicy: "Parallel",
          selector: { matchLabels: this.selector },
          ...(volume && {
            persistentVolumeClaimRetentionPolicy: retainVolumes,
            volumeClaimTemplates: [volumeClaim(this.environment, volume)],
          }),
          template,
        },
      },
      { ...this.child, ...opts },
    );
  }

  /** Pods without a volume. */
  deployment(spec: Omit<types.input.apps.v1.DeploymentSpec, "selector">, opts?: Workload): Deployment {
    this.connections.run(this.name, spec.template as Template);
    const selector = { matchLabels: this.selector };
    return new Deployment(
      this.name,
      { metadata: this.metadata(), spec: { selector, ...spec } },
      { ...this.child, ...opts },
    );
  }

  /** A pod on every node. */
  daemonSet(template: Template, opts?: Workload): DaemonSet {
    this.connections.run(this.name, template);
    const selector = { matchLabels: this.selector };
    return new DaemonSet(
      this.name,
      { metadata: this.metadata(), spec: { selector, template } },
      { ...this.child, ...opts },
    );
  }

  /**
   * Lets a drain take one pod at a time, and whichever isn't ready: where all crash in a loop, none would ever become ready, and no node of theirs could be
   * drained. One replica gets no budget, for the same reason.
   */
  disruptionBudget(replicas: number): PodDisruptionBudget | undefined {
    if (replicas < 2) return undefined;
    const selector = { matchLabels: this.selector };
    return new PodDisruptionBudget(
      this.name,
      { metadata: this.metadata(), spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector } },
      this.child,
    );
  }

  /** Scrapes its Services; the CRD of ServiceMonitors must exist before (`dependsOn` of the component). */
  monitor(...endpoints: Endpoint[]): void {
    const ports = endpoints.flatMap(({ port }) => port ?? []);
    this.connections.scraped.push({ selector: this.selector, ports });
    serviceMonitor(this.name, { ...this.metadata(), selector: this.selector, endpoints }, this.child);
  }
}
