import type { Look } from "../findings";
import { inWords, releaseOf } from "../objects";

/** Name of this program's release of them: `components/kube-prometheus-stack/crds.ts`. */
const own = "prometheus-operator-crds";

/** The Prometheus operator's CRDs, and whose they are. */
export const lookAtCrds: Look = ({ crds }, { namespace }, found) => {
  const there = crds.filter(({ spec }) => spec.group === "monitoring.coreos.com");
  const foreign = there.filter((crd) => releaseOf(crd) !== `${namespace.name}/${own}`);
  if (foreign.length === 0) return;
  found.take(...foreign);
  const owners = foreign.flatMap((crd) => releaseOf(crd) ?? []);
  const unowned = foreign.length - owners.length;
  const said = [
    ...(unowned > 0 ? [`${unowned} of monitoring.coreos.com without Helm ownership`] : []),
    ...(owners.length > 0 ? [`${owners.length} of the Helm release ${inWords(owners)}`] : []),
  ];
  found.fit("adopt.crds", true, said.join(", "));
  if (owners.length > 0)
    found.ask(
      `the operator's CRDs belong to the Helm release ${inWords(owners)}: uninstalled later, it would delete them, and every ServiceMonitor with them`,
      "after the update make Helm forget that release, without uninstalling it: docs/adoption.md#crds",
    );
};
