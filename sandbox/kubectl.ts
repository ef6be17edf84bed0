import { spawn } from "node:child_process";
import type { KubernetesObject } from "../offline/objects";
import { until } from "./until";

/** `kubectl` against one cluster. */
export class Kubectl {
  /**
   * @param binary path of kubectl
   * @param kubeconfig path of the cluster's kubeconfig
   */
  constructor(
    private readonly binary: string,
    private readonly kubeconfig: string,
  ) {}

  /**
   * Runs kubectl.
   * @param args its arguments
   * @param input its standard input
   * @returns its standard output
   * @throws Error with what it said on standard error
   */
  async run(args: readonly string[], input?: string): Promise<string> {
    const { code, out, err } = await this.spawn(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} failed (exit ${code}): ${err.trim()}`);
    return out;
  }

  private spawn(args: readonly string[], input = ""): Promise<{ code: number | null; out: string; err: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.binary, ["--kubeconfig", this.kubeconfig, ...args], { stdio: ["pipe", "pipe", "pipe"] });
      let out = "";
      let err = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, out, err }));
      // kubectl that ends early closes the pipe; its exit code says why.
      child.stdin.on("error", () => undefined);
      child.stdin.end(input);
    });
  }

  /** What the API server answers, as JSON. */
  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run([...args, "-o", "json"])) as T;
  }

  /**
   * Server-side apply with strict field validation: an unknown or duplicate field is refused, not dropped.
   * @param objects what is applied
   * @param options `dryRun`: the server checks, and nothing is stored
   */
  apply(objects: readonly KubernetesObject[], options: { dryRun?: boolean } = {}): Promise<string> {
    const dryRun = options.dryRun ? ["--dry-run=server"] : [];
    return this.run(["apply", ...serverSide, "--validate=strict", ...dryRun, "-f", "-"], list(objects));
  }

  /**
   * What applying would change; nothing is stored.
   * @param objects what would be applied
   * @returns a unified diff, empty where nothing would change
   */
  async diff(objects: readonly KubernetesObject[]): Promise<string> {
    const { code, out, err } = await this.spawn(["diff", ...serverSide, "-f", "-"], list(objects));
    // kubectl diff: 0 no difference, 1 differences, more: an error.
    if (code !== 0 && code !== 1) throw new Error(`kubectl diff failed (exit ${code}): ${err.trim()}`);
    return out;
  }

  /**
   * Waits until a workload's present generation is ready, a Job is complete, a CRD is served.
   * @param object the workload
   * @param seconds deadline
   * @throws Error when it isn't by then
   */
  async ready(object: KubernetesObject, seconds: number): Promise<void> {
    const [condition, ...rest] = readiness[object.kind] ?? [];
    if (!condition) return;
    const target = `${object.kind}/${object.metadata.name}`;
    const where = object.metadata.namespace ? ["-n", object.metadata.namespace] : [];
    const outcome = await until(`${target} ready`, seconds, () =>
      this.run([condition, ...rest, target, ...where, `--timeout=${seconds}s`]).catch((error: Error) =>
        hasNoConditionsYet(error) ? undefined : error,
      ),
    );
    if (outcome instanceof Error) throw outcome;
  }

  /** A GET through the API server, such as a Service's proxy path. */
  get(path: string): Promise<string> {
    return this.run(["get", "--raw", path]);
  }
}

// A new CustomResourceDefinition has `conditions: null` until the API server has looked at it, which `kubectl wait` takes for a wrong type.
const hasNoConditionsYet = (error: Error) => error.message.includes(".status.conditions accessor error");

const serverSide = ["--server-side", "--force-conflicts", "--field-manager=observability"];

// JSON is YAML, and read faster.
const list = (items: readonly KubernetesObject[]) => JSON.stringify({ apiVersion: "v1", kind: "List", items });

const rollout = ["rollout", "status"];

const readiness: Readonly<Record<string, readonly string[]>> = {
  Deployment: rollout,
  StatefulSet: rollout,
  DaemonSet: rollout,
  Job: ["wait", "--for=condition=complete"],
  CustomResourceDefinition: ["wait", "--for=condition=established"],
};

/** Whether an object runs pods. */
export function isWorkload(object: KubernetesObject): boolean {
  return ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"].includes(object.kind);
}

/**
 * The images of a workload's pods.
 * @param object a workload
 */
export function imagesOf(object: KubernetesObject): string[] {
  const spec = object.spec as PodTemplate | undefined;
  const pod = spec?.jobTemplate?.spec.template.spec ?? spec?.template?.spec ?? (spec as PodSpec | undefined);
  return [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])].map((c) => c.image);
}

interface PodSpec {
  containers?: { image: string }[];
  initContainers?: { image: string }[];
}

interface PodTemplate {
  template?: { spec: PodSpec };
  jobTemplate?: { spec: { template: { spec: PodSpec } } };
}
