import type { types } from "@pulumi/kubernetes";
import type { Resources } from "../../settings/values";
import type { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { container } from "../kubernetes/container";
import { restrictedPod } from "../kubernetes/security";
import { nodeNameVariable } from "./config";
import type { Mounted } from "./scrape-configs";

/** Port of Alloy's HTTP server: metrics, probes, the page that shows the pipeline. */
export const httpPort = 12345;

/** The user `alloy` of the image: https://github.com/grafana/alloy/blob/v1.18.0/Dockerfile */
const uid = 473;

/** Key of the ConfigMap. */
export const configFile = "config.alloy";

const configFolder = "/etc/alloy";
const storageFolder = "/var/lib/alloy/data";

/** What an Alloy pod is made of. */
export interface AlloyPodArgs {
  image: string;
  /** Text of the configuration: pods restart when it changes. */
  config: string;
  resources: Resources;
  /** What it needs of its node; none: it runs restricted. */
  host?: HostAccess;
  /** Secrets and ConfigMaps of its namespace that it reads as files; one that isn't there yet doesn't keep it from starting. */
  mounts?: readonly Mounted[];
  /** Claim template of its StatefulSet that it keeps its state in; none, and no host either: it forgets its state with its pod. */
  claim?: string;
  /** Seconds after its start before which it doesn't count as ready; default 0. */
  readyAfter?: number;
  /** Seconds in which it sends what it holds before it goes. */
  grace?: number;
  /** Ports of its node that it listens on, TCP and UDP, by their name; default: none. */
  hostPorts?: Record<string, number>;
  /** The least stable features that its configuration may use; default: generally available ones only. */
  stability?: "generally-available" | "experimental";
  /** Where it may run. */
  placement: Partial<types.input.core.v1.PodSpec>;
}

/** What a collector needs of its node. */
export interface HostAccess {
  /** Folders that it reads. */
  reads: string[];
  /** Groups of the node whose files it reads, beside root's own files. */
  groups?: number[];
  /** Folder that it keeps its positions in: they outlive the pod, which an emptyDir does not. Made if it is not there. */
  state: string;
}

/**
 * It reports nothing to anybody. Whoever reaches the port could read the configuration and the environment, or make it profile itself: the reference
 * of 1.18 writes the second without its prefix, which Alloy refuses (internal/alloycli/cmd_run.go).
 */
export const closedFlags = [
  "--disable-reporting",
  "--server.http.disable-support-bundle",
  "--server.http.enable-pprof=false",
] as const;

/**
 * The pod that runs a configuration.
 *
 * A changed configuration restarts it (annotation `checksum/config`) instead of being reloaded: a rolling restart stops at the first node
 * where Alloy refuses it, while the other nodes go on; a reload would need a second container on every node to ask for it, and a
 * `loki.write` that is retrying blocks it.
 *
 * @param app whose ConfigMap has the configuration
 * @param args what it is made of
 */
export function alloyPod(app: Application, args: AlloyPodArgs): types.input.core.v1.PodTemplateSpec {
  const { image, config, resources, host, mounts = [], claim, grace = 30, readyAfter, placement } = args;
  const { hostPorts = {}, stability = "generally-available" } = args;
  const reads = (host?.reads ?? []).map((path, index) => ({ name: `host-${index}`, path }));
  const files = mounts.map((mount, index) => ({
    ...mount,
    of: mount.name,
    name: `${mount.kind.toLowerCase()}-${index}`,
  }));
  return app.pod({
    annotations: { "checksum/config": checksum(config) },
    ...placement,
    automountServiceAccountToken: true,
    securityContext: host ? { ...hostReader, supplementalGroups: host.groups } : restrictedPod(uid),
    // It sends what it holds before it goes; while Loki is away it can't, and the node's files have the lines.
    terminationGracePeriodSeconds: grace,
    containers: [
      container({
        name: "alloy",
        image,
        args: [
          "run",
          `${configFolder}/${configFile}`,
          `--storage.path=${storageFolder}`,
          `--server.http.listen-addr=0.0.0.0:${httpPort}`,
          `--stability.level=${stability}`,
          ...closedFlags,
        ],
        env: [{ name: nodeNameVariable, valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
        ports: [
          { name: "http", containerPort: httpPort },
          ...Object.entries(hostPorts).flatMap(([name, port]) =>
            ["TCP", "UDP"].map((protocol) => ({
              name: `${name}-${protocol.toLowerCase()}`,
              containerPort: port,
              hostPort: port,
              protocol,
            })),
          ),
        ],
        readinessProbe: {
          httpGet: { path: "/-/ready", port: "http" },
          periodSeconds: 10,
          initialDelaySeconds: readyAfter,
        },
        // Not /-/healthy, which is 500 while any component has trouble: a restart would stop those that have none (Alloy's HTTP reference).
        livenessProbe: { httpGet: { path: "/-/ready", port: "http" }, periodSeconds: 30, failureThreshold: 10 },
        resources,
        volumeMounts: [
          { name: "config", mountPath: configFolder, readOnly: true },
          { name: claim ?? "state", mountPath: storageFolder },
          { name: "tmp", mountPath: "/tmp" },
          ...[...reads, ...files].map(({ name, path }) => ({ name, mountPath: path, readOnly: true })),
        ],
      }),
    ],
    volumes: [
      { name: "config", configMap: { name: app.name } },
      ...(claim ? [] : [{ name: "state", ...stateOf(host) }]),
      { name: "tmp", emptyDir: {} },
      ...reads.map(({ name, path }) => ({ name, hostPath: { path, type: "Directory" } })),
      ...files.map(({ name, kind, of }) => ({
        name,
        ...(kind === "secret"
          ? { secret: { secretName: of, optional: true } }
          : { configMap: { name: of, optional: true } }),
      })),
    ],
  });
}

const stateOf = (host?: HostAccess) =>
  host ? { hostPath: { path: host.state, type: "DirectoryOrCreate" } } : { emptyDir: {} };

/**
 * Root, and nothing more: containers' logs and the journal belong to root and are closed to others (0640), and so is the folder for
 * positions that the kubelet makes. As their owner it needs no capability; DAC_READ_SEARCH, or any other, is not there.
 */
export const hostReader: types.input.core.v1.PodSecurityContext = {
  runAsUser: 0,
  runAsGroup: 0,
  seccompProfile: { type: "RuntimeDefault" },
};
