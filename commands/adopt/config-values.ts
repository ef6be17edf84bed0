import { isMap } from "../../engine/json";
import type { Values } from "./release";

/** The value at a path such as `common.storage.s3`; undefined if there is none. */
export const at = (values: Values, path: string): unknown =>
  path.split(".").reduce<unknown>((value, key) => (isMap<unknown>(value) ? value[key] : undefined), values);

/** The text or number at a path, as text; undefined if there is none or it is empty. */
export function textAt(values: Values, path: string): string | undefined {
  const value = at(values, path);
  return (typeof value === "string" || typeof value === "number") && value !== "" ? String(value) : undefined;
}
