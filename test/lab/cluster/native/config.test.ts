import assert from "node:assert/strict";
import { coreDns, storageClasses } from "../../../../lab/cluster/native/addons";
import { containerdConfig, kubeletConfig, kubeProxyConfig } from "../../../../lab/cluster/native/config";
import { daemons, workerDaemons } from "../../../../lab/cluster/native/daemons";
import { network } from "../../../../lab/cluster/native/network";
import { certificates } from "../../../../lab/cluster/native/pki";

const net = network("10.99.0.0/16");
const machine = { name: "observability", dir: "/state", net, cgroup: "observability", taints: [] };

describe("The native cluster's configuration", () => {
  it("makes the first storage class, and no other, the default one", () => {
    const classes = storageClasses(["a", "b", "c"], "p") as { metadata: { name: string; annotations: object } }[];
    const defaults = classes.filter((one) => Object.values(one.metadata.annotations).includes("true"));
    assert.deepEqual(
      defaults.map((one) => one.metadata.name),
      ["a"],
    );
  });

  it("gives the DNS service the address that pods are told", () => {
    const service = coreDns(net, "1.2.3").find((object) => (object as { kind: string }).kind === "Service");
    assert.equal((service as { spec: { clusterIP: string } }).spec.clusterIP, "10.99.128.10");
  });

  it("answers NXDOMAIN in a server block of its own: beside `kubernetes`, CoreDNS asks `template` first", () => {
    const map = coreDns(net, "1.2.3").find((object) => (object as { kind: string }).kind === "ConfigMap");
    const [ours, others] = (map as { data: { Corefile: string } }).data.Corefile.split(/^\.:53/m);
    assert.match(ours, /kubernetes cluster\.local/);
    assert.doesNotMatch(ours, /template/);
    assert.match(others, /NXDOMAIN/);
  });

  it("leaves the machine's connection tracking as it is", () => {
    const { conntrack, mode } = kubeProxyConfig(net, "/keys") as { conntrack: Record<string, unknown>; mode: string };
    assert.ok(Object.values(conntrack).every((value) => value === 0 || value === "0s"));
    assert.equal(mode, "nftables");
  });

  it("lets the API server be reached by every name and address that clients use", () => {
    const names = certificates(net).find(({ name }) => name === "kube-apiserver")!.names!;
    for (const name of ["DNS:kubernetes", "DNS:kubernetes.default.svc", "IP:10.99.128.1", "IP:10.99.0.2"]) {
      assert.ok(names.includes(name), name);
    }
  });

  it("gives kubelet the user that the Node authorizer knows", () => {
    const { user, group } = certificates(net).find(({ name }) => name === "kubelet")!;
    assert.equal(user, "system:node:observability");
    assert.equal(group, "system:nodes");
  });

  it("has etcd ask its clients for a certificate, at the node's address too, as kubeadm does", () => {
    const argv = (daemon: string) => daemons(machine).find(({ name }) => name === daemon)!.argv;
    const listen = `--listen-client-urls=https://127.0.0.1:2379,https://${net.node}:2379`;
    for (const flag of [listen, "--client-cert-auth=true"]) assert.ok(argv("etcd").includes(flag), flag);
    assert.ok(argv("kube-apiserver").some((flag) => /^--etcd-certfile=.*apiserver-etcd-client\.crt$/.test(flag)));
    assert.ok(certificates(net).some(({ name, names }) => name === "etcd-server" && names?.includes(`IP:${net.node}`)));
  });

  it("has no control plane on a second node, and keeps pods off it that don't ask for it", () => {
    const taints = [{ key: "k", effect: "NoSchedule" as const }];
    const second = { ...machine, name: "second", dir: "/second", taints };
    const started = workerDaemons(second);
    assert.deepEqual(
      started.map(({ name }) => name),
      ["containerd", "kubelet", "kube-proxy"],
    );
    const { argv } = started[1];
    const own = ["--hostname-override=second", "--kubeconfig=/second/keys/kubelet.kubeconfig"];
    for (const flag of own) assert.ok(argv.includes(flag), flag);
    assert.deepEqual(
      (kubeletConfig(second, "/keys", "/r") as { registerWithTaints: unknown }).registerWithTaints,
      taints,
    );
  });

  it("starts what others need before them", () => {
    const order = daemons(machine).map(({ name }) => name);
    const before = (a: string, b: string) => assert.ok(order.indexOf(a) < order.indexOf(b), `${a} before ${b}`);
    before("etcd", "kube-apiserver");
    before("kube-apiserver", "kubelet");
    before("containerd", "kubelet");
  });

  it("names the snapshotter and the runtime for containerd", () => {
    const config = containerdConfig("/bin/runc", "/plugins", "native");
    assert.match(config, /snapshotter = 'native'/);
    assert.match(config, /BinaryName = '\/bin\/runc'/);
  });
});
