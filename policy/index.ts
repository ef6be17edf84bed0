import type { Policy } from "./lib/policy";
import { bucketLifecyclesSpareData } from "./bucket-lifecycles-spare-data";
import { bucketsAreNotShared } from "./buckets-are-not-shared";
import { configurationFieldsAreKnown } from "./configuration-fields-are-known";
import { configurationsCanBeRead } from "./configurations-can-be-read";
import { containersAreRestricted } from "./containers-are-restricted";
import { crdsOutliveTheOperator } from "./crds-outlive-the-operator";
import { defaultDatasourceIsFed } from "./default-datasource-is-fed";
import { imagesArePinned } from "./images-are-pinned";
import { lokiConfigHasNoRemovedFields } from "./loki-config-has-no-removed-fields";
import { mimirStorageIsSeparate } from "./mimir-storage-is-separate";
import { monitorsFindAService } from "./monitors-find-a-service";
import { monitorsHaveDefinitions } from "./monitors-have-definitions";
import { noDestructiveProviderFlags } from "./no-destructive-provider-flags";
import { noForceDestroyInProduction } from "./no-force-destroy-in-production";
import { noPlaintextSecrets } from "./no-plaintext-secrets";
import { oneDefaultDatasource } from "./one-default-datasource";
import { piNodesRunArm64Images } from "./pi-nodes-run-arm64-images";
import { replicationFactorFitsReplicas } from "./replication-factor-fits-replicas";
import { replicationFactorSurvivesAWriter } from "./replication-factor-survives-a-writer";
import { retentionMeetsStackMinimum } from "./retention-meets-stack-minimum";
import { retentionRequiresDeleteRequestStore } from "./retention-requires-delete-request-store";
import { schemaIsTsdbV13 } from "./schema-is-tsdb-v13";
import { secretsStayInSecrets } from "./secrets-stay-in-secrets";
import { seriesHaveOneWriter } from "./series-have-one-writer";
import { settingsTakeEffect } from "./settings-take-effect";
import { statefulDataIsProtected } from "./stateful-data-is-protected";
import { victoriaMetricsIsOnALocalVolume } from "./victoria-metrics-is-on-a-local-volume";
import { victoriaMetricsIsOneProcess } from "./victoria-metrics-is-one-process";
import { workloadsHaveRequestsAndLimits } from "./workloads-have-requests-and-limits";

/** The policies of the pack. Importing this table (`policy/index`) starts nothing; `main.js`, the package's entry, serves them. */
export const policies: readonly Policy[] = [
  configurationsCanBeRead,
  configurationFieldsAreKnown,
  retentionRequiresDeleteRequestStore,
  lokiConfigHasNoRemovedFields,
  settingsTakeEffect,
  schemaIsTsdbV13,
  retentionMeetsStackMinimum,
  replicationFactorFitsReplicas,
  replicationFactorSurvivesAWriter,
  victoriaMetricsIsOneProcess,
  victoriaMetricsIsOnALocalVolume,
  seriesHaveOneWriter,
  mimirStorageIsSeparate,
  bucketsAreNotShared,
  bucketLifecyclesSpareData,
  oneDefaultDatasource,
  defaultDatasourceIsFed,
  monitorsFindAService,
  monitorsHaveDefinitions,
  secretsStayInSecrets,
  piNodesRunArm64Images,
  imagesArePinned,
  workloadsHaveRequestsAndLimits,
  containersAreRestricted,
  statefulDataIsProtected,
  noForceDestroyInProduction,
  noDestructiveProviderFlags,
  crdsOutliveTheOperator,
  noPlaintextSecrets,
];
