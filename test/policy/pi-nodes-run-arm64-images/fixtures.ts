import assert from "node:assert/strict";
import list from "../../../images.json";
import { piNodesRunArm64Images as policy } from "../../../policy/pi-nodes-run-arm64-images";
import { findings, object, type TestResource } from "../support";

/** A listed image as messages name it: with its digest, once a registry was asked. */
export function listed(repository: string): string {
  const found = list.images.find(({ reference }) => reference.startsWith(`${repository}:`));
  assert.ok(found, `images.json has no ${repository}`);
  const digest = found.digest as string | null;
  return found.reference + (digest ? `@${digest}` : "");
}

export const loki = "docker.io/grafana/loki:3.6.3";
export const amd64Only = { reference: "ghcr.io/example/amd64-only:1.0.0", platforms: ["linux/amd64"] };
const images = [amd64Only];
/** What marks a Pi node where a test says nothing else. */
const piNodes = [{ labels: { "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux" } }];
const remedy = "Or keep the pods off the Pi nodes with the node selector kubernetes.io/arch: amd64.";
export const wanted = "wanted an image that images.json lists with linux/arm64";

export const lacks = (where: string) =>
  `${where} is "ghcr.io/example/amd64-only:1.0.0", which has linux/amd64; ${wanted}. On a Pi node its containers would end with "exec format error". Use an image with linux/arm64. ${remedy}`;
export const unlisted = (where: string, image: string, listed = "") =>
  `${where} is "${image}"; ${wanted}. No node selector, affinity or taint keeps its pods off the Pi nodes, and images.json doesn't list it, so it may not run there. List it with its platforms in images.json or in this policy's parameter images. ${remedy}${listed} The command observability-policy-images looks them up in its registry. Parameters are set in the file of --policy-pack-config.`;
export const unnamed = (where: string, choice = "an image of images.json") =>
  `${where} is not named; ${wanted}. The chart, the operator or its version chooses the image, and it may be one without linux/arm64. Name ${choice} there, with registry, repository and tag.`;

export const container = (image?: string) => ({ name: "app", image });
export const deployment = (spec: object): TestResource =>
  object("apps/v1", "Deployment", { metadata: { namespace: "monitoring", name: "app" }, spec: { template: { spec } } });
export const first = "Deployment monitoring/app: spec.template.spec.containers[0].image";

/** What the policy says of a resource, with an image known that has amd64 only. */
export const check = (resource: TestResource, config: object = {}) =>
  findings(policy, resource, { images, piNodes, ...config });
