import { piNodesRunArm64Images } from "./pi-nodes-run-arm64-images";
import { retentionRequiresDeleteRequestStore } from "./retention-requires-delete-request-store";

/** The policies of the pack. Importing this table (`policy/index`) starts nothing; `main.js`, the package's entry, serves them. */
export const policies = [retentionRequiresDeleteRequestStore, piNodesRunArm64Images];
