import { appVersionOf } from "../charts/app-versions";
import { parseReference } from "../reference";
import { podsOf } from "../pods/find";
import type { Resource } from "../resource";
import { at, Unknown } from "../unknown";
import type { Config } from "./config";
import type { Program } from "./program";

type Named = Pick<Program, "key">;

/**
 * The minor version of a program, such as `2.9`, that a resource names for a configuration in it: the image's tag in the chart's values, the
 * chart's own version, or the labels that charts give to what they render.
 *
 * @returns undefined where nothing names one, or only one that isn't a release (`latest`, `main-1a2b3c4`)
 */
export function namedVersion(
  { props }: Pick<Resource, "props">,
  { chart }: Pick<Config, "chart">,
  program: Named,
): string | undefined {
  if (chart) {
    const { values, name, version, around } = chart;
    const tag = at(values, `${program.key}.image.tag`) ?? at(values, "image.tag");
    // A chart around it says which version of it is installed.
    const named = around ?? { name, version };
    return minorOf(tag) ?? (named.name === undefined ? undefined : appVersionOf(named.name, named.version));
  }
  const labels = at(props, "metadata.labels");
  if (typeof labels !== "object" || labels === null) return undefined;
  const label = labels as Record<string, unknown>;
  const [, name, version] = /^(.*?)-(\d+\.\d+.*)$/.exec(textOf(label["helm.sh/chart"] ?? label.chart)) ?? [];
  return minorOf(label["app.kubernetes.io/version"]) ?? (name ? appVersionOf(name, version) : undefined);
}

/** The minor version of a program that a workload's image has; undefined where it has none, or two. */
export function imageVersion(workload: Resource, program: Named): string | undefined {
  const images = podsOf(workload).flatMap((pods) => (pods instanceof Unknown ? [] : pods.images));
  const versions = images.flatMap(({ image }) =>
    isImageOf(image, program) ? [minorOf(parseReference(image).tag)] : [],
  );
  return new Set(versions).size === 1 ? versions[0] : undefined;
}

/** Whether an image is one of the program: `grafana/loki`, or a copy in another registry. */
export function isImageOf(image: unknown, { key }: Named): image is string {
  if (typeof image !== "string") return false;
  const { repository } = parseReference(image);
  return ["", "grafana-"].some((prefix) => repository.endsWith(`/${prefix}${key}`));
}

/** The minor version that a tag names, such as `3.6` of `v3.6.3-distroless`; undefined for one that isn't a release. */
export function minorOf(tag: unknown): string | undefined {
  return /^v?(\d+\.\d+)(?:\.\d+)?(?:[^\d.].*)?$/.exec(textOf(tag))?.[1];
}

function textOf(value: unknown): string {
  // A tag without quotes, such as 2.9, is a number in YAML.
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
