import { spawn, type ChildProcess } from "node:child_process";
import { status } from "../../lab/cluster/cluster";
import { kubeconfigPath } from "../../lab/cluster/paths";
import { hostTool } from "../../lab/cluster/tools";
import type { Unavailable } from "../../commands/verify/unavailable";
import { Kubectl } from "../../lab/sandbox/kubectl";
import { operatorDefinitions } from "../../lab/sandbox/releases";
import { until } from "../../lab/until";

/** The cluster that end-to-end tests run on: that of KUBECONFIG, or the throw-away one. */
export interface TestCluster {
  kubectl: Kubectl;
  /** Image references that can't be had here, with the reason. */
  unavailable: Unavailable;
}

let cluster: Promise<TestCluster> | undefined;

/** The cluster, with the custom resource definitions that the program's objects need. */
export function testCluster(): Promise<TestCluster> {
  // One failure is not everybody's: the next file tries again.
  return (cluster ??= connect().catch((error: Error) => {
    cluster = undefined;
    throw error;
  }));
}

async function connect(): Promise<TestCluster> {
  const kubectl = new Kubectl(await hostTool("kubectl"), kubeconfig());
  const { images } = await status();
  const crds = await operatorDefinitions();
  // Tests in another process may make them in the same moment, of whom the API server refuses one.
  await until("the custom resource definitions are applied", 180, async () => {
    await kubectl.apply(crds);
    return true;
  });
  await Promise.all(crds.map((crd) => kubectl.ready(crd, 180)));
  // What is established is told to clients a moment later.
  const kinds = crds.map(({ metadata }) => metadata.name).join(",");
  await until("the API server tells of their kinds", 180, () => kubectl.run(["get", kinds, "-n=default", "-o=name"]));
  return { kubectl, unavailable: new Map(images.unavailable.map(({ reference, reason }) => [reference, reason])) };
}

const kubeconfig = () => process.env.KUBECONFIG ?? kubeconfigPath();

/** Seconds for which the proxy may try to reach the API server. */
const connectionSeconds = 60;

/** The API server behind `kubectl proxy`: reaches every Service and pod with any method, on any cluster. */
export class ApiProxy {
  private constructor(
    private readonly process: ChildProcess,
    private readonly base: string,
  ) {}

  /** Starts the proxy on a free port of the loopback. */
  static async start(): Promise<ApiProxy> {
    const { child, said } = await lasting(["proxy", "--port=0"], /serve on (\S+)/);
    return new ApiProxy(child, `http://${said}`);
  }

  /** Base URL, on this machine, of a Service or a pod: `services/loki-gateway:80`, `pods/loki-0:3100`. */
  url(namespace: string, target: string): string {
    return `${this.base}/api/v1/namespaces/${namespace}/${target}/proxy`;
  }

  /** Sends a request to a Service or a pod. */
  async request(namespace: string, target: string, path: string, init?: RequestInit): Promise<Response> {
    const deadline = Date.now() + connectionSeconds * 1000;
    for (;;) {
      const answer = await fetch(`${this.url(namespace, target)}${path}`, {
        signal: AbortSignal.timeout(30_000),
        ...init,
      });
      // The proxy's own answer where the API server stands still: nothing was sent, so it can be sent again.
      const isLost = !answer.ok && (await answer.clone().text()).includes("TLS handshake timeout");
      if (!isLost || Date.now() > deadline) return answer;
    }
  }

  /** Ends the proxy. */
  stop(): void {
    this.process.kill();
  }
}

/** A Service's port on this machine, as a person has it by `kubectl port-forward`. */
export interface PortForward {
  /** `host:port` on this machine. */
  address: string;
  /** Ends it. */
  stop(): void;
}

/**
 * Starts `kubectl port-forward` on a free port of the loopback.
 * @param service its name
 * @param port its port
 */
export async function portForward(namespace: string, service: string, port: number): Promise<PortForward> {
  const args = ["port-forward", "-n", namespace, "--address=127.0.0.1", `service/${service}`, `:${port}`];
  const { child, said: address } = await lasting(args, /Forwarding from (\S+)/);
  return { address, stop: () => void child.kill() };
}

/** Starts a kubectl that goes on, and waits until it has said something. */
async function lasting(args: readonly string[], says: RegExp): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(await hostTool("kubectl"), ["--kubeconfig", kubeconfig(), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => reject(new Error(`kubectl ${args[0]} ended (exit ${code})`)));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const match = says.exec(text);
      if (match) resolve(match[1]);
    });
  });
  return { child, said };
}
