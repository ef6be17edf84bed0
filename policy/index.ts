import type { Policy } from "./lib/policy";
import { lokiConfigHasNoRemovedFields } from "./loki-config-has-no-removed-fields";
import { mimirStorageIsSeparate } from "./mimir-storage-is-separate";
import { oneDefaultDatasource } from "./one-default-datasource";
import { piNodesRunArm64Images } from "./pi-nodes-run-arm64-images";
import { replicationFactorFitsReplicas } from "./replication-factor-fits-replicas";
import { replicationFactorSurvivesAWriter } from "./replication-factor-survives-a-writer";
import { retentionMeetsStackMinimum } from "./retention-meets-stack-minimum";
import { retentionRequiresDeleteRequestStore } from "./retention-requires-delete-request-store";
import { schemaIsTsdbV13 } from "./schema-is-tsdb-v13";
import { secretsStayInSecrets } from "./secrets-stay-in-secrets";

/** The policies of the pack. Importing this table (`policy/index`) starts nothing; `main.js`, the package's entry, serves them. */
export const policies: readonly Policy[] = [
  retentionRequiresDeleteRequestStore,
  lokiConfigHasNoRemovedFields,
  schemaIsTsdbV13,
  retentionMeetsStackMinimum,
  replicationFactorFitsReplicas,
  replicationFactorSurvivesAWriter,
  mimirStorageIsSeparate,
  oneDefaultDatasource,
  secretsStayInSecrets,
  piNodesRunArm64Images,
];
