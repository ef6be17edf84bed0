import { describeFire } from "../support/describe-fire";

// Few parts of it are others than Mimir's: for those a second fire takes too long in CI.

describeFire({ backend: "victoria-metrics", namespace: "e2e-fire-vm" });
