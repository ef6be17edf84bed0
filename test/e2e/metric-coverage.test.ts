import assert from "node:assert/strict";
import { unexplained, unseen } from "../../e2e/support/metric-coverage";

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

  it("doesn't take a name for another that begins alike, or for a comment", () => {
    const text = "# TYPE minio_s3_requests_total counter\nminio_s3_requests_total_more 1";
    assert(unseen("minio", text).includes("minio_s3_requests_total"));
  });

  it("asks of each exporter which test sees it, or why none does", () => {
    assert.equal(unexplained("kubelet"), false);
    assert.equal(unexplained("kube-state-metrics"), false);
    assert.equal(unexplained("a new one"), true);
  });
});
