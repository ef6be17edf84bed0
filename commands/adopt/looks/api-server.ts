import type { Look } from "../findings";
import { chartObjects, type ChartObject, type Relabeling } from "../manifest";
import { kpsReleases } from "../objects";
import { isTakenOver } from "./kube-prometheus-stack";

/** What upstream's rules about the API server's objectives read. */
const bucket = "apiserver_request_sli_duration_seconds_bucket";

/** The API server's histogram buckets, which a stack drops by default: an adoption keeps them where the release has them. */
export const lookAtApiServer: Look = (inventory, settings, found) => {
  const [release, ...others] = kpsReleases(inventory, settings);
  if (!settings.kps.enabled || !settings.monitors.apiServer) return;
  if (!release || others.length > 0 || isTakenOver(release)) return;
  const monitor = chartObjects(release).find(
    ({ kind, metadata }) => kind === "ServiceMonitor" && metadata.name.endsWith("-apiserver"),
  );
  const { apiServerBuckets: series } = inventory;
  if (!monitor || series === 0 || (series === undefined && drops(monitor))) return;
  found.fit(
    "kps.dropApiserverHistograms",
    false,
    `the release keeps the API server's histogram buckets, ${series === undefined ? "how many is unknown" : `${series} series, which ${settings.metrics.backend} keeps too from stage dual-write on`}; ` +
      "without this, KubeAPIErrorBudgetBurn, the recorded series of its objectives and the panels of its latency end",
  );
};

/** Whether a monitor drops these buckets by their name alone. */
const drops = ({ spec }: ChartObject): boolean =>
  (spec?.endpoints ?? []).flatMap(({ metricRelabelings = [] }) => metricRelabelings).some(isDrop);

function isDrop({ action = "replace", regex = "(.*)", sourceLabels = [] }: Relabeling): boolean {
  if (sourceLabels.join() !== "__name__" || !["drop", "keep"].includes(action.toLowerCase())) return false;
  try {
    return new RegExp(`^(?:${regex})$`).test(bucket) === (action.toLowerCase() === "drop");
  } catch {
    return false;
  }
}
