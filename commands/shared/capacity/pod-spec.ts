/** The parts of Kubernetes' workloads from which needs and placement are read. Any field of them may be missing. */

/** An amount of CPU, in cores, and of memory, in bytes. */
export interface Amounts {
  cpu: number;
  memory: number;
}

/** A requirement on a label of a node, as Kubernetes writes it. */
export interface NodeExpression {
  key: string;
  operator: string;
  values?: string[];
}

/** Kubernetes quantities of {@link Amounts}. */
export type Quantities = Partial<Record<keyof Amounts, string | number>>;

/** The part of a container that is read here. */
export interface Container {
  name?: string;
  restartPolicy?: string;
  resources?: { requests?: Quantities; limits?: Quantities };
}

/** The part of a pod that is read here. */
export interface PodSpec {
  containers?: Container[];
  initContainers?: Container[];
  overhead?: Quantities;
  nodeSelector?: Record<string, string>;
  affinity?: {
    nodeAffinity?: {
      requiredDuringSchedulingIgnoredDuringExecution?: {
        nodeSelectorTerms?: { matchExpressions?: NodeExpression[]; matchFields?: NodeExpression[] }[];
      };
    };
  };
}

/** The part of a Deployment, StatefulSet, DaemonSet or Job that is read here. */
export interface WorkloadSpec {
  replicas?: number;
  parallelism?: number;
  template?: { spec?: PodSpec };
}
