import type { types } from "@pulumi/kubernetes";
import type { Resources } from "../../config/values";
import { checksum } from "../kubernetes/checksum";
import { labels, type Identity } from "../kubernetes/labels";
import { restrictedContainer, restrictedPod } from "../kubernetes/security";
import { nodeNameVariable } from "./config";

/** Port of Alloy's HTTP server: metrics, probes, the page that shows the pipeline. */
export const httpPort = 12345;

/** The user `alloy` of the image: https://github.com/grafana/alloy/blob/v1.12.0/Dockerfile */
const alloyUser = 473;

const configFolder = "/etc/alloy";
const storageFolder = "/var/lib/alloy/data";

/** What an Alloy pod is made of. */
export interface AlloyPodArgs {
  identity: Identity;
  image: string;
  serviceAccount: string;
  /** Name of the ConfigMap that has `config.alloy`. */
  configMap: string;
  /** Its text: pods restart when it changes. */
  config: string;
  resources: Resources;
  /** What it needs of its node; none: it runs restricted. */
  host?: HostAccess;
  /** Claim template of its StatefulSet that it keeps its state in; none, and no host either: it forgets its state with its pod. */
  claim?: string;
  /** Seconds after its start before which it doesn't count as ready; default 0. */
  readyAfter?: number;
  /** Seconds in which it sends what it holds before it goes. */
  grace?: number;
  /** Where it may run. */
  placement: Partial<types.input.core.v1.PodSpec>;
}

/** What a collector needs of its node. */
export interface HostAccess {
  /** Folders that it reads. */
  reads: string[];
  /** Folder that it keeps its positions in: they outlive the pod, which an emptyDir does not. Made if it is not there. */
  state: string;
}

/**
 * The pod that runs a configuration.
 *
 * A changed configuration restarts it (annotation `checksum/config`) instead of being reloaded: a rolling restart stops at the first node
 * where Alloy refuses it, while the other nodes go on; a reload would need a second container on every node to ask for it, and a
 * `loki.write` that is retrying blocks it.
 *
 * @param args what it is made of
 */
export function alloyPod(args: AlloyPodArgs): types.input.core.v1.PodTemplateSpec {
  const {
    identity,
    image,
    serviceAccount,
    configMap,
    config,
    resources,
    host,
    claim,
    grace = 30,
    readyAfter,
    placement,
  } = args;
  const reads = (host?.reads ?? []).map((path, index) => ({ name: `host-${index}`, path }));
  return {
    metadata: { labels: labels(identity), annotations: { "checksum/config": checksum(config) } },
    spec: {
      ...placement,
      serviceAccountName: serviceAccount,
      automountServiceAccountToken: true,
      securityContext: host ? hostReader : restrictedPod(alloyUser),
      // It sends what it holds before it goes; while Loki is away it can't, and the node's files have the lines.
      terminationGracePeriodSeconds: grace,
      containers: [
        {
          name: "alloy",
          image,
          imagePullPolicy: "IfNotPresent",
          args: [
            "run",
            `${configFolder}/config.alloy`,
            `--storage.path=${storageFolder}`,
            `--server.http.listen-addr=0.0.0.0:${httpPort}`,
            "--stability.level=generally-available",
            "--disable-reporting",
            // Whoever reaches the port could read the configuration and the environment, or make it profile itself. The reference of 1.12 writes
            // the first without its prefix, which Alloy refuses (internal/alloycli/cmd_run.go).
            "--server.http.disable-support-bundle",
            "--server.http.enable-pprof=false",
          ],
          env: [{ name: nodeNameVariable, valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
          ports: [{ name: "http", containerPort: httpPort }],
          readinessProbe: {
            httpGet: { path: "/-/ready", port: "http" },
            periodSeconds: 10,
            ...(readyAfter !== undefined && { initialDelaySeconds: readyAfter }),
          },
          // Not /-/healthy, which is 500 while any component has trouble: a restart would stop those that have none (Alloy's HTTP reference).
          livenessProbe: { httpGet: { path: "/-/ready", port: "http" }, periodSeconds: 30, failureThreshold: 10 },
          resources,
          securityContext: restrictedContainer,
          volumeMounts: [
            { name: "config", mountPath: configFolder, readOnly: true },
            { name: claim ?? "state", mountPath: storageFolder },
            { name: "tmp", mountPath: "/tmp" },
            ...reads.map(({ name, path }) => ({ name, mountPath: path, readOnly: true })),
          ],
        },
      ],
      volumes: [
        { name: "config", configMap: { name: configMap } },
        ...(claim ? [] : [{ name: "state", ...stateOf(host) }]),
        { name: "tmp", emptyDir: {} },
        ...reads.map(({ name, path }) => ({ name, hostPath: { path, type: "Directory" } })),
      ],
    },
  };
}

const stateOf = (host?: HostAccess) =>
  host ? { hostPath: { path: host.state, type: "DirectoryOrCreate" } } : { emptyDir: {} };

// Root, and nothing more: containers' logs and the journal belong to root and are closed to others (0640), and so is the folder for
// positions that the kubelet makes. As their owner it needs no capability; DAC_READ_SEARCH, or any other, is not there.
const hostReader: types.input.core.v1.PodSecurityContext = {
  runAsUser: 0,
  runAsGroup: 0,
  seccompProfile: { type: "RuntimeDefault" },
};
