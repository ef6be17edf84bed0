import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checks } from "../../verify/checks";
import type { Subject } from "../../verify/subject";
import { changes, table } from "../../verify/table";
import { isWell, verify, type Report, type Row, type VerifyOptions } from "../../verify/verify";
import { serve, stopAll } from "../preflight/stand-ins";
import {
  canary,
  hang,
  lokiAnswers,
  mimir,
  notifier,
  paths,
  pod,
  prometheusAnswers,
  queryable,
  queue,
  serveCluster,
  since,
  Status,
  stopClusters,
  subject,
  value,
  well,
  writer,
  type Content,
} from "./stand-in";

/** Everything well but for what a test changes. */
async function look(
  change: (content: Content, subject: Subject) => void = () => undefined,
  options: VerifyOptions = {},
): Promise<Report> {
  const content = well();
  const about = subject();
  change(content, about);
  const { api } = await serveCluster(content);
  return verify(about, api, options);
}

const row = ({ checks }: Report, id: string): Row =>
  checks.find((each) => each.id === id) ?? assert.fail(`no row ${id}`);
const failed = ({ checks }: Report) => checks.filter(({ result }) => result === "fail").map(({ id }) => id);

const prometheus = "services/kube-prometheus-stack-prometheus:9090";
const gateway = "services/loki-gateway:80";

/** Prometheus with other answers and metrics. */
const prometheusWith = (answers: Parameters<typeof queryable>[0], metrics = queue()) =>
  queryable([...answers, ...prometheusAnswers], metrics);

interface Case {
  id: string;
  /** What is wrong, as a sentence. */
  when: string;
  change: (content: Content, subject: Subject) => void;
  says: RegExp;
  /** Rows that fail beside this one, because they ask the same. */
  also?: string[];
}

const waiting = (reason: string) => ({ state: { waiting: { reason } }, ready: false, restartCount: 4 });

const cases: Case[] = [
  {
    id: "pods/statefulset/loki",
    when: "a workload is not there",
    change: ({ objects }) => delete objects[paths.loki],
    says: /^is not there$/,
    also: ["loki/ready"],
  },
  {
    id: "pods/statefulset/loki",
    when: "a workload was scaled by hand",
    change: ({ objects }) => ((objects[paths.loki] as { spec: { replicas: number } }).spec.replicas = 0),
    says: /^is scaled to 0, and the stack says 1/,
  },
  {
    id: "pods/statefulset/loki",
    when: "not all of its pods are ready",
    change: ({ objects }) => ((objects[paths.loki] as { status: { readyReplicas: number } }).status.readyReplicas = 0),
    says: /^ready 0\/1/,
  },
  {
    id: "pods/statefulset/loki",
    when: "an update has not replaced every pod",
    change: ({ objects }) => ((objects[paths.loki] as { metadata: { generation: number } }).metadata.generation = 2),
    says: /an update is on its way/,
  },
  {
    id: "pods/daemonset/loki-canary",
    when: "no node may run a DaemonSet",
    change: ({ objects }) =>
      ((objects[paths.canary] as { status: { desiredNumberScheduled: number } }).status.desiredNumberScheduled = 0),
    says: /^no node may run it/,
  },
  {
    id: "pods/job/minio-setup",
    when: "a Job has not succeeded",
    change: ({ objects }) =>
      (objects["/apis/batch/v1/namespaces/monitoring/jobs/minio-setup"] = { metadata: {}, spec: {}, status: {} }),
    says: /^not complete/,
  },
  {
    id: "loki/ready",
    when: "a pod of Loki is not ready",
    change: ({ programs }) =>
      (programs["pods/main-0:3100"] = (path) =>
        path === "/ready" ? new Status(503, "Ingester not ready: waiting for 15s") : writer()),
    says: /^main-0 answers 503: Ingester not ready: waiting for 15s$/,
  },
  {
    id: "loki/ready",
    when: "Loki's gateway has no pod",
    change: ({ programs }) => (programs[gateway] = () => new Status(503, { message: "no endpoints available" })),
    says: /^loki-gateway\..* answers 503: no endpoints available$/,
    also: ["loki/lines", "loki/chunks", "grafana/data-sources", "dashboards/loki"],
  },
  {
    id: "loki/lines",
    when: "pods of a namespace write and Loki has nothing of it",
    change: ({ objects, programs }) => {
      programs[gateway] = queryable([[/by \(namespace\)/, []], ...lokiAnswers]);
      objects[paths.log] = `${new Date(Date.now() - 600_000).toISOString()} a line`;
    },
    says: /Loki has none of monitoring$/,
  },
  {
    id: "loki/lines",
    when: "Loki has no line of any pod",
    change: ({ programs }) => (programs[gateway] = queryable([[/by \(namespace\)/, []], ...lokiAnswers])),
    says: /no line of any pod/,
  },
  {
    id: "loki/canary",
    when: "the canary misses lines, in the last hour too",
    change: ({ programs }) => {
      programs["pods/main-0:3500"] = queryable([], canary({ missing: 9 }));
      programs[prometheus] = prometheusWith([[/loki_canary/, [value(2.1)]]]);
    },
    says: /9 missing since their start, about 3 of them in the last hour$/,
  },
  {
    id: "loki/canary",
    when: "the canary misses lines, and no Prometheus can say when",
    change: ({ programs }, { sources, parts }) => {
      programs["pods/main-0:3500"] = queryable([], canary({ missing: 9 }));
      for (const each of ["prometheus", "mimir"] as const) {
        delete sources[each];
        delete parts[each];
      }
    },
    says: /no Prometheus can say when$/,
  },
  {
    id: "loki/canary",
    when: "no line of the canary has come back",
    change: ({ programs }) => (programs["pods/main-0:3500"] = queryable([], canary({ readBack: 0 }))),
    says: /no line has made its way to Loki and back$/,
  },
  {
    id: "loki/chunks",
    when: "nothing was stored and nothing old is found",
    change: ({ programs }) => {
      programs["pods/main-0:3100"] = queryable([], writer({ flushed: 0, failures: 3 }));
      programs[gateway] = queryable([[/offset 4h/, []], ...lokiAnswers]);
    },
    says: /^0 chunks stored and 3 failures since/,
  },
  {
    id: "mimir/ready",
    when: "Mimir replays its log",
    change: ({ programs }) => (programs["pods/main-0:9009"] = () => new Status(503, "Some services are not Running")),
    says: /503: Some services are not Running$/,
  },
  {
    id: "mimir/targets",
    when: "Mimir lacks a target",
    change: ({ programs }) =>
      (programs["services/mimir:9009"] = mimir([
        [/^count by \(job\)/, [value(2, { job: "node-exporter" }), value(1, { job: "mimir" })]],
      ])),
    says: /^node-exporter 3 in Prometheus and 2 in Mimir, 1 min ago, and 4 more$/,
  },
  {
    id: "mimir/targets",
    when: "Prometheus has no targets",
    change: ({ programs }) => {
      programs[prometheus] = prometheusWith([[/^count by \(job\)/, []]]);
      programs["services/mimir:9009"] = mimir([[/^count by \(job\)/, []]]);
    },
    says: /^Prometheus has no target$/,
  },
  {
    id: "mimir/rates",
    when: "Mimir takes a good deal less than Prometheus sends",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([[/distributor_received/, [value(880)]]])),
    says: /sends 1,000 samples\/s, Mimir takes 880 samples\/s; a difference of 10 % is allowed$/,
  },
  {
    id: "mimir/rates",
    when: "nobody scrapes Mimir",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([[/distributor_received/, []]])),
    says: /no metrics of Mimir's distributor/,
  },
  {
    id: "mimir/remote-write",
    when: "Prometheus is behind",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([], queue({ behind: 340, pending: 51_200 }))),
    says: /^34\d s behind, 51,200 samples waiting/,
  },
  {
    id: "mimir/remote-write",
    when: "samples were given up in the last hour",
    change: ({ programs }) =>
      (programs[prometheus] = prometheusWith([[/increase.*remote_storage/, [value(20)]]], queue({ failed: 500 }))),
    says: /500 given up since Prometheus's start, about 20 of them in the last hour$/,
  },
  {
    id: "mimir/remote-write",
    when: "Prometheus has no remote_write",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([], "up 1")),
    says: /^Prometheus has no remote_write to Mimir/,
  },
  {
    id: "mimir/oldest",
    when: "Mimir has nothing",
    change: ({ programs }) => (programs["services/mimir:9009"] = mimir([[/^count\(count_over_time/, []]])),
    says: /^Mimir has no sample/,
  },
  {
    id: "alertmanager/ready",
    when: "Alertmanager is not ready",
    change: ({ programs }) => (programs["services/alertmanager:9093"] = () => new Status(500, "no")),
    says: /^alertmanager\..* answers 500: no$/,
    also: ["alertmanager/watchdog", "grafana/data-sources"],
  },
  {
    id: "alertmanager/watchdog",
    when: "Watchdog does not fire",
    change: ({ programs }) => (programs["services/alertmanager:9093"] = queryable([], "", { "/api/v2/alerts": [] })),
    says: /^Alertmanager has no alert Watchdog/,
  },
  {
    id: "alertmanager/notifications",
    when: "the dead man's switch was never reached",
    change: ({ programs }) => (programs["pods/main-0:9093"] = queryable([], notifier({ beats: 0 }))),
    says: /Watchdog has not reached the dead man's switch$/,
  },
  {
    id: "alertmanager/notifications",
    when: "notifications failed in the last hour",
    change: ({ programs }) => {
      programs["pods/main-0:9093"] = queryable([], notifier({ failed: 2 }));
      programs[prometheus] = prometheusWith([[/notifications_failed/, [value(1)]]]);
    },
    says: /2 failed since Alertmanager's start, about 1 of them in the last hour$/,
  },
  {
    id: "grafana/health",
    when: "Grafana's database is broken",
    change: ({ programs }) => (programs["services/grafana:3000"] = () => ({ database: "failing" })),
    says: /^its database is failing$/,
  },
  {
    id: "grafana/data-sources",
    when: "a data source leads nowhere",
    change: (_, { sources }) => (sources.alertmanager = "http://nobody.monitoring.svc:9093"),
    says: /^alertmanager: nobody\.monitoring\.svc:9093 answers 404/,
    also: ["alertmanager/ready", "alertmanager/watchdog"],
  },
  {
    id: "dashboards/prometheus",
    when: "a panel's query is wrong",
    change: ({ programs }) => {
      const good = prometheusWith([]);
      programs[prometheus] = (path, parameters) =>
        parameters.get("query") === "node_cpu"
          ? new Status(400, { status: "error", error: "parse error: unexpected end" })
          : good(path, parameters);
    },
    says: /1 error$/,
  },
  {
    id: "dashboards/loki",
    when: "a panel's query of lines is wrong",
    change: ({ programs }) => {
      const good = queryable(lokiAnswers);
      programs[gateway] = (path, parameters) =>
        parameters.get("query") === '{app="x"}' ? new Status(400, "parse error") : good(path, parameters);
    },
    says: /1 error$/,
  },
];

describe("verify", () => {
  afterEach(async () => {
    stopClusters();
    await stopAll();
  });

  it("passes every row where everything is as it should be, and writes nothing", async () => {
    const content = well();
    const { api } = await serveCluster(content);
    const report = await verify(subject(), api, { requireDays: 7 });
    assert.deepEqual(
      report.checks.filter(({ result }) => result !== "pass"),
      [],
    );
    assert.ok(checks.every(({ id }) => report.checks.some((each) => each.id === id)));
    assert.ok(content.seen.every((request) => request.startsWith("GET ")));
    assert.ok(Math.abs((report.oldestSampleDays ?? 0) - 10) < 0.01, `${report.oldestSampleDays} days`);
    assert.equal(report.daysWithoutGap, 7);
  });

  for (const { id, when, change, says, also = [] } of cases)
    it(`says so in ${id}, and what to do, when ${when}`, async () => {
      const report = await look(change);
      const { result, detail, todo } = row(report, id);
      assert.equal(result, "fail", detail);
      assert.match(detail, says);
      assert.ok(todo, "there is nothing to do");
      assert.deepEqual(failed(report).sort(), [id, ...also].sort());
    });

  it("has a failing case for every row of the checklist", () => {
    assert.deepEqual(
      checks.filter(({ id }) => !cases.some((each) => each.id === id)).map(({ id }) => id),
      [],
    );
  });

  describe("of a pod that doesn't stay up", () => {
    const podsAre = (container: object, log?: string) => (content: Content) => {
      content.objects[paths.pods] = { items: [pod("main-0", container)] };
      if (log !== undefined) content.objects[paths.log] = log;
    };

    it("tells the state, the restarts and the last line of its log", async () => {
      const report = await look(podsAre(waiting("CrashLoopBackOff"), "starting\nCONFIG ERROR: no store\n"));
      assert.match(
        row(report, "pods/statefulset/loki").detail,
        /main-0\/main CrashLoopBackOff, restarted 4 times: “CONFIG ERROR: no store”$/,
      );
    });

    it("tells the message that the container left, rather than its log", async () => {
      const terminated = { exitCode: 1, message: "out of disk" };
      const report = await look(podsAre({ ...waiting("CrashLoopBackOff"), lastState: { terminated } }, "a log"));
      assert.match(row(report, "pods/statefulset/loki").detail, /“out of disk”$/);
    });

    it("is not deceived by one that runs between two crashes", async () => {
      const running = { startedAt: new Date().toISOString() };
      const between = {
        state: { running },
        restartCount: 5,
        lastState: { terminated: { exitCode: 1, message: "no" } },
      };
      const report = await look(podsAre(between));
      assert.match(row(report, "pods/statefulset/loki").detail, /restarted 5 times, the last time \d+ s ago: “no”$/);
    });

    it("says why one is not scheduled", async () => {
      const report = await look(({ objects }) => {
        const unscheduled = pod("main-0");
        unscheduled.status.conditions = [
          { type: "PodScheduled", status: "False", message: "0/3 nodes: Insufficient memory" } as never,
        ];
        objects[paths.pods] = { items: [unscheduled] };
      });
      assert.match(row(report, "pods/statefulset/loki").detail, /main-0 is not scheduled: 0\/3 nodes/);
    });

    it("takes old restarts for what they are", async () => {
      const report = await look(podsAre({ restartCount: 3 }));
      assert.equal(row(report, "pods/statefulset/loki").result, "pass");
      assert.match(row(report, "pods/statefulset/loki").detail, /3 restarts/);
    });
  });

  describe("passes", () => {
    const passes = async (id: string, says: RegExp, change: Case["change"]) => {
      const { result, detail } = row(await look(change), id);
      assert.equal(result, "pass", detail);
      assert.match(detail, says);
    };

    it("a namespace whose pods wrote nothing, or nothing that has had time to arrive", () =>
      passes("loki/lines", /1 namespace with lines; no pod wrote any in quiet$/, ({ objects }) => {
        const elsewhere = (namespace: string) => ({ ...pod("p"), metadata: { name: "p", namespace } });
        objects[paths.allPods] = { items: [pod("main-0"), elsewhere("quiet"), elsewhere("noisy")] };
        objects["/api/v1/namespaces/quiet/pods/p/log"] = `${new Date().toISOString()} just now`;
      }));

    it("a loss of lines that was long ago", () =>
      passes("loki/canary", /9 missing since their start, none in the last hour$/, ({ programs }) => {
        programs["pods/main-0:3500"] = queryable([], canary({ missing: 9 }));
      }));

    it("a Loki that was just restarted and finds old lines in the bucket", () =>
      passes("loki/chunks", /^3,600 lines of four to five hours ago come from the bucket/, ({ programs }) => {
        programs["pods/main-0:3100"] = queryable([], writer({ flushed: 0 }));
      }));

    it("a young Loki that has stored chunks", () =>
      passes("loki/chunks", /^7 chunks stored and 0 failures/, ({ programs }) => {
        programs[gateway] = queryable([[/offset 4h/, []], ...lokiAnswers]);
      }));

    it("samples given up long ago", () =>
      passes("mimir/remote-write", /none in the last hour$/, ({ programs }) => {
        programs[prometheus] = prometheusWith([], queue({ failed: 500 }));
      }));

    it("an Alertmanager that tells nobody, and says so", () =>
      passes("alertmanager/notifications", /nobody is told/, ({ programs }, { told }) => {
        Object.assign(told, { people: false, heartbeat: false });
        programs["pods/main-0:9093"] = () => new Status(500);
      }));

    it("panels without data, and lists them", async () => {
      const report = await look(({ programs }) => (programs[prometheus] = prometheusWith([[/node_cpu/, []]])));
      const { result, detail, notes } = row(report, "dashboards/prometheus");
      assert.equal(result, "pass");
      assert.equal(detail, "1 query, 1 without data");
      assert.deepEqual(notes, ["no data: Nodes: CPU"]);
    });
  });

  it("asks an Alertmanager outside the cluster directly", async () => {
    const seen: (string | undefined)[] = [];
    const address = await serve(({ url }) => {
      seen.push(url);
      return { body: url?.startsWith("/am/api/v2/alerts") ? [] : {} };
    });
    const report = await look((_, { sources }) => (sources.alertmanager = `http://${address}/am/`));
    assert.ok(seen.includes("/am/-/ready"));
    assert.equal(row(report, "alertmanager/ready").result, "pass");
    assert.equal(row(report, "alertmanager/watchdog").result, "fail");
  });

  it("sends a query that is too long for an address as a form", async () => {
    const content = well();
    const about = subject();
    about.panels[0].expr = `node_cpu{pod=~"${"x".repeat(20_000)}"}`;
    const { api } = await serveCluster(content);
    const { notes } = row(await verify(about, api), "dashboards/prometheus");
    assert.equal(notes, undefined, "the query did not arrive whole");
    assert.ok(
      content.seen.some((request) =>
        /^POST .*kube-prometheus-stack-prometheus:9090\/proxy\/api\/v1\/query$/.test(request),
      ),
    );
  });

  it("gives up on what doesn't answer, and still has every other row", async () => {
    const report = await look(({ programs }) => (programs["pods/main-0:9009"] = () => hang), { deadline: 0.5 });
    assert.deepEqual(failed(report), ["mimir/ready"]);
    assert.match(row(report, "mimir/ready").detail, /didn't answer within 0\.5 s/);
  });

  describe("on a cluster that can't run everything", () => {
    it("doesn't run what it can't, with the reason, and asks the rest", async () => {
      const report = await look((_, about) => {
        about.parts.prometheus = { notRun: "no chart" };
        about.workloads[0].notRun = "no image";
      });
      const notRun = report.checks.filter(({ result }) => result === "not-run");
      assert.deepEqual(
        notRun.map(({ id, detail }) => `${id}: ${detail}`),
        [
          "pods/statefulset/loki: no image",
          ...["mimir/targets", "mimir/rates", "mimir/remote-write", "dashboards/prometheus"].map(
            (id) => `${id}: no chart`,
          ),
        ],
      );
      assert.ok(isWell(report));
      assert.deepEqual(row(report, "grafana/data-sources").notes, ["prometheus not asked: no chart"]);
    });

    it("has no row of what the stack doesn't have", async () => {
      const report = await look((_, { parts, sources }) => {
        delete parts.mimir;
        delete sources.mimir;
      });
      assert.deepEqual(
        report.checks.filter(({ id }) => id.startsWith("mimir/")),
        [],
      );
      assert.deepEqual(failed(report), []);
    });
  });

  it("finds the oldest sample of a Mimir that begins every range at its retention", async () => {
    const report = await look(
      ({ programs }) =>
        (programs["services/mimir:9009"] = mimir([[/^count\(count_over_time/, since(5 * 3600, 7 * 86_400)]])),
    );
    assert.ok(Math.abs((report.oldestSampleDays ?? 0) - 5 / 24) < 0.01, `${report.oldestSampleDays} days`);
  });

  describe("as the gate", () => {
    const days = (n: number) => n * 86_400;
    const gate = async (change: Case["change"]) => row(await look(change, { requireDays: 7 }), "gate/days");

    it("refuses when Mimir's oldest sample is not old enough", async () => {
      const { result, detail } = await gate(
        ({ programs }) => (programs["services/mimir:9009"] = mimir([[/^count\(count_over_time/, since(days(6.5))]])),
      );
      assert.equal(result, "fail");
      assert.match(detail, /^the oldest sample is 6\.5 days old, 6 whole days without a gap; 7 are required$/);
    });

    it("refuses when Mimir lacks a part of a day, and says of which", async () => {
      const { result, detail, notes } = await gate(({ programs }) => {
        const threeDaysAgo = (parameters: URLSearchParams) =>
          Number(parameters.get("time")) < Date.now() / 1000 - days(2.5)
            ? [value(8000, { job: "node-exporter" })]
            : [value(8640, { job: "node-exporter" })];
        programs["services/mimir:9009"] = mimir([[/^sum by \(job\)/, threeDaysAgo]]);
      });
      assert.equal(result, "fail");
      assert.match(detail, /3 whole days without a gap; 7 are required$/);
      assert.match(notes?.[0] ?? "", /^the day up to \S+: node-exporter 8000 of 8640 samples$/);
    });

    it("lets pass a few samples less: a restart is no gap", async () => {
      const { result } = await gate(
        ({ programs }) =>
          (programs["services/mimir:9009"] = mimir([[/^sum by \(job\)/, [value(8630, { job: "node-exporter" })]]])),
      );
      assert.equal(result, "pass");
    });

    it("refuses what can't be known, on whatever cluster", async () => {
      const { result } = await gate((_, { parts, sources }) => {
        parts.prometheus = { notRun: "no chart" };
        delete sources.prometheus;
      });
      assert.equal(result, "fail");
    });
  });

  it("shows a table with what to do, and of a later report what changed", async () => {
    const good = await look();
    const bad = await look(({ objects }) => delete objects[paths.loki]);
    assert.match(table(good), /✓ StatefulSet loki +ready 1\/1, loki\.monitoring:3100\n/);
    assert.match(table(good), /\nStack test, stage dual-write: \d+ ✓, 0 ✗, 0 not run\.$/);
    assert.match(table(bad), /✗ StatefulSet loki +is not there\n +→ bring the stack up/);
    assert.deepEqual(
      changes(good, bad).map((text) => text.split("\n")[0]),
      ["✗ StatefulSet loki  is not there", "✗ Loki is ready  no pod is there to be asked"],
    );
    assert.deepEqual(changes(bad, bad), []);
  });

  it("is documented row by row", () => {
    const text = readFileSync(join(__dirname, "../../docs/verify.md"), "utf8");
    const rows = checks.map(({ title, asks, todo }) => `| ${title} | ${asks} | ${todo} |`);
    const documented = [...text.matchAll(/^\| .* \| .* \| .* \|$/gm)].map(([line]) => line).slice(1);
    assert.deepEqual(
      documented,
      rows,
      "write the table between the marks of docs/verify.md anew from verify/checks.ts",
    );
  });
});
