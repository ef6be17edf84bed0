import type { PodSecret } from "../../../settings/sections/secrets";
import type { Look } from "../findings";
import { inWords } from "../objects";
import { secretWith, secretsWith } from "../secret-keys";

/** Secrets that exist already; those of the object store are handled with the object store. */
export const lookAtSecrets: Look = (inventory, { namespace: { name } }, found) => {
  for (const use of ["grafanaAdmin", "alertmanager", "objectStoreAdmin"] satisfies PodSecret[]) {
    const one = secretWith(inventory, use, name);
    const all = secretsWith(inventory, use, name);
    if (one) {
      found.take(
        ...inventory.secrets.filter(({ metadata }) => metadata?.namespace === name && metadata.name === one.name),
      );
      found.fit(`secrets.existing.${use}`, one, `the Secret ${name}/${one.name}, by the names of its keys`);
    } else if (all.length > 1)
      found.ask(
        `several Secrets could be secrets.existing.${use}: ${inWords(all.map((each) => each.name))}`,
        "set the right one; without this setting the program creates its own",
      );
  }
};
