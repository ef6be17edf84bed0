import { cronJobName } from "../../components/backup/rules";
import { fail, pass, type Context, type Outcome } from "./check";

/** The last copy of the buckets by the schedule was finished not too long ago. */
export async function backupFresh({ subject, reach, now }: Context): Promise<Outcome> {
  const { namespace, backup } = subject;
  const { hours, maxAge } = { hours: (seconds: number) => `${(seconds / 3600).toFixed(1)} h`, ...backup! };
  const found = await reach.object<{
    metadata: { creationTimestamp: string };
    spec: { suspend?: boolean };
    status?: { lastSuccessfulTime?: string };
  }>(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${cronJobName}`);
  if (!found) return fail(`the cluster has no CronJob ${cronJobName}`, { todo: "npm run up creates it" });
  if (found.spec.suspend)
    return fail("it is suspended", {
      todo: `kubectl -n ${namespace} patch cronjob ${cronJobName} -p '{"spec":{"suspend":false}}'`,
    });
  const last = found.status?.lastSuccessfulTime;
  const age = now - Date.parse(last ?? found.metadata.creationTimestamp) / 1000;
  if (last === undefined && age <= maxAge) return pass(`none yet: it was created ${hours(age)} ago`);
  const said = last === undefined ? `none in the ${hours(age)} since it was created` : `finished ${hours(age)} ago`;
  return age <= maxAge ? pass(said) : fail(`${said}; ${hours(maxAge)} are allowed`);
}
