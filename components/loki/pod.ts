import type { types } from "@pulumi/kubernetes";
import { quantityValue } from "../../config/units";
import { checksum } from "../kubernetes/checksum";
import type { Environment } from "../kubernetes/environment";
import { labels, type Identity } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedContainer, restrictedPod } from "../kubernetes/security";
import { secretEnv } from "../secrets/env";
import type { SecretRef } from "../secrets/types";
import { addressVariable, dataDirectory, rulesDirectory, tenant } from "./config";
import { ports, type Workload } from "./topology";

/** The user of the image: https://github.com/grafana/loki/blob/v3.6.3/cmd/loki/Dockerfile */
const uid = 10001;

const config = { name: "config", mountPath: "/etc/loki/config", readOnly: true };
const data = { name: "data", mountPath: dataDirectory };
const rules = { name: "rules", mountPath: `${rulesDirectory}/${tenant}`, readOnly: true };
const scratch = { name: "tmp", mountPath: "/tmp" };

/** Name of the volume claims, and of the volume in a pod that has none. */
export const dataVolume = data.name;

/** Key of the ConfigMap. */
export const configFile = "config.yaml";

/** ConfigMap of the stack's own rules of lines. */
export const rulesConfigMap = "loki-rules";

/** ConfigMap of more such rules, which the stack doesn't make: one file a key. */
const ownRulesConfigMap = "loki-rules-own";

/** Label of the pods that gossip; the gateway's pods are Loki's too, and don't. */
export const ringMember = { gossip_ring_member: "true" };

/** What a pod of Loki is made of. */
export interface LokiPodArgs {
  environment: Environment;
  workload: Workload;
  identity: Identity;
  image: string;
  serviceAccount: string;
  /** Name of the ConfigMap. */
  configMap: string;
  /** Its text: pods restart when it changes. */
  config: string;
  /** Whether the ruler's rules are in ConfigMaps; no pod restarts for them. */
  rules: boolean;
  /** Keys of the object store. */
  credentials: SecretRef;
}

/**
 * A pod of Loki, whatever it runs.
 * @param args what it is made of
 */
export function lokiPod(args: LokiPodArgs): types.input.core.v1.PodTemplateSpec {
  const { environment, workload, identity, image, credentials } = args;
  return {
    metadata: {
      labels: { ...labels(identity), ...ringMember },
      annotations: {
        "checksum/config": checksum(args.config),
        "checksum/loki-object-store": credentials.version,
      },
    },
    spec: {
      ...placement(environment, [image], workload.replicas > 1 ? identity : undefined),
      serviceAccountName: args.serviceAccount,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: restrictedPod(uid),
      // A writer flushes what it holds before it goes; the rest is in the write-ahead log, on its volume. No longer than this: one whose
      // key was rotated, or whose bucket is away, can't flush at all, and each writer's end is waited for before the next one's.
      terminationGracePeriodSeconds: workload.persistent ? 120 : 60,
      containers: [
        {
          name: "loki",
          image,
          imagePullPolicy: "IfNotPresent",
          args: [
            `-config.file=${config.mountPath}/${configFile}`,
            "-config.expand-env=true", // of the pod's address, see config.ts
            `-target=${workload.target}`,
          ],
          env: [
            { name: addressVariable, valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
            secretEnv(credentials, "AWS_ACCESS_KEY_ID"),
            secretEnv(credentials, "AWS_SECRET_ACCESS_KEY"),
            // Collects garbage more eagerly near the limit, instead of being killed at it.
            { name: "GOMEMLIMIT", value: `${Math.floor(quantityValue(workload.resources.limits.memory) * 0.9)}` },
          ],
          ports: [
            { name: "http-metrics", containerPort: ports.http },
            { name: "grpc", containerPort: ports.grpc },
            { name: "http-memberlist", containerPort: ports.memberlist },
          ],
          // An ingester isn't ready before 15 s, to let the ring settle, nor while it replays its log.
          readinessProbe: { ...probe("/ready"), failureThreshold: 3 },
          // Only whether the server answers: Loki isn't ready for minutes when its log is long, and a restart would start over.
          livenessProbe: { ...probe("/loki/api/v1/status/buildinfo"), initialDelaySeconds: 30, failureThreshold: 6 },
          resources: workload.resources,
          securityContext: restrictedContainer,
          volumeMounts: [config, data, scratch, ...(args.rules ? [rules] : [])],
        },
      ],
      volumes: [
        { name: config.name, configMap: { name: args.configMap } },
        { name: scratch.name, emptyDir: {} },
        ...(args.rules ? [{ name: rules.name, projected: { sources: ruleSources } }] : []),
        ...(workload.persistent ? [] : [{ name: data.name, emptyDir: {} }]),
      ],
    },
  };
}

const ruleSources = [
  { configMap: { name: rulesConfigMap } },
  { configMap: { name: ownRulesConfigMap, optional: true } },
];

const probe = (path: string) => ({
  httpGet: { path, port: "http-metrics" },
  periodSeconds: 10,
  timeoutSeconds: 5,
});
