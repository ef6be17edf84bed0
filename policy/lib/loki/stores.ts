import { quote, text } from "../config/read";
import { at, Unknown, type Block } from "../unknown";

/** The object stores that a configuration's schema uses. */
export interface Stores {
  /** Their names, such as `s3` or that of a named store; those that can be read. */
  names: string[];
  /** Why some couldn't be read. */
  unreadable: (string | Unknown)[];
}

/**
 * The `object_store` of every period of `schema_config`.
 *
 * @param config a Loki configuration
 */
export function storesOf(config: Block): Stores {
  const periods = at(config, "schema_config.configs");
  if (periods instanceof Unknown) return { names: [], unreadable: [periods] };
  const stores = (Array.isArray(periods) ? periods : []).map((period) => text(period, "object_store"));
  return {
    names: [...new Set(stores.flatMap((store) => ("value" in store ? [store.value] : [])))],
    unreadable: stores.flatMap((store) => ("unreadable" in store ? [store.unreadable] : [])),
  };
}

/** Whether a store is one of these; Loki takes `aws` and `s3` for the same. */
export function uses(stores: Stores, name: string): boolean {
  const same = (store: string) => (store === "aws" ? "s3" : store);
  return stores.names.some((store) => same(store) === same(name));
}

/** Names the stores in a message. */
export function listStores(stores: Stores): string {
  const period = "the object_store of a period of schema_config";
  if (stores.names.length > 0) return `${stores.names.map(quote).join(" or ")}, ${period}`;
  const reason = stores.unreadable.find((each) => typeof each === "string");
  return `${period} (${reason ? `it is ${reason}` : "no period with an object_store was found"})`;
}
