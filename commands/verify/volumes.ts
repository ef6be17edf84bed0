import { fail, pass, type Context, type Outcome } from "./check";
import { sourceOf } from "./logs";
import { byLabel, instant } from "./queries";

/** Shares that are free where the alerts KubePersistentVolumeFillingUp are critical, and where they begin to look ahead. */
const [least, little] = [0.03, 0.15];

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** The stack's volumes, that of its object store too, have room: `df -h` of each. */
export async function volumesHaveRoom({ subject, reach, now }: Context): Promise<Outcome> {
  const of = (what: string) => `kubelet_volume_stats_${what}_bytes{namespace="${subject.namespace}"}`;
  const query = `min by (persistentvolumeclaim) (${of("available")} / ${of("capacity")})`;
  const source = sourceOf(subject, subject.on.defaultDataSource);
  const free = [...byLabel(await instant(reach, source, query, now), "persistentvolumeclaim")].sort(
    ([, one], [, other]) => one - other,
  );
  if (free.length === 0)
    return pass("the kubelet reports no sizes: the volumes are folders of their nodes, whose disks have alerts");
  const said = ([claim, share]: (typeof free)[number]) => `${claim} has ${percent(share)} free`;
  const full = free.filter(([, share]) => share < least);
  const notes = free.filter(([, share]) => share >= least && share < little).map(said);
  return full.length > 0 ? fail(full.map(said).join(", "), { notes }) : pass(`least: ${said(free[0])}`, { notes });
}
