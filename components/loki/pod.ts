import type { types } from "@pulumi/kubernetes";
import type { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { container, goMemoryLimit, probe } from "../kubernetes/container";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { dataVolume } from "../kubernetes/storage";
import type { StoragePod } from "../object-storage/types";
import { addressVariable, dataDirectory, rulesDirectory, tenant } from "./config";
import { garbage, ports, type Workload } from "./topology";

/** The user of the image: https://github.com/grafana/loki/blob/v3.6.3/cmd/loki/Dockerfile */
const uid = 10001;

const config = { name: "config", mountPath: "/etc/loki/config", readOnly: true };
const data = { name: dataVolume, mountPath: dataDirectory };
const rules = { name: "rules", mountPath: `${rulesDirectory}/${tenant}`, readOnly: true };
const scratch = { name: "tmp", mountPath: "/tmp" };

/** Name of the port that serves the API, metrics and probes. */
export const httpPort = "http-metrics";

/** Key of the ConfigMap. */
export const configFile = "config.yaml";

/** Its other key while the mode changes: the configuration of the mode that Loki had until now. */
export const formerFile = "former.yaml";

/** ConfigMap of the stack's own rules of lines. */
export const rulesConfigMap = "loki-rules";

/** ConfigMap of more such rules, which the stack doesn't make: one file a key. */
const ownRulesConfigMap = "loki-rules-own";

/** Label of the pods that gossip; the gateway's pods are Loki's too, and don't. */
export const ringMember = { gossip_ring_member: "true" };

/** What a pod of Loki is made of. */
export interface LokiPodArgs {
  workload: Workload;
  image: string;
  serviceAccount: string;
  /** Name of the ConfigMap. */
  configMap: string;
  /** Its key. */
  file: string;
  /** The file's text: pods restart when it changes. */
  config: string;
  /** Whether the ruler's rules are in ConfigMaps; no pod restarts for them. */
  rules: boolean;
  /** Keys of the object store, and what the configuration's variables stand for. */
  storage: StoragePod;
}

/**
 * A pod of Loki, whatever it runs.
 * @param app one of its workloads
 * @param args what it is made of
 */
export function lokiPod(app: Application, args: LokiPodArgs): types.input.core.v1.PodTemplateSpec {
  const { workload, image, storage } = args;
  const { replicas, resources, persistent } = workload;
  return app.pod({
    labels: ringMember,
    annotations: {
      "checksum/config": checksum(args.config),
      ...storage.annotations,
    },
    ...placement(app.environment, [image], replicas > 1 ? app.selector : undefined),
    serviceAccountName: args.serviceAccount,
    enableServiceLinks: false,
    securityContext: restrictedPod(uid),
    // A writer flushes what it holds before it goes; the rest is in the write-ahead log, on its volume. No longer than this: one whose
    // key was rotated, or whose bucket is away, can't flush at all, and each writer's end is waited for before the next one's.
    terminationGracePeriodSeconds: persistent ? 120 : 60,
    containers: [
      container({
        name: "loki",
        image,
        args: [
          `-config.file=${config.mountPath}/${args.file}`,
          "-config.expand-env=true", // for the pod's address and for what a claim says, see config.ts
          ...workload.args,
        ],
        env: [
          { name: addressVariable, valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
          ...storage.env,
          goMemoryLimit(resources),
          garbage,
        ],
        ports: [
          { name: httpPort, containerPort: ports.http },
          { name: "grpc", containerPort: ports.grpc },
          { name: "http-memberlist", containerPort: ports.memberlist },
        ],
        // An ingester isn't ready before 15 s, to let the ring settle, nor while it replays its log.
        readinessProbe: { ...probe("/ready", httpPort), failureThreshold: 3 },
        // Only whether the server answers: Loki isn't ready for minutes when its log is long, and a restart would start over.
        livenessProbe: {
          ...probe("/loki/api/v1/status/buildinfo", httpPort),
          initialDelaySeconds: 30,
          failureThreshold: 6,
        },
        resources,
        volumeMounts: [config, data, scratch, ...storage.volumeMounts, ...(args.rules ? [rules] : [])],
      }),
    ],
    volumes: [
      { name: config.name, configMap: { name: args.configMap } },
      { name: scratch.name, emptyDir: {} },
      ...storage.volumes,
      ...(args.rules ? [{ name: rules.name, projected: { sources: ruleSources } }] : []),
      ...(persistent ? [] : [{ name: data.name, emptyDir: {} }]),
    ],
  });
}

const ruleSources = [
  { configMap: { name: rulesConfigMap } },
  { configMap: { name: ownRulesConfigMap, optional: true } },
];
