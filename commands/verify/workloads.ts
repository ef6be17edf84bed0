import { fail, pass, type Check, type Context, type Outcome } from "./check";
import { count } from "../shared/words";
import type { Reach } from "./reach";
import type { Workload } from "./subject";

/** Annotation of a workload that stands in for another: what it was made from. */
export const madeOfAnnotation = "observability/made-of";

/** Plural of each kind, with its API. */
const paths: Readonly<Record<string, string>> = {
  Deployment: "/apis/apps/v1/namespaces/{}/deployments",
  StatefulSet: "/apis/apps/v1/namespaces/{}/statefulsets",
  DaemonSet: "/apis/apps/v1/namespaces/{}/daemonsets",
  Job: "/apis/batch/v1/namespaces/{}/jobs",
};

interface Live {
  metadata: { generation?: number; annotations?: Record<string, string> };
  spec: { replicas?: number; selector?: { matchLabels?: Record<string, string> } };
  status?: {
    observedGeneration?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    numberReady?: number;
    updatedNumberScheduled?: number;
    desiredNumberScheduled?: number;
    succeeded?: number;
  };
}

/** A pod; only the fields about its health. */
export interface Pod {
  metadata: { name: string; namespace: string };
  status?: {
    conditions?: { type: string; status: string; message?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

interface Terminated {
  exitCode: number;
  reason?: string;
  message?: string;
}

interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  state?: { waiting?: { reason?: string; message?: string }; running?: { startedAt: string }; terminated?: Terminated };
  lastState?: { terminated?: Terminated };
}

/** The row of one workload: is it as in the stack, and do its pods keep running? */
export const workloadCheck = (workload: Workload): Check => ({
  id: `pods/${workload.kind.toLowerCase()}/${workload.name}`,
  title: `${workload.kind} ${workload.name}`,
  needs: [],
  asks: "the API server for the workload and its pods; the kubelet for the last log line of a pod that fails",
  todo: `kubectl -n ${workload.namespace} describe ${workload.kind.toLowerCase()} ${workload.name}; docs/troubleshooting.md, section “Crash loop”`,
  look: (context) => look(workload, context),
});

async function look(workload: Workload, { reach, now }: Context): Promise<Outcome> {
  const live = await liveOf(reach, workload);
  if (!live) return fail("does not exist", { todo: "deploy the stack: docs/first-deployment.md" });
  if (workload.kind === "Job" && live.status?.succeeded) return pass("complete");
  const pods = await podsOfLive(reach, workload, live);
  const trouble = (await Promise.all(pods.map((pod) => troubles(reach, pod, now)))).flat();
  const { ok, text } = state(workload, live);
  const detail = [text, ...trouble].join("; ");
  if (!ok || trouble.length > 0) return fail(detail);
  const restarts = containersOf(pods).reduce((sum, { restartCount }) => sum + restartCount, 0);
  const stoodInFor = live.metadata.annotations?.[madeOfAnnotation];
  const found = [text, ...(restarts > 0 ? [count(restarts, "restart")] : []), ...workload.addresses];
  return pass([found.join(", "), ...(stoodInFor ? [stoodInFor] : [])].join("; "));
}

function state({ kind, replicas }: Workload, { metadata, spec, status = {} }: Live): { ok: boolean; text: string } {
  if (kind === "Job") return { ok: false, text: "not complete" };
  if (replicas !== undefined && spec.replicas !== replicas)
    return { ok: false, text: `is scaled to ${spec.replicas}, but the stack says ${replicas}` };
  // Writers of Loki's former mode, once all have left.
  if (replicas === 0) return { ok: true, text: "has no pods, as in the stack" };
  const wanted = replicas ?? status.desiredNumberScheduled ?? 0;
  if (wanted === 0) return { ok: false, text: "no node can run it" };
  const ready = status.numberReady ?? status.readyReplicas ?? 0;
  const updated = status.updatedNumberScheduled ?? status.updatedReplicas ?? 0;
  if (ready < wanted) return { ok: false, text: `ready ${ready}/${wanted}` };
  if (updated < wanted || (status.observedGeneration ?? 0) < (metadata.generation ?? 0))
    return { ok: false, text: `ready ${ready}/${wanted}, an update is in progress (${updated}/${wanted} are new)` };
  return { ok: true, text: `ready ${ready}/${wanted}` };
}

function liveOf(reach: Reach, { kind, name, namespace }: Workload): Promise<Live | undefined> {
  return reach.object<Live>(`${paths[kind].replace("{}", namespace)}/${name}`);
}

/**
 * The pods of an existing workload.
 * @param workload with its selector
 */
export async function podsOf(reach: Reach, workload: Workload): Promise<Pod[]> {
  const live = await liveOf(reach, workload);
  return live ? podsOfLive(reach, workload, live) : [];
}

async function podsOfLive(reach: Reach, { namespace }: Workload, { spec }: Live): Promise<Pod[]> {
  const labelSelector = Object.entries(spec.selector?.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const list = await reach.object<{ items: Pod[] }>(
    `/api/v1/namespaces/${namespace}/pods?${new URLSearchParams({ labelSelector })}`,
  );
  return list?.items ?? [];
}

const containersOf = (pods: readonly Pod[]): ContainerStatus[] =>
  pods.flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]);

/** What is wrong with a pod; nothing if it is healthy or starting. */
async function troubles(reach: Reach, pod: Pod, now: number): Promise<string[]> {
  const { name } = pod.metadata;
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") return [`${name} is not scheduled: ${scheduled.message}`];
  return Promise.all(
    containersOf([pod]).flatMap((container) => {
      const why = whyDown(container, now);
      return why === undefined
        ? []
        : lastWords(reach, pod, container).then(
            (words) => `${name}/${container.name} ${why}${words && `: “${words}”`}`,
          );
    }),
  );
}

/** States that every container passes through. */
const onItsWay = ["ContainerCreating", "PodInitializing"];

function whyDown({ state, lastState, restartCount }: ContainerStatus, now: number): string | undefined {
  const restarted = `restarted ${count(restartCount, "time")}`;
  const waiting = state?.waiting?.reason;
  if (waiting && !onItsWay.includes(waiting)) return restartCount > 0 ? `${waiting}, ${restarted}` : waiting;
  const ended = state?.terminated ?? lastState?.terminated;
  if (state?.terminated && state.terminated.exitCode !== 0) return `ended (exit ${ended?.exitCode})`;
  // Between two crashes a container runs for a while, and may even be ready.
  const up = state?.running ? Math.max(0, now - Date.parse(state.running.startedAt) / 1000) : Infinity;
  const loops = restartCount >= 3 && up < 120 && ended !== undefined && ended.exitCode !== 0;
  return loops ? `${restarted}, last ${Math.round(up)} s ago` : undefined;
}

/** Why it ended: its message, or the last log line of the previous run. */
async function lastWords(
  reach: Reach,
  { metadata }: Pod,
  { name, state, lastState }: ContainerStatus,
): Promise<string> {
  const { message, reason } = state?.terminated ?? lastState?.terminated ?? {};
  const log = (previous: boolean) =>
    reach.log(metadata.namespace, metadata.name, { container: name, tailLines: "1", previous: `${previous}` });
  const words = message ?? ((await log(true)) || (await log(false)) || state?.waiting?.message || reason || "");
  return words.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
}

/** The metrics that each pod of some workloads exposes now; they need not be scraped. */
export async function metricsOf(reach: Reach, workloads: readonly Workload[]): Promise<string[]> {
  const texts = workloads.map(async (workload) => {
    const pods = await podsOf(reach, workload);
    return Promise.all(pods.map((pod) => fromPod(reach, workload, pod, "/metrics")));
  });
  return (await Promise.all(texts)).flat();
}

/** What a pod answers on its workload's metrics port. */
export const fromPod = (
  reach: Reach,
  { metricsPort = 80 }: Workload,
  { metadata }: Pod,
  path: string,
): Promise<string> => reach.pod(metadata.namespace, metadata.name, metricsPort, path);
