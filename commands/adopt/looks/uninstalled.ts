import type { Settings } from "../../../settings/schema";
import { ownReleases } from "../../shared/api/releases";
import type { Findings } from "../findings";
import type { Inventory } from "../inventory";

/**
 * Asks what to do if a release with one of this program's names was uninstalled with `--keep-history`. Helm installs nothing under a name that
 * it has a record of (`availableName` in `pkg/action/install.go`), and there is nothing to take over.
 * @param part which release
 */
export function lookAtUninstalled(
  part: "kps" | "crds",
  { uninstalled }: Inventory,
  settings: Settings,
  found: Findings,
): void {
  const { namespace, name, clear } = ownReleases(settings)[part];
  if (!uninstalled.includes(`${namespace}/${name}`)) return;
  found.ask(
    `release ${namespace}/${name} was uninstalled with --keep-history, and Helm keeps its name: the update would fail with “cannot re-use a name that is still in use”`,
    `${clear}: this deletes the record, the only thing left`,
  );
}
