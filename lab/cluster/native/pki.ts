import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { clusterName } from "../paths";
import { run } from "../run";
import { Network } from "./network";

const validDays = "3650";

/** The authority's files: its certificate and its key. */
export const authority = ["ca.crt", "ca.key"];

/** A certificate that the cluster's authority signs. */
export interface Certificate {
  /** Base name of its files, `<name>.crt` and `<name>.key`. */
  name: string;
  /** User (CN) and, for a client, group (O), as Kubernetes reads them. */
  user: string;
  group?: string;
  /** Alternative names; only servers have any. */
  names?: string[];
  /** A server that is its own client too. */
  both?: boolean;
}

/** The certificates of a node. */
export function nodeCertificates(name: string, net: Network): Certificate[] {
  return [
    {
      ...{ name: "kubelet-server", user: name },
      names: [`DNS:${name}`, "DNS:localhost", "IP:127.0.0.1", `IP:${net.node}`],
    },
    { name: "kube-proxy", user: "system:kube-proxy" },
    { name: "kubelet", user: `system:node:${name}`, group: "system:nodes" },
  ];
}

/**
 * The certificates of a cluster and its first node. Users and groups are those that the API server's default roles are bound to:
 * https://kubernetes.io/docs/setup/best-practices/certificates/
 */
export function certificates(net: Network): Certificate[] {
  const service = "kubernetes.default.svc.cluster.local".split(".");
  const serviceNames = [1, 2, 3, 5].map((parts) => `DNS:${service.slice(0, parts).join(".")}`);
  const local = ["DNS:localhost", "IP:127.0.0.1", `IP:${net.node}`];
  return [
    { name: "kube-apiserver", user: "kube-apiserver", names: [...serviceNames, ...local, `IP:${net.api}`] },
    // etcd's gateway asks etcd itself with this certificate, as kubeadm's too is for both.
    { name: "etcd-server", user: clusterName, names: local, both: true },
    { name: "apiserver-etcd-client", user: "kube-apiserver-etcd-client" },
    { name: "admin", user: "kubernetes-admin", group: "system:masters" },
    { name: "apiserver-kubelet-client", user: "kube-apiserver-kubelet-client", group: "system:masters" },
    { name: "kube-controller-manager", user: "system:kube-controller-manager" },
    { name: "kube-scheduler", user: "system:kube-scheduler" },
    ...nodeCertificates(clusterName, net),
  ];
}

/** Makes what is missing in a folder: the authority, every certificate, and the key pair that signs service accounts' tokens. */
export async function makeKeys(dir: string, net: Network): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const [caCrt, caKey] = authority.map((file) => join(dir, file));
  if (!existsSync(caCrt)) {
    const usage = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,digitalSignature"];
    await request(dir, `/CN=${clusterName}`, caCrt, caKey, usage);
  }
  await makeCertificates(dir, certificates(net));
  const [saKey, saPub] = [join(dir, "service-accounts.key"), join(dir, "service-accounts.pub")];
  if (!existsSync(saPub)) {
    await run("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", saKey]);
    await run("openssl", ["pkey", "-in", saKey, "-pubout", "-out", saPub]);
  }
}

/** Makes those certificates that a folder lacks, which has the authority's files. */
export async function makeCertificates(dir: string, wanted: readonly Certificate[]): Promise<void> {
  const [caCrt, caKey] = authority.map((file) => join(dir, file));
  const signer = ["-CA", caCrt, "-CAkey", caKey];
  for (const { name, user, group, names, both } of wanted) {
    const [crt, key] = [join(dir, `${name}.crt`), join(dir, `${name}.key`)];
    if (existsSync(crt)) continue;
    const usage = names
      ? [`extendedKeyUsage=serverAuth${both ? ",clientAuth" : ""}`, `subjectAltName=${names.join(",")}`]
      : ["extendedKeyUsage=clientAuth"];
    const subject = `${group ? `/O=${group}` : ""}/CN=${user}`;
    await request(dir, subject, crt, key, ["basicConstraints=critical,CA:FALSE", ...usage], signer);
  }
}

/** Has a certificate made and signed: by `signer`, or by itself. */
async function request(
  dir: string,
  subject: string,
  crt: string,
  key: string,
  extensions: readonly string[],
  signer: readonly string[] = [],
): Promise<void> {
  const config = join(dir, "openssl.cnf");
  writeFileSync(config, "[req]\ndistinguished_name = dn\n[dn]\n"); // the machine's own would add extensions
  await run("openssl", [
    ...["req", "-x509", "-config", config, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-days", validDays, "-subj", subject, "-keyout", key, "-out", crt, ...signer],
    ...extensions.flatMap((extension) => ["-addext", extension]),
  ]);
}

/**
 * A kubeconfig with everything inside it, for one of the client certificates.
 * @param net addresses as the first node has them, where the API server is
 */
export function kubeconfig(dir: string, net: Network, name: string): string {
  const data = (file: string) => readFileSync(join(dir, file)).toString("base64");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: clusterName,
        cluster: { server: `https://${net.node}:6443`, "certificate-authority-data": data("ca.crt") },
      },
    ],
    users: [{ name, user: { "client-certificate-data": data(`${name}.crt`), "client-key-data": data(`${name}.key`) } }],
    contexts: [{ name: clusterName, context: { cluster: clusterName, user: name } }],
    "current-context": clusterName,
  });
}
