import { hostname } from "node:os";
import { cronJobName } from "../../components/backup/rules";
import { silence, unfinishedFile } from "../../components/backup/copying";
import { InvalidInput } from "../../engine/errors";
import type { Settings } from "../../settings/schema";
import type { Api } from "../shared/api/api-server";
import { isAlive } from "../shared/only-one";
import type { Holder } from "./manifest";
import type { Place } from "./place";

/** One at a time: a second run would remove what the first one copies. The file of an unfinished backup says who is at it; the script `begin.sh` reads it, too. */

/** Seconds between two signs of life. */
const interval = 60;

/** What {@link inTurn} takes. */
export interface TurnArgs {
  stack: string;
  to: Place;
  /** Refuses while the schedule's Job makes the same backup; default: there is none. */
  refuseSchedule?: () => Promise<void>;
}

/**
 * Makes a backup while no other one is made: records that it has begun, every minute that it is still running, and at the end that it is done.
 * @param make makes it; is given when it began
 * @throws InvalidInput while another one is made, or when the place can't be written to
 */
export async function inTurn<T>(args: TurnArgs, make: (began: string) => Promise<T>): Promise<T> {
  const { stack, to, refuseSchedule = () => Promise.resolve() } = args;
  await refuseSchedule();
  const began = new Date().toISOString();
  const sign = () => {
    const by: Holder = { began, host: hostname(), pid: process.pid, alive: Math.floor(Date.now() / 1000) };
    return to.write(unfinishedFile, `${JSON.stringify({ version: 1, stack, ...by })}\n`);
  };
  await sign();
  // A Job that has begun since has seen the file, or is seen here.
  await refuseSchedule();
  let last = Promise.resolve();
  // What could not be written is written a minute later; that the place can't be reached is reported by what copies.
  const timer = setInterval(() => (last = last.then(sign).catch(() => undefined)), interval * 1000);
  const made = await make(began).finally(() => {
    clearInterval(timer);
    return last;
  });
  await to.remove(unfinishedFile);
  return made;
}

/**
 * Refuses while another `npm run backup` is at it. One that was killed has taken no turn: on the same machine that is known at once, on another
 * after ten minutes in which nothing was heard of it.
 * @param by who makes the unfinished backup that is there; undefined: there is none, or it is the schedule's
 * @throws InvalidInput
 */
export function refuseOther({ shown }: Place, by: Holder | undefined): void {
  if (!by) return;
  const { began, host, pid, alive } = by;
  const quiet = Date.now() / 1000 - alive;
  if (quiet >= silence || (host === hostname() && (pid === process.pid || !isAlive(pid)))) return;
  throw new InvalidInput(
    `process ${pid} of ${host} is making a backup in ${shown}, begun at ${began}: two at once would remove what the other one copies\n` +
      `→ wait until it has ended; if it was killed, again in ${Math.ceil((silence - quiet) / 60)} minutes`,
  );
}

interface Job {
  metadata: { name: string; ownerReferences?: { kind: string; name: string }[] };
  status?: { conditions?: { type: string; status: string }[] };
}

/**
 * Refuses while a Job of the stack's CronJob copies to the same place.
 * @param place `--to` of this one
 * @param api the cluster; if it doesn't answer, nothing is refused, and a line says so
 * @throws InvalidInput
 */
export async function refuseSchedule(
  { backup, namespace: { name: namespace } }: Settings,
  place: string,
  api: () => Promise<Api>,
  tell: (line: string) => void,
): Promise<void> {
  if (!backup.enabled || backup.to !== place.replace(/\/$/, "")) return;
  const ask = async <T>(path: string): Promise<T[]> => {
    const { status, body } = await (await api()).request(path);
    if (status !== 200) throw new Error(`it answers ${status}`);
    return (JSON.parse(body) as { items: T[] }).items;
  };
  let jobs: Job[];
  try {
    jobs = await ask<Job>(`/apis/batch/v1/namespaces/${namespace}/jobs`);
  } catch (error) {
    tell(
      `can't find out whether the schedule's Job is running: ${(error as Error).message}; make sure that it isn't until this backup has ended`,
    );
    return;
  }
  const busy = jobs.find(
    ({ metadata: { ownerReferences = [] }, status: { conditions = [] } = {} }) =>
      ownerReferences.some(({ kind, name }) => kind === "CronJob" && name === cronJobName) &&
      !conditions.some(({ type, status }) => /^(Complete|Failed)$/.test(type) && status === "True"),
  )?.metadata.name;
  if (busy === undefined) return;
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${busy}`);
  const pods = await ask<{ metadata: { name: string } }>(
    `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`,
  ).catch(() => []);
  const pod = pods.at(-1)?.metadata.name;
  throw new InvalidInput(
    `Job ${namespace}/${busy} of the schedule is making this backup${pod === undefined ? "" : `, in pod ${pod}`}: two at once would remove what the other one copies\n` +
      `→ wait: kubectl -n ${namespace} wait --for=condition=complete --timeout=1h job/${busy}; or end it: kubectl -n ${namespace} delete job ${busy}`,
  );
}
