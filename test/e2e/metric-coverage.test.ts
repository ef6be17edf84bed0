import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { lacking, reportExcused, unseenByTests } from "../../e2e/support/metric-coverage";
import { temporaryFolder } from "../support/temporary-folder";

const unseen = (exporter: string, text: string) => lacking(exporter, text).unseen;

describe("The coverage of metrics", () => {
  it("names what an exporter lacks, and neither what it has nor what is excused with a reason", () => {
    const missing = unseen(
      "minio",
      'minio_cluster_usage_total_bytes{server="a"} 1\nminio_s3_requests_total 2\n# HELP x y',
    );
    assert(missing.includes("minio_cluster_capacity_usable_free_bytes"));
    assert(missing.includes("minio_cluster_drive_offline_total"), "a metric of alerts only");
    assert(!missing.includes("minio_cluster_usage_total_bytes"));
    assert(!missing.includes("minio_s3_requests_5xx_errors_total"));
  });

  it("leaves nothing out without a line in the run's summary, and excuses nothing that is there", () => {
    const file = join(temporaryFolder(), "notes");
    const before = process.env.E2E_NOTES;
    process.env.E2E_NOTES = file;
    try {
      reportExcused("node-exporter", lacking("node-exporter", "node_hwmon_temp_celsius 42"));
    } finally {
      if (before === undefined) delete process.env.E2E_NOTES;
      else process.env.E2E_NOTES = before;
    }
    assert.deepEqual(
      readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
      ["node_disk_io_time_seconds_total", "node_disk_read_bytes_total", "node_disk_written_bytes_total"].map(
        (name) => ({
          text: `${name} of node-exporter`,
          why: "needs a disk of its own",
        }),
      ),
    );
  });

  it("doesn't take a name for another that begins alike, or for a comment", () => {
    const text = "# TYPE minio_s3_requests_total counter\nminio_s3_requests_total_more 1";
    assert(unseen("minio", text).includes("minio_s3_requests_total"));
  });

  it("asks of kube-state-metrics and Alloy what rules name, too, and of neither what is recorded or another's", () => {
    assert(unseen("kube-state-metrics", "").includes("kube_statefulset_status_replicas_ready"));
    assert(unseen("alloy", "").includes("loki_write_dropped_entries_total"));
    for (const exporter of ["kube-state-metrics", "alloy"])
      assert.deepEqual(
        unseen(exporter, "").filter((name) => !/^(kube|alloy|loki)_[a-z_]+$/.test(name)),
        [],
      );
  });

  it("asks of each exporter which test sees it", () => {
    assert.equal(unseenByTests("kubelet"), false);
    assert.equal(unseenByTests("a new one"), true);
  });
});
