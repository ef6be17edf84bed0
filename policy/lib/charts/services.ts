import type { Resource } from "../resource";
import { isBlock, type Block } from "../unknown";
import type { Chart } from "./release";
import { own } from "../own";

/** How a chart names the Services of its that metrics are asked for, or written to. */
interface Naming {
  /** What stands between the release's name and that of the part, unless the release's name has it in it. */
  infix: string;
  /** The letters after which the chart cuts what comes before the part. */
  longest: number;
  /** The parts. */
  parts: RegExp;
  /** Names that are always the same. */
  fixed?: readonly string[];
}

// From the templates of kube-prometheus-stack 88, mimir-distributed 6 (5: nginx), victoria-metrics-single 0.14 and -cluster 0.17.
const namings: Readonly<Record<string, Naming | undefined>> = {
  "kube-prometheus-stack": {
    infix: "kube-prometheus-stack",
    longest: 26,
    parts: /^(prometheus(-\d+)?|thanos-(discovery|external))$/,
    fixed: ["prometheus-operated"],
  },
  "mimir-distributed": {
    infix: "mimir",
    longest: 63,
    parts: /^(gateway|nginx|(query-frontend|querier|distributor)(-headless)?)$/,
  },
  "victoria-metrics-single": { infix: "victoria-metrics-single", longest: 63, parts: /^server$/ },
  "victoria-metrics-cluster": { infix: "victoria-metrics-cluster", longest: 63, parts: /^vm(select|insert|auth)$/ },
};

/**
 * Whether a chart makes a Service of this name for metrics. Of a chart whose names aren't known, by how they begin: with the release's name.
 *
 * @param service the Service's name
 * @param release the resource that installs the chart
 */
export function makesService(service: string, { objectName }: Resource, { name, values }: Chart): boolean {
  if (overridesIn(values).includes(service)) return true;
  const override = typeof values.fullnameOverride === "string" ? values.fullnameOverride : "";
  const release = override || objectName;
  // Pulumi makes up a name for a Release that has none.
  if (release === undefined) return true;
  const naming = own(namings, name ?? "");
  if (!naming) return service === release || service.startsWith(`${cut(release, 26)}-`);
  const { longest, parts, fixed = [] } = naming;
  const infix = typeof values.nameOverride === "string" && values.nameOverride ? values.nameOverride : naming.infix;
  const full = cut(override || release.includes(infix) ? release : `${release}-${infix}`, longest);
  return fixed.includes(service) || (service.startsWith(`${full}-`) && parts.test(service.slice(full.length + 1)));
}

function cut(name: string, longest: number): string {
  return name.slice(0, longest).replace(/-$/, "");
}

// A part may be given a name of its own: gateway.service.nameOverride, server.fullnameOverride.
function overridesIn(values: Block): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (isBlock(value)) return overridesIn(value);
    return /^(full)?nameOverride$/.test(key) && typeof value === "string" && value ? [value] : [];
  });
}
