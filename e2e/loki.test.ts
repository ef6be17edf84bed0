import { describeLoki } from "./support/describe-loki";

describeLoki({
  mode: "single-binary",
  namespace: "e2e-loki-single",
  config: ["loki.mode=single-binary", "loki.singleBinary.replicas=1", "loki.caches.results.size=64Mi"],
  pods: ["loki-0"],
  cached: true,
});
