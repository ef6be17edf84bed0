/** Numbers behind the texts that settings hold: durations, Kubernetes quantities, sizes. */

const durationUnits: Readonly<Record<string, number>> = {
  y: 365 * 86400,
  w: 7 * 86400,
  d: 86400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
};

// `model.ParseDuration` of prometheus/common, which Loki's limits, Mimir, Alertmanager and Prometheus share: units once each, largest first.
const prometheusDuration = /^(?=.)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;

/** Go keeps durations as 64-bit nanoseconds. */
const longestDuration = 2 ** 63 / 1e9;

/**
 * Seconds in a Prometheus duration.
 * @param duration such as `30d` or `1h30m`
 * @throws Error when it is not one
 */
export function seconds(duration: string): number {
  if (!isDuration(duration)) throw new Error(`"${duration}" is not a Prometheus duration such as 720h or 30d`);
  return sumOfUnits(duration);
}

/** Whether a text is a Prometheus duration. */
export const isDuration = (text: string): boolean =>
  prometheusDuration.test(text) && sumOfUnits(text) < longestDuration;

const sumOfUnits = (duration: string): number =>
  [...duration.matchAll(/(\d+)(ms|[ywdhms])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * durationUnits[unit], 0);

const quantityUnits: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const kubernetesQuantity = /^(\d+(?:\.\d+)?)(m|k|[MGTPE]i?|Ki)?$/;

/**
 * The number behind a Kubernetes quantity: cores for CPU, bytes for memory and storage.
 * @param quantity such as `500m` or `10Gi`
 * @throws Error when it is not one
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function quantityValue(quantity: string): number {
  const match = kubernetesQuantity.exec(quantity);
  if (!match) throw new Error(`"${quantity}" is not a Kubernetes quantity such as 500m or 10Gi`);
  return Number(match[1]) * quantityUnits[match[2] ?? ""];
}

/**
 * Bytes in a size as Loki and Prometheus write it; their KB is 1024 bytes (`c2h5oh/datasize`, `alecthomas/units` Base2Bytes).
 * @param size such as `5MB`
 * @throws Error when it is not one
 */
export function sizeBytes(size: string): number {
  const match = /^(\d+(?:\.\d+)?)(B|KB|MB|GB|TB)$/.exec(size);
  if (!match) throw new Error(`"${size}" is not a size such as 5MB`);
  return Number(match[1]) * 1024 ** ["B", "KB", "MB", "GB", "TB"].indexOf(match[2]);
}
