import type { types } from "@pulumi/kubernetes";
import { quantityValue } from "../../settings/units";
import type { Resources } from "../../settings/values";
import { restrictedContainer } from "./security";

/**
 * A container as all of the stack's are: restricted, and its image fetched once a node, as every tag is exact.
 * @param spec what is special about it
 */
export function container(spec: types.input.core.v1.Container): types.input.core.v1.Container {
  return { imagePullPolicy: "IfNotPresent", securityContext: restrictedContainer, ...spec };
}

/**
 * A probe by HTTP, every ten seconds.
 * @param path what is asked for
 * @param port name of the container's port
 */
export function probe(path: string, port: string) {
  return { httpGet: { path, port }, periodSeconds: 10, timeoutSeconds: 5 };
}

/**
 * A container's command that runs another one every 15 seconds, until the pod ends.
 * @param command what is run; its failure is in the container's log, and it is run again
 */
export const repeatedly = (command: readonly string[]): string[] => [
  ...["sh", "-c", 'trap exit TERM; while :; do "$@"; sleep 15 & wait; done', command[0]],
  ...command,
];

/**
 * A Service's port that leads to the container's port of the same name.
 * @param name of both
 * @param port number of the Service's
 */
export function namedPort(name: string, port: number): types.input.core.v1.ServicePort {
  return { name, port, targetPort: name };
}

/**
 * Makes a program in Go collect garbage more eagerly near its limit, instead of being killed at it.
 * @param resources its container's
 */
export function goMemoryLimit({ limits }: Resources) {
  return { name: "GOMEMLIMIT", value: `${Math.floor(quantityValue(limits.memory) * 0.9)}` };
}
