import { crdsRelease } from "../../shared/api/releases";
import type { Findings, Look } from "../findings";
import type { Inventory } from "../inventory";
import { inWords, isLeft, releaseName, releaseOf } from "../objects";
import type { Release } from "../release";
import { lookAtUninstalled } from "./uninstalled";

/** The Prometheus operator's CRDs, and who owns them. */
export const lookAtCrds: Look = (inventory, settings, found) => {
  if (!settings.crds.create) return;
  const there = inventory.crds.filter(({ spec }) => spec.group === "monitoring.coreos.com");
  // The chart has the same name.
  const releases = inventory.releases.filter(({ chart }) => chart === crdsRelease);
  const own = `${settings.namespace.name}/${crdsRelease}`;
  const ours = releases.find((release) => releaseName(release) === own);
  if (ours) return lookAtOurs(ours, inventory, found);

  const foreign = there.filter((crd) => releaseOf(crd) !== own);
  if (foreign.length === 0) return lookAtUninstalled("crds", inventory, settings, found);
  found.take(...foreign);
  const owners = foreign.flatMap((crd) => releaseOf(crd) ?? []);
  const [theirs] = releases.filter((release) => owners.every((owner) => owner === releaseName(release)));
  if (theirs && owners.length === foreign.length) return take(theirs, "it has the CRDs", found);
  lookAtUninstalled("crds", inventory, settings, found);
  const unowned = foreign.length - owners.length;
  const said = [
    ...(unowned > 0 ? [`${unowned} of monitoring.coreos.com that no Helm release owns`] : []),
    ...(owners.length > 0 ? [`${owners.length} from the Helm release ${inWords(owners)}`] : []),
  ];
  found.fit("adopt.crds", true, said.join(", "));
  if (owners.length > 0)
    found.ask(
      `the operator's CRDs belong to the Helm release ${inWords(owners)}: uninstalling it later would delete them, and every ServiceMonitor with them`,
      "after the update, make Helm forget that release without uninstalling it: docs/adoption.md#crds",
    );
};

/** A release with the name that this program uses: this stack's, or left behind by an earlier stack. */
function lookAtOurs(release: Release, inventory: Inventory, found: Findings): void {
  const left = isLeft(inventory, "crds");
  if (left === false) return;
  if (left) return take(release, "left by an earlier stack or created by hand; it is not in this stack's state", found);
  const name = releaseName(release);
  found.ask(
    `release ${name} exists: created by this stack, or left by an earlier one (Pulumi doesn't say)`,
    `do nothing if this stack created it; otherwise set adopt.crdsRelease: ${name}, or the update fails with “cannot re-use a name that is still in use”`,
  );
}

function take(release: Release, why: string, found: Findings): void {
  const { namespace, name, status, chartVersion, revision } = release;
  found.fit("adopt.crdsRelease", releaseName(release), `chart ${chartVersion}, revision ${revision}: ${why}`);
  if (status !== "deployed")
    found.ask(
      `release ${releaseName(release)} is ${status}: it can't be taken over in this state`,
      `helm -n ${namespace} rollback ${name}, or make Helm forget it: kubectl -n ${namespace} delete secret -l owner=helm,name=${name}; never uninstall it: that deletes the CRDs`,
    );
}
