import { spawn } from "node:child_process";
import { endsItsProcesses, endWithUs, throwIfInterrupted } from "../../commands/shared/interruption";
import type { KubernetesObject } from "../../commands/shared/objects";
import { until } from "../until";

/** Seconds for which a connection to the API server is tried. */
const connectionSeconds = 60;

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
    const { code, out, err } = await this.ask(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} failed (exit ${code}): ${err.trim()}`);
    return out;
  }

  /** kubectl's answer, once it has reached the API server: on a busy machine the connection may take longer than kubectl waits (10 s). */
  private async ask(args: readonly string[], input?: string) {
    const deadline = Date.now() + connectionSeconds * 1000;
    for (;;) {
      const answer = await this.spawn(args, input);
      // Nothing was sent, so it can be sent again.
      if (!answer.err.includes("TLS handshake timeout") || Date.now() > deadline) return answer;
    }
  }

  private spawn(args: readonly string[], input = ""): Promise<{ code: number | null; out: string; err: string }> {
    return new Promise((resolve, reject) => {
      throwIfInterrupted();
      const child = spawn(this.binary, ["--kubeconfig", this.kubeconfig, ...args], {
        stdio: ["pipe", "pipe", "pipe"],
        detached: endsItsProcesses(),
      });
      endWithUs(child);
      let out = "";
      let err = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, out, err }));
      // If kubectl ends early, it closes the pipe; its exit code says why.
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
   * @returns a unified diff, empty if nothing would change
   */
  async diff(objects: readonly KubernetesObject[]): Promise<string> {
    const { code, out, err } = await this.ask(["diff", ...serverSide, "-f", "-"], list(objects));
    // kubectl diff: 0 no difference, 1 differences, more: an error.
    if (code !== 0 && code !== 1) throw new Error(`kubectl diff failed (exit ${code}): ${err.trim()}`);
    return out;
  }

  /**
   * Waits until a workload's present generation is ready, a Job is complete, a CRD is served, an operator's Prometheus runs.
   * @param object the workload
   * @param seconds deadline
   * @throws Error if it isn't by then
   */
  async ready(object: KubernetesObject, seconds: number): Promise<void> {
    const [condition, ...rest] = readiness[object.kind] ?? [];
    if (!condition) return;
    const target = `${object.kind}/${object.metadata.name}`;
    const where = object.metadata.namespace ? ["-n", object.metadata.namespace] : [];
    const outcome = await until(`${target} ready`, seconds, () =>
      this.run([condition, ...rest, target, ...where, `--timeout=${seconds}s`]).catch((error: Error) =>
        mayStillBeReady(error) ? undefined : error,
      ),
    );
    if (outcome instanceof Error) throw outcome;
  }

  /** A GET through the API server, such as a Service's proxy path. */
  get(path: string): Promise<string> {
    return this.run(["get", "--raw", path]);
  }
}

/**
 * A new CustomResourceDefinition has `conditions: null` until the API server has processed it, which `kubectl wait` takes for a wrong type. And a Deployment
 * whose first run was stopped has exceeded its progress deadline, although it has only just continued: our own deadline counts. A connection that is
 * lost while kubectl waits says nothing of what it waits for.
 */
const mayStillBeReady = ({ message }: Error) =>
  /\.status\.conditions accessor error|exceeded its progress deadline|connection (lost|refused|reset)|unexpected EOF/.test(
    message,
  );

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
  Prometheus: ["wait", "--for=condition=available"], // the operator sets it for the StatefulSet that it created
};
