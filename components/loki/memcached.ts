import { Application } from "../kubernetes/application";
import type * as pulumi from "@pulumi/pulumi";
import { cacheMemory } from "../../settings/loki-caches";
import { quantityValue } from "../../settings/units";
import { container, namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { largestItem, memcachedPort, type Memcached } from "./caches";

/** The user of the image: https://github.com/docker-library/memcached/blob/master/Dockerfile-alpine.template */
const uid = 11211;

/** What one of Loki's memcacheds is made of. */
export interface MemcachedArgs extends Memcached {
  environment: Environment;
  image: string;
  /** Loki's. */
  serviceAccount: string;
}

/**
 * memcached's arguments, besides its port.
 * @param size memory for what is cached
 */
export const memcachedArgs = (size: string): string[] => [
  `--memory-limit=${Math.floor(quantityValue(size) / 2 ** 20)}`,
  `--max-item-size=${largestItem}m`,
];

/**
 * Registers one of Loki's memcacheds. Nothing of it outlives a pod: Loki fills it again.
 * @param parent Loki
 * @param args which, and where
 */
export function memcached(parent: pulumi.Resource, args: MemcachedArgs): void {
  const { environment, workload, settings, image, serviceAccount } = args;
  const { size, replicas, cpu } = settings;
  const component = workload.replace("loki-", "");
  const identity = { name: "loki", component, version: imageVersion(image) };
  const app = new Application(parent, { environment, name: workload, identity });
  const { name: port, number } = memcachedPort;
  const alive = { tcpSocket: { port }, periodSeconds: 10, timeoutSeconds: 5 };
  const memory = cacheMemory(size);

  app.service({ clusterIP: "None", ports: [namedPort(port, number)] });
  app.statefulSet({
    replicas,
    template: app.pod({
      ...placement(environment, [image], replicas > 1 ? app.selector : undefined),
      serviceAccountName: serviceAccount,
      enableServiceLinks: false,
      securityContext: restrictedPod(uid),
      terminationGracePeriodSeconds: 30,
      containers: [
        container({
          name: "memcached",
          image,
          args: [`--port=${number}`, ...memcachedArgs(size)],
          ports: [{ name: port, containerPort: number }],
          readinessProbe: alive,
          livenessProbe: { ...alive, failureThreshold: 6 },
          resources: { requests: { cpu, memory: `${memory}` }, limits: { memory: `${memory}` } },
        }),
      ],
    }),
  });
  app.disruptionBudget(replicas);
}
