import type { Look } from "../findings";
import { isOwn, kpsReleases, releaseName } from "../objects";

const enforced = "pod-security.kubernetes.io/enforce";

/** The stack's namespace, where it is there already. */
export const lookAtNamespace: Look = (inventory, { namespace: { name } }, found) => {
  const there = inventory.namespaces.find(({ metadata }) => metadata?.name === name);
  if (there && !isOwn(there)) {
    found.take(there);
    found.fit("namespace.name", name, "the namespace that the stack's file names, or the default");
    found.fit("namespace.create", false, `the namespace ${name} is there, and not this program's`);
    const level = there.metadata?.labels?.[enforced];
    if (level === "baseline" || level === "restricted")
      found.ask(
        `the namespace ${name} enforces the Pod Security Standard ${level}: node-exporter and the log collector, which read their node, would be refused`,
        `label it ${enforced}=privileged where its owner keeps it, or name another namespace (namespace.name)`,
      );
  }
  const elsewhere = kpsReleases(inventory).filter(({ namespace }) => namespace !== name);
  if (elsewhere.length > 0)
    found.ask(
      `the stack goes into the namespace ${name}; ${elsewhere.map(releaseName).join(", ")} is in another one, and stays there`,
      "nothing if that is meant; else namespace.name. It can't be changed later: volumes don't move",
    );
};
