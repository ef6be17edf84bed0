import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { upstreamRelease } from "../../../settings/release-values";
import type { Settings } from "../../../settings/schema";
import { failed, ok, unsure, type Found } from "./result";

/** A Helm release that a stack installs or takes over. */
export interface OwnRelease {
  namespace: string;
  name: string;
  /** The command that frees its name, and deletes nothing that anybody needs. */
  clear: string;
}

/** The release of the operator's CRDs: `components/kube-prometheus-stack/crds.ts`. */
export const crdsRelease = "prometheus-operator-crds";

/**
 * The Helm releases of a stack, by what they install.
 * @param settings the names: what is taken over keeps its own
 */
export function ownReleases({ adopt, namespace: own, kps }: Settings): Record<"kps" | "crds" | "upstream", OwnRelease> {
  const named = (taken: string | undefined, name: string) => {
    const [namespace, release] = taken?.split("/") ?? [own.name, name];
    return { namespace, name: release };
  };
  const ofKps = named(adopt.kps?.release, kps.releaseName);
  const ofCrds = named(adopt.crdsRelease, crdsRelease);
  const ofUpstream = named(undefined, upstreamRelease);
  return {
    kps: { ...ofKps, clear: `helm uninstall --namespace ${ofKps.namespace} ${ofKps.name}` },
    upstream: { ...ofUpstream, clear: `helm uninstall --namespace ${ofUpstream.namespace} ${ofUpstream.name}` },
    // Never `helm uninstall`: it would delete the CRDs, and with them every ServiceMonitor of everybody.
    crds: {
      ...ofCrds,
      clear: `kubectl --namespace ${ofCrds.namespace} delete secret --selector owner=helm,name=${ofCrds.name}`,
    },
  };
}

/** What is wanted of a Helm release. */
export interface WantedRelease extends OwnRelease {
  /** It is taken over, not installed. */
  imported: boolean;
  /** Whether the stack's state has it; undefined where that is not known. */
  managed: boolean | undefined;
  /** The setting by which it is taken over. */
  take: string;
}

/**
 * Whether a release stands in the way of an update. Helm installs nothing under a name that it has any record of (`availableName` in
 * `pkg/action/install.go`), and says so in the middle of the update only: “cannot re-use a name that is still in use”.
 * @param revisions the Secrets in which Helm keeps it; their labels say all that is needed
 * @param wanted what is wanted of it
 * @returns undefined where Helm knows no such release
 */
export function lookAtRelease(revisions: readonly client.V1Secret[], wanted: WantedRelease): Found | undefined {
  const { namespace, name, imported, managed, take, clear } = wanted;
  const byAge = revisions
    .map(({ metadata }) => metadata?.labels ?? {})
    .sort((a, b) => Number(a.version ?? 0) - Number(b.version ?? 0));
  const states = byAge.map(({ status }) => status ?? "unknown");
  const latest = states.at(-1);
  if (latest === undefined) return undefined;
  const release = `release ${namespace}/${name}`;
  const rollback = `helm rollback --namespace ${namespace} ${name}`;
  const worked = states.some((state) => state === "deployed" || state === "superseded");
  if (latest.startsWith("pending")) return failed(`${release} is ${latest}`, worked ? rollback : clear);
  // Its removal was cut off: a rollback would keep it, and nothing can be installed under its name.
  if (latest === "uninstalling") return failed(`${release} is ${latest}`, clear);
  if (latest === "uninstalled") return failed(`${release} is ${latest}, and Helm keeps its name`, clear);
  if (latest === "failed" && managed) return ok(`${release} is failed; the update retries it`);
  const rescue = imported ? rollback : `${rollback}, and then ${take}`;
  if (latest === "failed") return failed(`${release} is failed`, worked ? rescue : clear);
  if (imported) return ok(`${release} exists and is adopted`);
  if (managed) return ok(`${release} exists, and belongs to this stack`);
  return managed === false
    ? failed(`${release} exists, but is not in this stack's state: nothing can be installed under its name`, take)
    : unsure(`${release} exists`, `do nothing if this stack created it; otherwise ${take}`);
}
