import type { types } from "@pulumi/kubernetes";
import type { Resources } from "../../settings/values";
import { hostReader } from "../alloy/pod";
import type { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { container, probe } from "../kubernetes/container";
import { dataFolder, metricsPort } from "./config";
import { nodeNameVariable } from "./vrl";

/** Key of the ConfigMap. */
export const configFile = "vector.yaml";

const configFolder = "/etc/vector";

/** What Vector's pod is made of. */
export interface VectorPodArgs {
  image: string;
  /** Text of the configuration: pods restart when it changes. */
  config: string;
  resources: Resources;
  /** Folders of the node that it reads. */
  reads: string[];
  /** Folder of the node for its positions and its buffer. */
  state: string;
  /** Where it may run. */
  placement: Partial<types.input.core.v1.PodSpec>;
}

/**
 * The pod that runs Vector on a node.
 * @param app whose ConfigMap has the configuration
 * @param args what it is made of
 */
export function vectorPod(app: Application, args: VectorPodArgs): types.input.core.v1.PodTemplateSpec {
  const { image, config, resources, reads, state, placement } = args;
  const folders = reads.map((path, index) => ({ name: `host-${index}`, path }));
  return app.pod({
    annotations: { "checksum/config": checksum(config) },
    ...placement,
    automountServiceAccountToken: true,
    securityContext: hostReader,
    // It gives itself 60 seconds to send what it holds. The rest is on the disk, and is sent after the start.
    terminationGracePeriodSeconds: 75,
    containers: [
      container({
        name: "vector",
        image,
        args: ["--config", `${configFolder}/${configFile}`],
        env: [{ name: nodeNameVariable, valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
        ports: [{ name: "metrics", containerPort: metricsPort }],
        readinessProbe: probe("/metrics", "metrics"),
        livenessProbe: { ...probe("/metrics", "metrics"), periodSeconds: 30, failureThreshold: 10 },
        resources,
        volumeMounts: [
          { name: "config", mountPath: configFolder, readOnly: true },
          { name: "state", mountPath: dataFolder },
          { name: "tmp", mountPath: "/tmp" },
          ...folders.map(({ name, path }) => ({ name, mountPath: path, readOnly: true })),
        ],
      }),
    ],
    volumes: [
      { name: "config", configMap: { name: app.name } },
      { name: "state", hostPath: { path: state, type: "DirectoryOrCreate" } },
      { name: "tmp", emptyDir: {} },
      ...folders.map(({ name, path }) => ({ name, hostPath: { path, type: "Directory" } })),
    ],
  });
}
