import { InvalidInput } from "../../engine/errors";
import type { PrometheusApi, Series } from "./prometheus-api";

/** How many series are looked at. */
const looked = 5;

/** Minutes that a sample may be old. */
const recent = "[10m]";

/**
 * The labels that series get on the way from Prometheus to its backend: history needs the same ones, or each of its series would be another than
 * today's. Prometheus's configuration alone doesn't say them: `write_relabel_configs`, Mimir's `drop_labels` and its removal of replicas
 * (`accept_ha_samples`) change what `external_labels` adds. So series that both have now are compared.
 * @param prometheus has the series without them
 * @param backend has them as written by remote_write
 * @param title what the backend is called
 * @returns the labels that are added, and those of `external_labels` that don't arrive
 * @throws InvalidInput when the backend has none of these series, or series get different labels
 */
export async function labelsOnTheWay(
  prometheus: PrometheusApi,
  backend: PrometheusApi,
  title: string,
): Promise<{ added: Series; dropped: string[] }> {
  const external = await prometheus.externalLabels();
  const ups = (await prometheus.series(`last_over_time(up${recent})`)).slice(0, looked);
  if (ups.length === 0)
    throw new InvalidInput(`Prometheus scrapes nothing (metric up): the labels of its series in ${title} are unknown`);
  const pairs = await Promise.all(
    ups.map(async ({ __name__: _, ...labels }) => {
      const twins = await backend.series(`last_over_time(${selector(labels)}${recent})`);
      return {
        labels,
        more: closest(
          twins.map((twin) => beyond(twin, labels)),
          external,
        ),
      };
    }),
  );
  const seen = pairs.filter(({ more }) => more !== undefined);
  if (seen.length === 0)
    throw new InvalidInput(
      `${title} has no series like ${selector(pairs[0].labels)} in the last ten minutes: the labels of its series are unknown\n` +
        "→ is the stack in stage dual-write, and does remote_write work (npm run verify)? It must not rename or drop labels of targets",
    );
  const added = Object.assign({}, ...seen.map(({ more }) => more)) as Series;
  const contradicted = Object.entries(added).filter(([name, value]) =>
    seen.some(({ labels, more }) => !(name in labels) && more?.[name] !== value),
  );
  if (contradicted.length > 0)
    throw new InvalidInput(
      `remote_write adds ${contradicted.map(([name]) => name).join(", ")} to series, with different values\n` +
        "→ history can only get one value: make it the same for all series (write_relabel_configs)",
    );
  return { added, dropped: Object.keys(external).filter((name) => !(name in added) && !ups.every((up) => name in up)) };
}

const selector = (labels: Series) =>
  `up{${Object.entries(labels)
    .map(([name, value]) => `${JSON.stringify(name)}=${JSON.stringify(value)}`)
    .join(",")}}`;

const beyond = ({ __name__: _, ...twin }: Series, labels: Series): Series =>
  Object.fromEntries(Object.entries(twin).filter(([name]) => !(name in labels)));

/** Of several Prometheis that write to the same backend, the one whose labels these are; a single one may have others. */
function closest(found: readonly Series[], external: Series): Series | undefined {
  const own = found.filter((more) => Object.entries(more).every(([name, value]) => external[name] === value));
  const most = own.sort((a, b) => Object.keys(b).length - Object.keys(a).length)[0];
  return most ?? (found.length === 1 ? found[0] : undefined);
}
