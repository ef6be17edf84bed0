import { describeLoki } from "../support/describe-loki";

// Staging's own: three writers, readers and backends. Nine pods one after the other take their time.

describeLoki({
  mode: "simple-scalable",
  namespace: "e2e-loki-scalable",
  config: [],
  pods: ["loki-write-0", "loki-write-1", "loki-write-2"],
});
