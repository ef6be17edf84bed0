import type { PodSecret } from "../../config/sections/secrets";
import type { Look } from "../findings";
import { inWords } from "../objects";
import { secretWith, secretsWith } from "../secret-keys";

/** Secrets that an operator or a person makes already; those of the object store go with the object store. */
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
        "name the right one, or none of them: the program makes its own then",
      );
  }
};
