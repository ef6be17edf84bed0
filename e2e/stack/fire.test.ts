import { describeFire } from "../support/describe-fire";

describeFire({ backend: "mimir", namespace: "e2e-fire" });
