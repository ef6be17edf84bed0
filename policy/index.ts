import { piNodesRunArm64Images } from "./pi-nodes-run-arm64-images";
import { retentionRequiresDeleteRequestStore } from "./retention-requires-delete-request-store";

/** The policies of the pack. `main.js` serves them; importing this table starts nothing. */
export const policies = [retentionRequiresDeleteRequestStore, piNodesRunArm64Images];
