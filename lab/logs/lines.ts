/** A day of a cluster's lines, as a pure function of their place in it: every run, and every configuration, gets the same. */

/** Labels of a stream: those that the collector gives the lines of a pod. */
export type StreamLabels = Readonly<Record<string, string>>;

/** Lines of a pod that follow one another. */
export interface PodLines {
  labels: StreamLabels;
  lines: string[];
}

/** How many pods write. */
export const podCount = 50;

const namespaceCount = 10;

/** Namespaces of the pods, each with as many of them. */
export const namespaces = Array.from({ length: namespaceCount }, (_, i) => `team-${i}`);

/** The label that all streams have alike. */
export const clusterLabel = "benchmark";

/** Labels of a pod's stream: eight, of which only `pod` distinguishes two pods of an app. */
export function labelsOf(pod: number): StreamLabels {
  const app = `service-${pod % 25}`;
  const namespace = namespaces[pod % namespaceCount];
  return {
    cluster: clusterLabel,
    namespace,
    pod: `${app}-${hex(generator(pod, 0))}-${pod}`,
    container: app,
    app,
    job: `${namespace}/${app}`,
    stream: pod % 5 === 0 ? "stderr" : "stdout",
    container_runtime: "containerd",
  };
}

/** The word that one line of a namespace's has, and no other line of the day. */
export const needleOf = (namespace: string): string => `needle-of-${namespace}.`;

/** What one line in a hundred says. */
export const commonWord = "deadline exceeded";

/**
 * The lines of one of the slices that the day is cut into, about as many bytes of each pod.
 * @param slice number of the slice, from 0
 * @param slices how many there are
 * @param bytes of all pods together
 */
export function linesOf(slice: number, slices: number, bytes: number): PodLines[] {
  return Array.from({ length: podCount }, (_, pod) => {
    const random = generator(pod + 1, slice + 1);
    const lineOf = pod % 2 === 0 ? jsonLine : plainLine;
    const lines: string[] = [];
    // At noon, by the first pod of each namespace.
    if (slice === Math.floor(slices / 2) && pod < namespaceCount) lines.push(`level=warn ${needleOf(namespaces[pod])}`);
    for (let size = 0; size < bytes / podCount; size += lines[lines.length - 1].length) lines.push(lineOf(random));
    return { labels: labelsOf(pod), lines };
  });
}

const messages = [
  "request completed",
  "connection accepted from upstream",
  "cache miss, fetching from the database",
  "job finished, next run scheduled",
  "retrying after a transient failure",
  "configuration reloaded, nothing has changed",
  "session renewed for the user",
  "wrote checkpoint and truncated the old segments",
];
const paths = ["/api/v1/items", "/api/v1/orders", "/healthz", "/api/v2/search", "/static/app.js", "/metrics"];
const agents = ["Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0", "kube-probe/1.33", "curl/8.9.1", "Go-http-client/2.0"];

/** A line such as a service in Go writes, about 250 bytes. */
function jsonLine(random: Random): string {
  const failed = random() % 100 === 0;
  const message = failed ? `upstream: ${commonWord}` : pick(messages, random);
  return (
    `{"level":"${failed ? "error" : "info"}","caller":"server/handler_${random() % 40}.go:${random() % 900}","msg":"${message}",` +
    `"method":"GET","path":"${pick(paths, random)}/${random() % 100_000}","status":${failed ? 504 : 200},` +
    `"duration_ms":${random() % 2000},"user":"user-${random() % 5000}","trace_id":"${hex(random)}${hex(random)}${hex(random)}${hex(random)}"}`
  );
}

/** A line such as a proxy writes, about 140 bytes. */
function plainLine(random: Random): string {
  const failed = random() % 100 === 0;
  return (
    `10.42.${random() % 8}.${random() % 250} - - "GET ${pick(paths, random)}/${random() % 100_000}?page=${random() % 50} HTTP/1.1" ` +
    `${failed ? `504 0 "${commonWord}"` : `200 ${random() % 60_000} "-"`} "${pick(agents, random)}" ${random() % 2000}ms ${hex(random)}${hex(random)}`
  );
}

type Random = () => number;

const pick = (all: readonly string[], random: Random) => all[random() % all.length];

const hex = (random: Random) => random().toString(16).padStart(8, "0");

/** Whole numbers of 32 bits (Marsaglia's xorshift), from two seeds. */
function generator(a: number, b: number): Random {
  let state = (Math.imul(a + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x165667b1, 0xc2b2ae35)) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
  // Seeds that are near one another begin alike.
  for (let i = 0; i < 8; i++) next();
  return next;
}
