import type { Look } from "../findings";
import { isLeft, kpsReleases, releaseName } from "../objects";
import { isStacks } from "../../shared/belongings";

const enforced = "pod-security.kubernetes.io/enforce";

/** The stack's namespace, if it exists already. */
export const lookAtNamespace: Look = (inventory, settings, found) => {
  const { name } = settings.namespace;
  const there = inventory.namespaces.find(({ metadata }) => metadata?.name === name);
  const left = isLeft(inventory, "namespace") === true;
  if (there && (!isStacks(there) || left)) {
    found.take(there);
    found.fit("namespace.name", name, "the namespace in the stack's file, or the default");
    found.fit(
      "namespace.create",
      false,
      `the namespace ${name} exists, and was not created by this ${left ? "stack" : "program"}`,
    );
    const level = there.metadata?.labels?.[enforced];
    if (level === "baseline" || level === "restricted")
      found.ask(
        `the namespace ${name} enforces the Pod Security Standard ${level}: it would refuse node-exporter and the log collector, which read their node`,
        `label it ${enforced}=privileged, at the place from which it is deployed, or choose another namespace (namespace.name)`,
      );
  }
  const elsewhere = kpsReleases(inventory, settings).filter(({ namespace }) => namespace !== name);
  if (elsewhere.length > 0)
    found.ask(
      `the stack is installed in namespace ${name}; ${elsewhere.map(releaseName).join(", ")} is in another namespace and stays there`,
      "do nothing if you want this; otherwise set namespace.name. It can't be changed later: volumes can't be moved",
    );
};
