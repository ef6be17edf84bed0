/** Fields of a given secret that only say whose it is. */
export const openFields: readonly string[] = ["username", "accessKey"];

/** What a stack's file, which is committed, may only have encrypted. */
export const encrypted = { keys: ["secretValues"], except: openFields };

/** Keys whose text is a secret. Those that name a Kubernetes Secret, or a key in one, end otherwise (`existingSecret`, `passwordKey`). */
const secretKey =
  /(password|passwd|token|api_?key|client_?secret|secret_?key|secret_?access_?key|private_?key|credentials)$/i;

/**
 * Whether a key says that what it has is a secret.
 * @param key the last part of its path
 */
export const isSecretKey = (key: string): boolean => secretKey.test(key);

/** Texts that stand for something else: Grafana's `$__file{…}` and `$__env{…}`, and variables of the environment. */
const placeholder = /^\$(__\w+)?[{(]/;

/**
 * Paths of the texts in a chart's values that are secrets, by their keys. Only what is certain: a person can't overrule it.
 * @param values values of a chart
 * @param path where they stand
 */
export function plainSecrets(values: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof values === "string") {
    const isSecret = isSecretKey(String(path.at(-1))) && values !== "" && !placeholder.test(values);
    return isSecret ? [[...path]] : [];
  }
  if (typeof values !== "object" || values === null) return [];
  return Object.entries(values).flatMap(([key, value]) =>
    plainSecrets(value, [...path, Array.isArray(values) ? Number(key) : key]),
  );
}
