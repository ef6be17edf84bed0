import { apiOf, type Api } from "../../commands/shared/api/api-server";
import type { StackOptions } from "../../commands/shared/settings";
import { loadStack } from "../../commands/verify/load";
import { instant } from "../../commands/verify/queries";
import { Reach } from "../../commands/verify/reach";
import { subjectOf, type Subject } from "../../commands/verify/subject";
import { unavailableOn } from "../../commands/verify/unavailable";
import { verify, type Report } from "../../commands/verify/verify";
import { until } from "../until";

/** A stack on its cluster. */
export interface Installed {
  subject: Subject;
  api: Api;
}

/**
 * What a stack should have on a cluster.
 * @param stack its name and further settings
 * @param kubeconfig path of the cluster's kubeconfig
 */
export async function installed(stack: StackOptions, kubeconfig: string): Promise<Installed> {
  const loaded = await loadStack(stack);
  const api = await apiOf({ kubeconfig }, { milliseconds: 10_000 });
  return { subject: subjectOf({ ...loaded, unavailable: await unavailableOn(api) }), api };
}

/** Options of a checklist. */
export interface ChecklistOptions {
  /** Deadline, in seconds; default 600. */
  seconds?: number;
  /** Milliseconds between two rounds; default 10,000: a round checks everything, while the stack is starting on the same two cores. */
  every?: number;
  /** Called with what is waited for, whenever that changes. */
  progress?: (line: string) => void;
}

/**
 * The checklist of a newly installed stack: lines, series and alerts take some minutes, so it is repeated until it passes
 * and dashboards have data.
 * @param stack on its cluster
 * @param options deadline and rounds
 * @returns the first report without a ✗; at the deadline, the last one
 */
export async function checklist({ subject, api }: Installed, options: ChecklistOptions = {}): Promise<Report> {
  const { seconds = 600, every = 10_000, progress = () => undefined } = options;
  let report: Report | undefined;
  let told = "";
  try {
    const look = async () => {
      const chunks = report?.checks.find(({ id }) => id === "loki/chunks");
      if (chunks?.result === "fail") await flushLoki(subject, api);
      const twice = await scrapedTwice(subject, api);
      report = await verify(subject, api);
      const failing = report.checks.filter(({ result }) => result === "fail").map(({ title }) => title);
      const waiting = failing.length > 0 ? failing : twice ? [] : ["a second scrape of every target"];
      const line = `waiting for: ${waiting.join(", ")}`;
      if (waiting.length > 0 && line !== told) progress((told = line));
      return waiting.length === 0 ? report : undefined;
    };
    return await until("the checklist", seconds, look, every);
  } catch (error) {
    if (!report) throw error;
    return report;
  }
}

/** Milliseconds that a query may take. */
const patience = 20_000;

/** Whether every target has been scraped twice. Rates need this: after one scrape, half of all panels are empty. */
async function scrapedTwice({ parts, sources, on }: Subject, api: Api): Promise<boolean> {
  if (parts.metrics?.notRun !== undefined) return true;
  const reach = new Reach(api, AbortSignal.timeout(patience), patience);
  const url = sources[on.defaultDataSource] ?? "";
  const [least] = await instant(reach, url, "min(count_over_time(up[10m]) and up)").catch(() => []);
  return Number(least?.value?.[1]) >= 2;
}

/** Otherwise it would take half an hour until Loki stores its first chunk. */
async function flushLoki({ workloads }: Subject, api: Api): Promise<void> {
  const flushes = workloads
    .filter(({ part }) => part === "loki")
    .map(({ namespace, name, metricsPort }) =>
      api.request(`/api/v1/namespaces/${namespace}/services/${name}:${metricsPort}/proxy/flush`, { method: "POST" }),
    );
  await Promise.all(flushes);
}
