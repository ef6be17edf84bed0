import { controlPlane } from "../../components/monitors/control-plane";
import type { Settings } from "../../settings/schema";
import { whyNot, type Deadline } from "../shared/api/network";
import { apiOf } from "../shared/api/api-server";
import type { Inventory } from "./inventory";
import { kpsReleases } from "./objects";
import { fullname } from "../../settings/release-values";

const jobs = Object.values(controlPlane).map(({ job }) => job);
/** k3s serves the API server's buckets at the kubelet's port, too. The count has no label. */
const query = `up{job=~"${jobs.join("|")}"} or count({__name__=~"(apiserver|etcd)_.+_bucket",job=~"apiserver|kubelet"})`;

/** An answer of Prometheus's API to an instant query. */
interface Answer {
  data: { result: { metric: { job?: string }; value: [time: number, value: string] }[] };
}

/** What the Prometheus of a release has; nothing where it wasn't asked, or doesn't answer. */
type Seen = Pick<Inventory, "targets" | "apiServerBuckets">;

/**
 * Asks the Prometheus of the release of kube-prometheus-stack that can be taken over, through the API server's proxy, which of its control plane targets answer: a
 * ServiceMonitor alone doesn't show it, because in most distributions these targets can't be reached. And how many histogram buckets of the API server it keeps.
 * @param inventory what the cluster has; if the Prometheus can't be asked, that is noted there
 * @param settings how the cluster is reached, and which of several releases is taken over
 * @param deadline how long the request may take
 * @returns nothing if there is no such release or it scrapes none of it, or nothing answers
 */
export async function askTargets(inventory: Inventory, settings: Settings, deadline: Deadline): Promise<Seen> {
  const [release, ...others] = kpsReleases(inventory, settings);
  // Of several nothing is proposed before the settings name one.
  const scraped = [...jobs, "apiserver"].some((job) => release?.manifest.includes(`-${job}`));
  if (!release || others.length > 0 || !scraped) return {};
  const { namespace } = release;
  const name = `${fullname(release.name, release.values)}-prometheus`;
  const unknown = (why: string): Seen => {
    inventory.unseen.push({ what: `targets of Prometheus ${namespace}/${name}`, why });
    return {};
  };
  const service = inventory.services.find(
    ({ metadata }) => metadata?.namespace === namespace && metadata.name === name,
  );
  const port = service?.spec?.ports?.[0]?.port;
  if (port === undefined) return unknown("it has no Service with its name");
  try {
    const { request } = await apiOf(settings.kubernetes, deadline);
    const path = `/api/v1/namespaces/${namespace}/services/${name}:${port}/proxy/api/v1/query`;
    const { status, body } = await request(`${path}?${new URLSearchParams({ query })}`);
    if (status === 403) return unknown("these credentials may not read it (403)");
    if (status !== 200) return unknown(`it answers ${status}`);
    return counted(JSON.parse(body) as Answer);
  } catch (error) {
    return unknown(
      error instanceof SyntaxError ? "its answer is not from Prometheus" : `it ${whyNot(error, deadline)}`,
    );
  }
}

function counted({ data: { result } }: Answer): Required<Seen> {
  const targets = new Map<string, { all: number; up: number }>();
  let apiServerBuckets = 0;
  for (const {
    metric: { job },
    value: [, value],
  } of result) {
    if (job === undefined) apiServerBuckets = Number(value);
    else {
      const { all, up } = targets.get(job) ?? { all: 0, up: 0 };
      targets.set(job, { all: all + 1, up: up + Number(value) });
    }
  }
  return { targets, apiServerBuckets };
}
