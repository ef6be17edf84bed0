import assert from "node:assert/strict";
import { checklist } from "../../../lab/sandbox/checklist";
import { isWell } from "../../../commands/verify/verify";
import { prometheusAnswers, queryable, queue, clusterOf, subject, value, well } from "../../commands/verify/stand-in";

describe("The checklist of a sandbox", () => {
  it("waits for a second scrape of every target, without which half of the panels are empty, and says so once", async () => {
    const about = subject("dual-write");
    const content = well(about);
    let asked = 0;
    const scrapes = () => [value(++asked < 3 ? 1 : 2)];
    content.programs["services/kube-prometheus-stack-prometheus:9090"] = queryable(
      [[/^min\(count_over_time\(up/, scrapes], ...prometheusAnswers],
      queue(),
    );
    const api = clusterOf(content);
    const said: string[] = [];
    const report = await checklist({ subject: about, api }, { every: 1, progress: (line) => said.push(line) });
    assert.ok(isWell(report));
    assert.equal(asked, 3);
    assert.deepEqual(said, ["waiting for: a second scrape of every target"]);
  });

  it("names the rows that it waits for, and gives the last report at its deadline", async () => {
    const about = subject("dual-write");
    const content = well(about);
    delete content.programs["services/alertmanager:9093"];
    const api = clusterOf(content);
    const said: string[] = [];
    const report = await checklist(
      { subject: about, api },
      { seconds: 0, every: 1, progress: (line) => said.push(line) },
    );
    assert.ok(!isWell(report));
    assert.match(said[0], /^waiting for: .*Watchdog fires/);
  });

  it("doesn't wait for scrapes where Prometheus can't run", async () => {
    const about = subject("loki");
    about.parts.prometheus = about.parts.metrics = { notRun: "no chart" };
    const api = clusterOf(well(about));
    assert.ok(isWell(await checklist({ subject: about, api }, { seconds: 0, every: 1 })));
  });
});
