import { apiOf, type Api } from "../verify/api";
import { loadStack, type StackOptions } from "../verify/load";
import { subjectOf, type Subject } from "../verify/subject";
import { unavailableOn } from "../verify/unavailable";
import { isWell, verify, type Report } from "../verify/verify";
import { until } from "./until";

/**
 * The checklist of a stack that was installed a moment ago: lines and alerts take some minutes, and it is gone through until it passes.
 * @param stack which, with which further settings
 * @param kubeconfig path of the cluster's kubeconfig
 * @param seconds deadline; default 300
 * @returns the first report without a ✗; at the deadline, the last one
 */
export async function checklist(stack: StackOptions, kubeconfig: string, seconds = 300): Promise<Report> {
  const loaded = await loadStack(stack);
  const api = await apiOf({ kubeconfig }, { milliseconds: 10_000 });
  const subject = subjectOf({ ...loaded, unavailable: await unavailableOn(api, loaded.settings.namespace.name) });
  let report: Report | undefined;
  try {
    return await until("the checklist", seconds, async () => {
      const chunks = report?.checks.find(({ id }) => id === "loki/chunks");
      if (chunks?.result === "fail") await flushLoki(subject, api);
      report = await verify(subject, api);
      return isWell(report) ? report : undefined;
    });
  } catch (error) {
    if (!report) throw error;
    return report;
  }
}

/** Nobody waits half an hour here until Loki puts its first chunk into the bucket by itself. */
async function flushLoki({ workloads }: Subject, api: Api): Promise<void> {
  const flushes = workloads
    .filter(({ part }) => part === "loki")
    .map(({ namespace, name, metricsPort }) =>
      api.request(`/api/v1/namespaces/${namespace}/services/${name}:${metricsPort}/proxy/flush`, { method: "POST" }),
    );
  await Promise.all(flushes);
}
