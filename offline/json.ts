/** Whether the value is an object with keys: no array, no null. */
export const isMap = <T>(value: unknown): value is Record<string, T> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
