import { setTimeout as pause } from "node:timers/promises";
import { InvalidInput } from "../../engine/errors";
import type { Settings } from "../../settings/schema";
import { connect, type Connection } from "../shared/api/kubernetes";
import { dataFolder, placesOf, prometheusContainer } from "./places";
import type { PrometheusApi } from "./prometheus-api";
import { progressOf, readerContainer, readerFolder, readerName, readerPod } from "./reader";
import { ContainerShell, type Shell } from "./shell";

/** Where blocks can be read in the cluster. */
export interface Opened {
  shell: Shell;
  /** Their folder there. */
  data: string;
  /** Removes what was made there. */
  close(): Promise<void>;
  /** What remains if that fails, and what removes it. */
  leaves: string;
}

/** What {@link openCluster} is made from. */
export interface OpenArgs {
  settings: Settings;
  /** Read by a pod of its own that mounts this claim; true: the claim of the stack's Prometheus; default: in Prometheus's pod. */
  claim?: string | true;
  /** Of this Prometheus a snapshot is made, and read. */
  snapshotOf?: PrometheusApi;
  /** Seconds for the pod to start. */
  patience: number;
  signal: AbortSignal;
  tell(line: string): void;
}

const deadline = { milliseconds: 30_000 };

/**
 * Opens the stack's Prometheus for reading.
 * @throws InvalidInput when its pod isn't there, or the reader doesn't start
 */
export async function openCluster(args: OpenArgs): Promise<Opened> {
  const connection = await connect(args.settings.kubernetes, deadline);
  return args.claim === undefined ? openPrometheus(connection, args) : openClaim(connection, args, args.claim);
}

async function openPrometheus(connection: Connection, args: OpenArgs): Promise<Opened> {
  const { settings, snapshotOf, signal, tell } = args;
  const { namespace, pod } = placesOf(settings);
  const { k8s, config, read } = connection;
  const found = await read(() => config.makeApiClient(k8s.CoreV1Api).readNamespacedPod({ namespace, name: pod }));
  const phase = found?.status?.phase;
  if (phase !== "Running")
    throw new InvalidInput(
      `pod ${namespace}/${pod} ${phase ? `is ${phase}` : "is not there"}\n→ if Prometheus is gone and its volume was kept: --claim`,
    );
  const shell = new ContainerShell(connection, { namespace, pod, container: prometheusContainer }, signal);
  if (!snapshotOf) return { shell, data: dataFolder, close: () => Promise.resolve(), leaves: "" };
  const name = await snapshotOf.snapshot();
  tell(`snapshot ${name}: it is removed afterwards`);
  // One name, so that what a killed run left is found.
  await shell.run('cd "$1" && rm -rf backfill && mv "$2" backfill', [`${dataFolder}/snapshots`, name]);
  return {
    ...{ shell, data: `${dataFolder}/snapshots/backfill` },
    leaves: `${dataFolder}/snapshots/backfill stays in the pod, and the next run with --snapshot removes it`,
    close: () =>
      new ContainerShell(
        connection,
        { namespace, pod, container: prometheusContainer },
        AbortSignal.timeout(60_000),
      ).run('cd "$1" && rm -rf backfill && { rmdir ../snapshots 2>/dev/null || true; }', [`${dataFolder}/snapshots`]),
  };
}

async function openClaim(connection: Connection, args: OpenArgs, given: string | true): Promise<Opened> {
  const { settings, patience, signal, tell } = args;
  const { namespace, claim: usual } = placesOf(settings);
  const claim = given === true ? usual : given;
  const { k8s, config, read } = connection;
  const core = config.makeApiClient(k8s.CoreV1Api);
  if (!(await read(() => core.readNamespacedPersistentVolumeClaim({ namespace, name: claim })))) {
    const all = (await read(() => core.listNamespacedPersistentVolumeClaim({ namespace })))?.items ?? [];
    const names = all.map(({ metadata }) => metadata?.name).join(", ") || "none";
    throw new InvalidInput(`there is no claim ${namespace}/${claim}; there are: ${names}\n→ --claim <name>`);
  }
  const pods = (await read(() => core.listNamespacedPod({ namespace })))?.items ?? [];
  const usedBy = pods.find(
    ({ metadata, spec, status }) =>
      metadata?.name !== readerName &&
      status?.phase === "Running" &&
      spec?.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim),
  );
  const remove = async () => {
    await read(() => core.deleteNamespacedPod({ namespace, name: readerName, gracePeriodSeconds: 0 }));
  };
  const reader = () => read(() => core.readNamespacedPod({ namespace, name: readerName }));
  // Only events say why a volume can't be mounted, and the pod is removed before anybody could describe it.
  const warningsAbout = async (): Promise<string[]> => {
    const fieldSelector = `involvedObject.name=${readerName},type=Warning`;
    const events = (await read(() => core.listNamespacedEvent({ namespace, fieldSelector })))?.items ?? [];
    return [...new Set(events.map(({ message }) => message ?? ""))].slice(-3);
  };
  const until = Date.now() + patience * 1000;
  const wait = async (look: () => Promise<boolean>, late: () => Promise<string> | string) => {
    while (!(await look())) {
      if (Date.now() > until) throw new InvalidInput(await late());
      await pause(500, undefined, { signal });
    }
  };
  // A killed run left it.
  await remove();
  await wait(
    async () => (await reader()) === undefined,
    () =>
      `pod ${namespace}/${readerName} of an earlier run did not end within ${patience} s\n→ kubectl -n ${namespace} describe pod ${readerName}`,
  );
  try {
    await core.createNamespacedPod({ namespace, body: readerPod(settings, claim, usedBy?.spec?.nodeName) });
    tell(`pod ${namespace}/${readerName} mounts ${claim}, read-only; it is removed afterwards`);
    let said = "";
    await wait(
      async () => {
        const { state, reason } = progressOf((await reader())?.status ?? {});
        said = reason;
        if (state === "failed") throw new InvalidInput(`pod ${namespace}/${readerName} can't start: ${said}`);
        return state === "running";
      },
      async () => {
        const warnings = [said, ...(await warningsAbout())].filter((text) => text !== "");
        return `pod ${namespace}/${readerName} did not start within ${patience} s: ${warnings.join("; ") || "its node says nothing"}`;
      },
    );
  } catch (error) {
    await remove();
    throw error;
  }
  const shell = new ContainerShell(connection, { namespace, pod: readerName, container: readerContainer }, signal);
  return {
    shell,
    data: readerFolder,
    close: remove,
    leaves: `pod ${namespace}/${readerName} stays, and the next run removes it`,
  };
}
