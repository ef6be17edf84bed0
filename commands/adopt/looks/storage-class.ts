import type { Look } from "../findings";
import { called, inWords } from "../objects";

const isDefault = "storageclass.kubernetes.io/is-default-class";

/** The storage class of the stack's volumes. */
export const lookAtStorageClasses: Look = ({ storageClasses, unseen }, _settings, found) => {
  if (unseen.some(({ what }) => what === "storageclasses")) return;
  const names = storageClasses.map(called);
  const defaults = storageClasses.filter(({ metadata }) => metadata?.annotations?.[isDefault] === "true").map(called);
  const [chosen, ...others] = defaults.length > 0 ? defaults : names;
  if (chosen && others.length === 0) {
    const why = defaults.length > 0 ? "the cluster's default" : "the only one; the cluster has no default";
    return found.fit("cluster.storageClass", chosen, `${why}; a volume's class can't be changed later`);
  }
  const what = defaults.length > 0 ? `several default storage classes: ${inWords(defaults)}` : undefined;
  found.ask(
    what ??
      (chosen ? `no default storage class; the cluster has ${inWords(names)}` : "the cluster has no storage class"),
    chosen ? "set cluster.storageClass to one of them" : "install one, such as local-path-provisioner",
  );
};
