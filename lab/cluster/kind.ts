import { rmSync } from "node:fs";
import { Report, timed } from "./build";
import type { Engine } from "./engine";
import { atInterruption } from "../../commands/shared/interruption";
import { storageClasses } from "./native/addons";
import { clusterName, kubeconfigPath, stateDir } from "./paths";
import { run, succeeds } from "./run";
import { hostTool } from "./tools";

/**
 * The node's image, by digest: the one that the kind of `go/kind/go.mod` was released with.
 * https://github.com/kubernetes-sigs/kind/blob/v0.32.0/pkg/apis/config/defaults/image.go
 */
export const nodeImage = "kindest/node:v1.36.1@sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5";

/** The provisioner that kind's node brings, and the class that it makes the default one. */
const kindsProvisioner = "rancher.io/local-path";
const kindsClass = "standard";

const nodeContainer = `${clusterName}-control-plane`;

/** Whether a Docker engine answers this user. */
export function dockerAnswers(): Promise<boolean> {
  return succeeds("docker", ["version", "--format", "{{.Server.Version}}"], { timeout: 10_000 });
}

/** Kubernetes in a Docker container: https://kind.sigs.k8s.io */
export const kind: Engine = {
  name: "kind",

  isUp: () =>
    succeeds("docker", [
      "exec",
      nodeContainer,
      "kubectl",
      "--kubeconfig=/etc/kubernetes/admin.conf",
      "get",
      "--raw=/readyz",
    ]),

  async prepare() {
    if (!(await dockerAnswers())) {
      throw new Error(
        "The engine kind needs a Docker engine, and `docker version` gets no answer: start it, or give this user access to it.",
      );
    }
  },

  async up(options, report) {
    const running = await run("docker", ["inspect", "--format={{.State.Running}}", nodeContainer]).catch(
      () => undefined,
    );
    // A run that is stopped leaves no process. The next one uses what is complete; half a node would be of no use.
    let whole = running !== undefined;
    if (running?.trim() !== "true")
      atInterruption(async () => {
        const end = whole ? ["stop", nodeContainer] : ["rm", "--force", "--volumes", nodeContainer];
        await succeeds("docker", end, { clearsUp: true });
      });
    if (whole) {
      await run("docker", ["start", nodeContainer]); // changes nothing when it runs; after a reboot it doesn't
      await kindCommand(report, "export", "kubeconfig", "--kubeconfig", kubeconfigPath());
    } else {
      await timed("creating the kind cluster", report, () =>
        kindCommand(
          report,
          "create",
          "cluster",
          "--image",
          nodeImage,
          "--wait",
          "3m",
          "--kubeconfig",
          kubeconfigPath(),
        ),
      );
      whole = true;
    }
    const kubectl = await hostTool("kubectl", report);
    const ours = [`--kubeconfig=${kubeconfigPath()}`];
    const notDefault = "storageclass.kubernetes.io/is-default-class=false";
    await run(kubectl, ["annotate", "storageclass", kindsClass, notDefault, "--overwrite", ...ours]);
    const items = storageClasses(options.storageClasses, kindsProvisioner);
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
    await run(kubectl, ["apply", "--server-side", "--filename=-", ...ours], { input: list });
  },

  async pull(reference) {
    if (!(await succeeds("docker", ["pull", reference]))) return false;
    await kindCommand(() => {}, "load", "docker-image", reference);
    return true;
  },

  async load(archive) {
    await kindCommand(() => {}, "load", "image-archive", archive);
  },

  async down(report) {
    await kindCommand(report, "delete", "cluster", "--kubeconfig", kubeconfigPath());
    rmSync(stateDir(), { recursive: true, force: true });
  },
};

/** Runs kind, which is built like every other program. */
async function kindCommand(report: Report, ...args: string[]): Promise<string> {
  return run(await hostTool("kind", report), [...args, "--name", clusterName]);
}
