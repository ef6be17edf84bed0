import { RunError } from "@pulumi/pulumi/errors";
import { z } from "zod";
import { explain } from "./explain";
import { fileProblemsMessage, type Problem } from "./problem";
import { httpUrl, nonEmptyText } from "./values";
import file from "../images.json";

/** The one list of images, `images.json`, checked when the program starts. */

const matching = (regex: RegExp, what: string, allowed: string, example: string) =>
  z
    .string()
    .refine((v) => regex.test(v), `is not ${what}`)
    .meta({ allowed, example });

const listedImage = z.strictObject({
  name: nonEmptyText.describe("its name in the program and in the setting `images`"),
  reference: matching(
    /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+:(?!latest$)\w[\w.-]{0,127}$/,
    "an image reference with its registry and an exact tag",
    "registry/repository:tag, the tag given and not `latest`",
    "docker.io/grafana/loki:3.6.3",
  ),
  digest: matching(/^sha256:[a-f0-9]{64}$/, "a digest", "as read from a registry, or null", `sha256:${"0".repeat(64)}`)
    .nullable()
    .describe("of the image index; null until it was read from a registry"),
  platforms: z
    .array(matching(/^linux\/[a-z0-9]+$/, "a platform", "linux/ and an architecture", "linux/arm64"))
    .min(1)
    .meta({ allowed: "at least one platform", example: ["linux/amd64", "linux/arm64"] }),
  source: httpUrl.describe("page that documents the platforms"),
});

/** An image that is known: an entry of `images.json`. */
export type ListedImage = z.output<typeof listedImage>;

const list = z.strictObject({ images: z.array(listedImage) });

/**
 * Checks a list of images.
 * @param raw content of `images.json`
 * @returns its entries
 * @throws RunError with every problem, each with its place, what is allowed and an example
 */
export function checkedList(raw: unknown): ListedImage[] {
  const parsed = list.safeParse(raw);
  const problems = parsed.success
    ? twice(parsed.data.images)
    : explain(parsed.error.issues, { schema: list, raw, isSecret: () => false });
  if (!parsed.success || problems.length > 0) throw new RunError(fileProblemsMessage("images.json", problems));
  return parsed.data.images;
}

const twice = (images: readonly ListedImage[]): Problem[] =>
  images.flatMap(({ reference }, i) =>
    images.findIndex((other) => other.reference === reference) === i
      ? []
      : [{ key: `images[${i}].reference`, what: `"${reference}" appears twice`, allowed: "one entry for each" }],
  );

/** Every image that is known. Of several with one name, the first is the one that is used where a stack says nothing. */
export const imageList: readonly ListedImage[] = checkedList(file);

/** How an image is written into a pod: with its digest, where it has one. */
export const pinned = ({ reference, digest }: ListedImage): string => (digest ? `${reference}@${digest}` : reference);

/** The images that this program can name, in the order of `images.json`. */
export const imageNames = [
  "loki",
  "loki-canary",
  "nginx",
  "memcached",
  "minio",
  "minio-mc",
  "alloy",
  "prometheus",
  "prometheus-operator",
  "prometheus-config-reloader",
  "alertmanager",
  "node-exporter",
  "kube-state-metrics",
  "blackbox-exporter",
  "grafana",
  "k8s-sidecar",
  "mimir",
  "victoria-metrics",
  "vmagent",
  "vmalert",
  "vector",
] as const;

/** The name of an image in `images.json`, such as `loki`. */
export type ImageName = (typeof imageNames)[number];

/**
 * The references that may stand in the setting `images` for a name: those that `images.json` has under it, with and without digest.
 * @param name the image's name in `images.json`
 */
export function alternatives(name: ImageName): string[] {
  const listed = imageList.filter((each) => each.name === name);
  return [...new Set(listed.flatMap((each) => [each.reference, pinned(each)]))];
}
