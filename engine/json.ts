/** Whether the value is an object with keys: not an array, not null. */
export const isMap = <T>(value: unknown): value is Record<string, T> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
