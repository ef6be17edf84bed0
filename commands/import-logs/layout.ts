/** What Loki gets to know about a file, from its path. */
export interface Source {
  /** Labels of its stream: few values each. */
  labels: Readonly<Record<string, string>>;
  /** Structured metadata of its lines: as many values as there are files. */
  metadata: Readonly<Record<string, string>>;
}

/** A time that a line begins with. */
export interface Stamp {
  /** Nanoseconds since 1970. */
  at: bigint;
  /** Nanoseconds that its last digit stands for. */
  precision: bigint;
}

/** How a program keeps its logs in files. */
export interface Layout {
  /**
   * What a file is.
   * @param path relative to the folder, with `/`
   * @returns its source; a text: why such a file is left out; undefined: it is no file of this layout
   */
  fileAt(path: string): Source | string | undefined;
  /** The time that a line begins with; undefined for a line that continues the one above, such as a traceback's. */
  stampOf(line: string): Stamp | undefined;
}

/** Path of a task's attempt since Airflow 2.3, before it, and of what the scheduler or the DAG processor says of a DAG's file. */
const airflowPaths: readonly RegExp[] = [
  /^dag_id=(?<dag_id>[^/]+)\/run_id=(?<run_id>[^/]+)\/task_id=(?<task_id>[^/]+)\/(?:map_index=(?<map_index>[^/]+)\/)?attempt=(?<try_number>\d+)\.log(?:\.(?<part>trigger\.\d+)\.log)?$/,
  /^(?<dag_id>[^/]+)\/(?<task_id>[^/]+)\/(?<run_id>\d{4}-\d{2}-\d{2}T[^/]+)\/(?<try_number>\d+)\.log$/,
  /^(?<component>scheduler|dag_processor)\/\d{4}-\d{2}-\d{2}\/(?<dag_file>.+)\.log$/,
];

/** Of what a path says, what has few values. The others would make a stream of every file. */
const airflowLabels = ["component", "dag_id", "task_id"];

/**
 * The logs of Apache Airflow's tasks and scheduler: `[logging] base_log_folder`, with the default `log_filename_template` of Airflow 1.10
 * to 3, in text or (since 3.0) JSON. Times without a zone are UTC, as Airflow's are in containers.
 * @see https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/logging-monitoring/logging-tasks.html
 */
const airflow: Layout = {
  fileAt(path) {
    if (path.startsWith("dag_processor_manager/")) return "statistics of the DAG processor, in rotated files";
    const groups = airflowPaths.map((shape) => shape.exec(path)?.groups).find((found) => found !== undefined);
    if (!groups) return undefined;
    const said = Object.entries({ component: "task", ...groups }).filter(([, value]) => value !== undefined);
    return {
      labels: Object.fromEntries(said.filter(([name]) => airflowLabels.includes(name))),
      metadata: Object.fromEntries(said.filter(([name]) => !airflowLabels.includes(name))),
    };
  },
  stampOf: (line) => stamp(/^\[(\d{4}-[^\]]{10,40})\]/.exec(line) ?? /^\{.{0,1000}?"timestamp": ?"([^"]+)"/.exec(line)),
};

const time = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))? ?(Z|[+-]\d{2}:?\d{2})?$/;

function stamp(found: RegExpExecArray | null): Stamp | undefined {
  const [, date, clock, fraction = "", zone = "Z"] = (found && time.exec(found[1])) ?? [];
  if (date === undefined) return undefined;
  const milliseconds = Date.parse(`${date}T${clock}${zone.replace(/^(...)(\d\d)$/, "$1:$2")}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return {
    at: BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, "0")),
    precision: 10n ** BigInt(9 - fraction.length),
  };
}

/** The layouts by the name that `--layout` gives them. */
export const layouts: Readonly<Record<string, Layout>> = { airflow };
