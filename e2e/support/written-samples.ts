import assert from "node:assert/strict";
import { backendTitles, type Backend } from "../../stages";
import { until } from "../../lab/until";
import type { ApiProxy } from "./cluster";
import { dataSource } from "./data-sources";
import { note } from "./note";
import type { PrometheusApi, Sample, Series } from "./metrics";

/** Whose samples are counted. */
export interface WrittenOptions {
  namespace: string;
  /** What keeps the metrics beside Prometheus. */
  backend: Backend;
  /** Label `cluster` of what Prometheus writes. */
  cluster: string;
  /** Seconds between two scrapes. */
  interval: number;
  /** A job that has one target, which every stage scrapes. */
  job: string;
  /** Further jobs of which every sample is looked for, as a regular expression. */
  jobs: string;
}

/** Where samples are: in what keeps them beside Prometheus, or in Prometheus itself. */
type Place = "backend" | "prometheus";

const seconds = () => Math.floor(Date.now() / 1000);

/** The samples that Prometheus scrapes, and those that are in the stack's backend, whoever wrote them. */
export class WrittenSamples {
  /** Prometheus itself, while there is one; its answers have the labels that it writes. */
  readonly prometheus: PrometheusApi;
  /** Mimir or VictoriaMetrics. */
  readonly backend: PrometheusApi;
  private readonly title: string;

  /**
   * @param proxy to the cluster
   * @param options whose samples
   */
  constructor(
    proxy: ApiProxy,
    private readonly options: WrittenOptions,
  ) {
    const { namespace, backend, cluster } = options;
    this.prometheus = dataSource(proxy, namespace, "prometheus", { cluster });
    this.backend = dataSource(proxy, namespace, backend);
    this.title = backendTitles[backend];
  }

  /** That every sample that Prometheus has of a span is in the backend. */
  async complete(from: number): Promise<void> {
    await this.compare("has every sample", from, (there, here) => {
      const found = new Set(times(here));
      none(
        "are not there",
        times(there).filter((time) => !found.has(time)),
      );
    });
  }

  /** The same, and of these series there is no other sample, and none twice: Prometheus is the only one that scrapes. */
  async same(from: number): Promise<void> {
    await this.compare("has every sample, once", from, (there, here) => {
      const expected = times(there);
      none("are not there", lacking(expected, times(here)));
      // What rules record is written by who evaluates them.
      const names = new Set(there.map(({ metric }) => metric.__name__).filter((name) => !/:|^ALERTS/.test(name)));
      const scraped = times(here.filter(({ metric }) => names.has(metric.__name__)));
      none("are there and nobody scraped them", lacking(scraped, expected));
    });
  }

  private async compare(what: string, from: number, assertIt: (there: Series[], here: Series[]) => void) {
    const { interval, job, jobs } = this.options;
    const to = seconds() - interval;
    const question = `{job=~"${job}|${jobs}"}[${to - from}s]`;
    await until(`${this.title} ${what}`, 300, async () => {
      const [there, here] = await Promise.all([this.prometheus.query(question, to), this.backend.query(question, to)]);
      assert.ok(there.length > 0, "Prometheus has no sample of that span");
      assertIt(there, here);
      return true;
    });
  }

  /** The seconds between each two samples of the target from then until now: in the backend, whoever scraped it, or in Prometheus. */
  async gaps(from: number, of: Place = "backend"): Promise<number[]> {
    await this.scraped(seconds(), of); // what is written later than it is scraped isn't a gap
    const to = seconds();
    const series = await this[of].query(`up{job="${this.options.job}"}[${to - from}s]`, to);
    assert.equal(series.length, 1, "the target's series has other labels than before");
    const at = numbers(series[0]).map(([time]) => time);
    assert.ok(at.length > 1, `${at.length} samples in ${to - from} s`);
    return at.slice(1).map((time, i) => time - at[i]);
  }

  /** That from then until now somebody scraped the target, whoever it was. */
  async noGap(from: number): Promise<void> {
    const longest = Math.max(...(await this.gaps(from)));
    assert.ok(longest <= 2 * this.options.interval, `nobody scraped for ${longest} s`);
  }

  /** That Prometheus, once it has let go of a backend that is deleted, has scraped on: before, it waits twice for `--storage.remote.flush-deadline`. */
  async letGo(from: number): Promise<void> {
    await until("Prometheus has read that it writes to nobody", 300, async () => {
      const { yaml } = await this.prometheus.get<{ yaml: string }>("status/config");
      return /^remote_write:/m.test(yaml) ? undefined : true;
    });
    const longest = Math.max(...(await this.gaps(from, "prometheus")));
    note(`Prometheus scraped nothing for ${longest} s when ${this.title} went`);
    assert.ok(longest <= 50 + 2 * this.options.interval, `Prometheus scraped nothing for ${longest} s`);
  }

  /** When the oldest sample of the target was taken, of those that are there, in seconds; not a subquery, whose steps miss a target's only sample. */
  async oldest(of: Place): Promise<number> {
    const { job } = this.options;
    const series = await this[of].query(`up{job="${job}"}[2h]`);
    assert.notEqual(series.length, 0, `no sample of ${job} at all`);
    return Math.min(...series.flatMap((each) => numbers(each).map(([time]) => time)));
  }

  /** Waits until the newest sample there is younger than that. */
  async scraped(since: number, of: Place = "backend"): Promise<void> {
    await until(`new samples are in ${of === "backend" ? this.title : "Prometheus"}`, 300, async () => {
      const [newest] = await this[of].query(`min(timestamp(up{job="${this.options.job}"}))`);
      return Number(newest?.value?.[1]) > since ? true : undefined;
    });
  }
}

function none(what: string, samples: readonly string[]): void {
  assert.equal(samples.length, 0, `${samples.length} samples ${what}: ${samples.slice(0, 10).join("; ")}`);
}

/** Those that are a number: a quantile of nothing is none, and VictoriaMetrics doesn't keep it. */
const numbers = ({ values = [] }: Series): Sample[] => values.filter(([, value]) => !Number.isNaN(Number(value)));

const times = (series: readonly Series[]): string[] =>
  series.flatMap((each) =>
    numbers(each).map(([time]) => `${time} ${each.metric.__name__} ${each.metric.job} ${each.metric.instance}`),
  );

/** What of the first is in the second less often. */
function lacking(these: readonly string[], those: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const each of those) left.set(each, (left.get(each) ?? 0) + 1);
  return these.filter((each) => {
    const count = left.get(each) ?? 0;
    left.set(each, count - 1);
    return count <= 0;
  });
}
