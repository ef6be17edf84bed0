import { dirname, join } from "node:path";
import { binaryPath } from "../build";
import { stateDir } from "../paths";
import { ProgramName } from "../programs";
import { containerdSocket, Machine } from "./config";
import { ownProgram } from "../../../engine/project";

/** A program that runs in the node all the time. */
export interface Daemon {
  name: string;
  /** Command line. */
  argv: string[];
  /** Command line inside the node that ends with 0 once the daemon can serve; without one it counts as ready when it runs. */
  ready?: string[];
}

/** Seconds that a daemon may take until it is ready. */
export const readySeconds = 300;

function flags(values: Record<string, string | number | boolean>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

/** A binary's path. */
export function binary(program: ProgramName, name: string): string {
  return binaryPath({ program, binary: name });
}

/** Folder of keys and kubeconfigs: those of the cluster and its first node, or of the node of another folder. */
export function keysDir(dir: string = stateDir()): string {
  return join(dir, "keys");
}

/** Folder of the configuration files of a node's daemons. */
export function configDir(dir: string): string {
  return join(dir, "config");
}

/** The daemons that every node has. */
const ofEveryNode = ["containerd", "kubelet", "kube-proxy"];

/** The daemons of a node without the control plane, as {@link daemons}. */
export function workerDaemons(machine: Machine): Daemon[] {
  return daemons(machine).filter(({ name }) => ofEveryNode.includes(name));
}

/** The first node's daemons in the order in which they start: each needs those before it. */
export function daemons(machine: Machine): Daemon[] {
  const { net } = machine;
  const key = (file: string) => join(keysDir(machine.dir), file);
  const config = (file: string) => join(configDir(machine.dir), file);
  const admin = join(keysDir(), "admin.kubeconfig");
  const kubectl = [binary("kubernetes", "kubectl"), `--kubeconfig=${admin}`, "--request-timeout=5s"];
  const ctr = [binary("containerd", "ctr"), `--address=${containerdSocket}`, "--connect-timeout=1s"];
  const component = (name: string, values: Record<string, string | number | boolean>): Daemon => ({
    name,
    argv: [binary("kubernetes", name), ...flags(values)],
  });
  return [
    {
      name: "containerd",
      argv: [binary("containerd", "containerd"), "--config", config("containerd.toml")],
      ready: [...ctr, "version"],
    },
    {
      name: "etcd",
      argv: [
        binary("etcd", "etcd"),
        ...flags({
          "data-dir": join(stateDir(), "etcd"),
          // as kubeadm has it: whoever comes here needs a certificate
          "listen-client-urls": `https://127.0.0.1:2379,https://${net.node}:2379`,
          "advertise-client-urls": `https://${net.node}:2379`,
          "cert-file": key("etcd-server.crt"),
          "key-file": key("etcd-server.key"),
          "client-cert-auth": true,
          "trusted-ca-file": key("ca.crt"),
          "listen-peer-urls": "http://127.0.0.1:2380",
          // at kubeadm's port, and where pods reach it
          "listen-metrics-urls": `http://127.0.0.1:2381,http://${net.node}:2381`,
          "unsafe-no-fsync": true, // throw-away data: a slow disk must not slow the tests
        }),
      ],
    },
    {
      ...component("kube-apiserver", {
        "advertise-address": net.node,
        "allow-privileged": true,
        "authorization-mode": "Node,RBAC",
        "client-ca-file": key("ca.crt"),
        "enable-admission-plugins": "NodeRestriction",
        "etcd-servers": "https://127.0.0.1:2379",
        "etcd-cafile": key("ca.crt"),
        "etcd-certfile": key("apiserver-etcd-client.crt"),
        "etcd-keyfile": key("apiserver-etcd-client.key"),
        "kubelet-certificate-authority": key("ca.crt"),
        "kubelet-client-certificate": key("apiserver-kubelet-client.crt"),
        "kubelet-client-key": key("apiserver-kubelet-client.key"),
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": key("service-accounts.pub"),
        "service-account-signing-key-file": key("service-accounts.key"),
        "service-cluster-ip-range": net.services,
        "tls-cert-file": key("kube-apiserver.crt"),
        "tls-private-key-file": key("kube-apiserver.key"),
      }),
      ready: [...kubectl, "get", "--raw=/readyz"],
    },
    component("kube-controller-manager", {
      kubeconfig: key("kube-controller-manager.kubeconfig"),
      "authentication-kubeconfig": key("kube-controller-manager.kubeconfig"),
      "authorization-kubeconfig": key("kube-controller-manager.kubeconfig"),
      "cluster-signing-cert-file": key("ca.crt"),
      "cluster-signing-key-file": key("ca.key"),
      "leader-elect": false,
      "root-ca-file": key("ca.crt"),
      "service-account-private-key-file": key("service-accounts.key"),
      "use-service-account-credentials": true,
    }),
    component("kube-scheduler", {
      kubeconfig: key("kube-scheduler.kubeconfig"),
      "authentication-kubeconfig": key("kube-scheduler.kubeconfig"),
      "authorization-kubeconfig": key("kube-scheduler.kubeconfig"),
      "leader-elect": false,
    }),
    {
      ...component("kubelet", {
        config: config("kubelet.yaml"),
        "hostname-override": machine.name,
        kubeconfig: key("kubelet.kubeconfig"),
        "node-ip": net.node,
      }),
      ready: [...kubectl, "wait", "--for=condition=Ready", `node/${machine.name}`, "--timeout=2s"],
    },
    component("kube-proxy", { config: config("kube-proxy.yaml"), "hostname-override": machine.name }),
    {
      name: "volumes",
      argv: [
        process.execPath,
        "--require",
        require.resolve("tsx/cjs"),
        join(ownProgram, "lab", "cluster", "native", "volumes.ts"),
        admin,
        join(stateDir(), "volumes"),
      ],
    },
  ];
}

/** Folders that the daemons' programs are found in by name: containerd looks for its shim, and CNI for its plugins, that way. */
export function pluginDir(): string {
  return dirname(binary("cni", "ptp"));
}
