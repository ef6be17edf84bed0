import { CronJob } from "@pulumi/kubernetes/batch/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { Application } from "../kubernetes/application";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import type { ObjectStorage } from "../object-storage/types";
import type { RuleGroup } from "../rules/types";
import { backupPod } from "./pod";
import { backupRules, cronJobName } from "./rules";
import { lendMc, samplesScript, type SamplesSource } from "./samples-script";
import { beginScript, copyScript, endScript } from "./script";

/** Arguments of {@link Backup}. */
export interface BackupArgs {
  environment: Environment;
  /** With `to`, `endpoint` and `secret`: the settings' rules see to it. */
  settings: Settings["backup"];
  images: Record<"minio-mc" | "victoria-metrics", string>;
  /** What is copied. */
  storage: Pick<ObjectStorage, "loki" | "mimir">;
  /** Whose samples are copied, too; default: the stack's stage has no VictoriaMetrics. */
  victoriaMetrics?: SamplesSource;
}

/**
 * Loki's and Mimir's buckets and VictoriaMetrics' samples, copied by a schedule, in the format that `npm run restore` reads.
 *
 * One container after the other: each application's key is in its own. The last one writes what the backup has, so that a copy that
 * failed or was ended is none.
 */
export class Backup extends pulumi.ComponentResource {
  /** The alert of a copy that is too old. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: BackupArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, images, storage, victoriaMetrics } = args;
    super("observability:backup:Backup", name, { environment, settings, images }, opts);
    const identity = { name: cronJobName, component: "backup", version: imageVersion(images["minio-mc"]) };
    const app = new Application(this, { environment, name: cronJobName, identity });
    const { schedule, to = "", endpoint = "" } = settings;
    const target = { stack: pulumi.getStack(), place: to.replace("s3://", ""), endpoint };
    const applications = [
      ["loki", storage.loki] as const,
      ...(storage.mimir ? [["mimir", storage.mimir] as const] : []),
    ];

    const scripts = {
      "begin.sh": beginScript(target) + (victoriaMetrics ? lendMc : ""),
      ...Object.fromEntries(applications.map(([each, its]) => [`${each}.sh`, copyScript(target, its)])),
      ...(victoriaMetrics && { "samples.sh": samplesScript(target, victoriaMetrics) }),
      "end.sh": endScript(target),
    };
    const configMap = app.configMap(scripts);
    const account = app.serviceAccount();

    const template = backupPod(app, { images, settings, applications, samples: victoriaMetrics !== undefined });
    app.connections.run(app.name, template);
    new CronJob(
      app.name,
      {
        metadata: app.metadata(),
        spec: {
          schedule,
          // Two at once would remove what the other one copies.
          concurrencyPolicy: "Forbid",
          startingDeadlineSeconds: 3600,
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 3,
          jobTemplate: { metadata: { labels: app.labels }, spec: { backoffLimit: 2, template } },
        },
      },
      { ...app.child, dependsOn: [configMap, account] },
    );
    this.rules = backupRules({ namespace: environment.namespace, maxAge: settings.maxAge });
    this.registerOutputs({});
  }
}
