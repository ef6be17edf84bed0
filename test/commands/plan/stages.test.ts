import { previewedOf } from "../../program/support/previews";
import { describePlans } from "./stages";

// Each graph is a run of the whole program: the other places of secrets and objects are in `e2e/plan-stages.test.ts`.
describePlans("1Password and MinIO", (config) => previewedOf("production", ...config));
