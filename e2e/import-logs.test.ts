import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { LogProcesses } from "./support/log-processes";

// Three weeks of Airflow's files, a real Loki, and the command between them: refused, killed twice, to the end, and once more with what grew.

const root = resolve(__dirname, "..");
const day = 86_400_000;
const midnight = Math.floor(Date.now() / day) * day;
const days = 21;
/** Longer than what a query may cover (`loki.limits.maxQueryLength`). */
const retention = "45d";

const text = (at: number, what: string) =>
  `[${new Date(at).toISOString().replace("Z", "+0000")}] {taskinstance.py:1103} INFO - ${what}`;
const json = (at: number, what: string) =>
  `{"timestamp":"${new Date(at).toISOString().replace("Z", "123Z")}","level":"info","event":${JSON.stringify(what)}}`;
const old = (at: number, what: string) =>
  `[${new Date(at).toISOString().replace("T", " ").replace(".", ",").replace("Z", "")}] {base.py:7} INFO - ${what}`;

const traceback = ["Traceback (most recent call last):", '  File "a.py", line 1, in <module>', "", "ValueError: ü"];

/** Path → lines. Two mapped tasks write the same at the same time, and tasks of a DAG beside one another. */
function filesOf(ago: number): Record<string, string[]> {
  const start = midnight - ago * day + 6 * 3_600_000;
  const run = new Date(start).toISOString();
  const lines = (write: typeof text, from: number, count: number, apart: number) =>
    Array.from({ length: count }, (_, i) => write(from + i * apart, `step ${i} of ${count}`));
  const etl = `dag_id=etl/run_id=scheduled__${run}`;
  return {
    [`${etl}/task_id=load/attempt=1.log`]: [...lines(text, start, 300, 20_000), ...traceback],
    [`${etl}/task_id=load/attempt=2.log`]: lines(text, start + 6_100_000, 200, 1),
    [`${etl}/task_id=mapped/map_index=0/attempt=1.log`]: lines(text, start, 100, 0),
    [`${etl}/task_id=mapped/map_index=1/attempt=1.log`]: lines(text, start, 100, 0),
    [`dag_id=new/run_id=manual__${run}/task_id=say/attempt=1.log`]: lines(json, start + 1000, 150, 60_000),
    [`old_dag/extract/${run}/1.log`]: lines(old, start, 50, 600_000),
    [`scheduler/${run.slice(0, 10)}/etl.py.log`]: lines(text, start - 3_600_000, 100, 500_000),
  };
}

describe("import-logs, with the real Loki", function () {
  this.timeout("10m");
  const folder = mkdtempSync(join(tmpdir(), "import-logs-"));
  const [logs, journal] = [join(folder, "logs"), join(folder, "journal.jsonl")];
  let processes: LogProcesses | undefined;
  const written = new Map<string, string[]>();

  const write = (path: string, lines: string[]) => {
    mkdirSync(dirname(join(logs, path)), { recursive: true });
    appendFileSync(join(logs, path), lines.map((line) => `${line}\n`).join(""));
    written.set(path, [...(written.get(path) ?? []), ...lines]);
  };
  before(async () => {
    for (let ago = days; ago > 0; ago--) for (const [path, lines] of Object.entries(filesOf(ago))) write(path, lines);
    const limits = { rejectOldSamplesMaxAge: retention };
    processes = await LogProcesses.start(
      folder,
      settingsSchema.parse({ loki: { retention, limits, logAlerts: false } }).loki,
    );
  });
  after(async () => {
    await processes?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts the command as its own process. */
  function command(...more: string[]) {
    const words = ["--stack=sandbox", `--config=loki.retention=${retention}`, `--from=${logs}`, `--journal=${journal}`];
    const options = [`--loki=${processes!.lokiUrl}`, "--settle=240", "--patience=60", ...more];
    const args = ["--require", "tsx/cjs", "commands/import-logs/cli.ts", ...words, ...options];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += String(part)));
    const ended = once(child, "close").then(([code]) => ({ code: code as number | null, said }));
    return { kill: (signal: NodeJS.Signals) => child.kill(signal), ended };
  }

  const confirmed = () => (existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length : 0);
  const total = () => [...written.values()].reduce((sum, lines) => sum + lines.length, 0);

  async function stored(selector: string): Promise<{ at: bigint; line: string; labels: Record<string, string> }[]> {
    const [start, end] = [`${midnight - (days + 1) * day}000000`, `${Date.now()}000000`];
    const query = new URLSearchParams({ query: selector, start, end, limit: "5000", direction: "forward" });
    const answer = await fetch(`${processes!.lokiUrl}/loki/api/v1/query_range?${query}`);
    const { data } = JSON.parse(await answer.text()) as {
      data: { result: { stream: Record<string, string>; values: [string, string][] }[] };
    };
    return data.result
      .flatMap(({ stream, values }) => values.map(([at, line]) => ({ at: BigInt(at), line, labels: stream })))
      .sort((a, b) => (a.at < b.at ? -1 : 1));
  }

  it("refuses before the first line what Loki would refuse, and names the setting", async () => {
    const older = join(logs, "dag_id=etl", "run_id=older", "task_id=load");
    mkdirSync(older, { recursive: true });
    writeFileSync(join(older, "attempt=1.log"), `${text(midnight - 50 * day, "too old")}\n`);
    const { code, said } = await command("--config=loki.retention=60d").ended;
    assert.equal(code, 2, said);
    assert.match(
      said,
      /the oldest line is of .*older than 1080 hours\n→ set loki\.limits\.rejectOldSamplesMaxAge to 5[23]d/,
    );
    assert.equal(confirmed(), 0);
    rmSync(dirname(older), { recursive: true });
  });

  it("a dry run says what there is, and sends nothing", async () => {
    const { code, said } = await command("--dry-run").ended;
    assert.equal(code, 0, said);
    assert.match(said, new RegExp(`^${7 * days} files with .* to import, from .* on; 0 files imported already\n`));
    assert.equal(confirmed(), 0);
  });

  it("goes on where it was after it was killed, and after Ctrl-C", async () => {
    for (const signal of ["SIGKILL", "SIGINT"] as const) {
      const before = confirmed();
      const slow = command("--rate=150KB");
      await until("some requests are confirmed", 240, async () => confirmed() > before + 20 || undefined, 20);
      slow.kill(signal);
      const { code, said } = await slow.ended;
      assert.equal(code, signal === "SIGKILL" ? null : 2, said);
      if (signal === "SIGINT") assert.match(said, /stopped\n→ run it again/);
      // Meanwhile a file comes that is older than what Loki has of this DAG by now.
      write("dag_id=etl/run_id=older/task_id=load/attempt=1.log", [text(midnight - 30 * day, `after ${signal}`)]);
    }
  });

  it("Loki has every line, by day and DAG, none of them twice", async () => {
    const { code, said } = await command().ended;
    assert.equal(code, 0, said);
    assert.match(said, /\nLoki has every line\n$/);
    const rows = said.match(/^\d{4}-\d{2}-\d{2} .*✓$/gm)?.map((row) => row.split(/ {2,}/)) ?? [];
    assert.ok(rows.length >= days, said);
    for (const [, files, loki] of rows) assert.equal(loki, files, said);
    assert.equal(
      rows.reduce((sum, [, files]) => sum + Number(files.replaceAll(",", "")), 0),
      total(),
    );
  });

  it("a line has its time, its order, and what its path says", async () => {
    const run = `scheduled__${new Date(midnight - 5 * day + 6 * 3_600_000).toISOString()}`;
    const path = `dag_id=etl/run_id=${run}/task_id=load/attempt=1.log`;
    const found = await stored(`{job="import-logs", dag_id="etl", task_id="load"} | run_id="${run}" | try_number="1"`);
    assert.deepEqual(
      found.map(({ line }) => line),
      written.get(path),
    );
    const first = midnight - 5 * day + 6 * 3_600_000;
    found.slice(0, 300).forEach(({ at }, i) => assert.equal(Number(at / 1_000_000n), first + i * 20_000));
    assert.deepEqual(found[0].labels.namespace, "airflow");
    const mapped = await stored(`{job="import-logs", task_id="mapped"} | run_id="${run}"`);
    assert.equal(mapped.length, 200);
    assert.deepEqual(new Set(mapped.map(({ labels }) => labels.map_index)), new Set(["0", "1"]));
  });

  it("a second run brings only what has come since, and leaves a line that is half written", async () => {
    const [growing] = [...written.keys()].filter((path) => path.startsWith("dag_id=new/")).slice(-1);
    write(growing, [json(Date.now() - 60_000, "later"), json(Date.now() - 59_000, "and later")]);
    appendFileSync(join(logs, growing), '{"timestamp":"');
    write("dag_id=etl/run_id=late/task_id=load/attempt=1.log", [text(midnight - 4 * day, "a file that came late")]);
    const { code, said } = await command().ended;
    assert.equal(code, 0, said);
    assert.match(said, /\n3 lines sent\n/);
    assert.match(said, /\nLoki has every line\n$/);
    const again = await command().ended;
    assert.equal(again.code, 0, again.said);
    assert.match(again.said, /^1 file with 0\.0 MiB to import|^0 files with 0\.0 MiB to import/);
  });

  it("ends with 1 where Loki lacks what the journal has as sent, and says of how many days", async () => {
    const path = "dag_id=etl/run_id=lost/task_id=load/attempt=1.log";
    write(path, [text(midnight - 3 * day, "never sent")]);
    const { size } = statSync(join(logs, path));
    appendFileSync(journal, `${JSON.stringify({ read: { [path]: [size, `${midnight - 3 * day}000000`] } })}\n`);
    const { code, said } = await command("--settle=2").ended;
    rmSync(join(logs, path));
    written.delete(path);
    assert.equal(code, 1, said);
    assert.match(said, /\nLoki lacks lines of 1 day\n$/);
  });

  it("says what it can't take, and refuses to import again without its journal", async () => {
    mkdirSync(join(logs, "lost+found"));
    writeFileSync(join(logs, "lost+found", "x"), "?\n");
    const left = await command().ended;
    assert.equal(left.code, 1, left.said);
    assert.match(left.said, /✗ 1 file left out, not a path of this layout: lost\+found\/x/);
    rmSync(journal);
    const { code, said } = await command().ended;
    assert.equal(code, 2, said);
    assert.match(said, /Loki has lines of an earlier import, and its journal .* isn't here/);
  });
});
