import type { types } from "@pulumi/kubernetes";
import { CronJob } from "@pulumi/kubernetes/batch/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { Application } from "../kubernetes/application";
import { container } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { scratch, uid } from "../object-storage/pod";
import type { ObjectStorage, StoragePod } from "../object-storage/types";
import type { RuleGroup } from "../rules/types";
import { secretEnv } from "../secrets/env";
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

const folder = "/backup";

/** Nothing but a key and a place. */
const none: StoragePod = { env: [], annotations: {}, volumes: [], volumeMounts: [] };

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
    const image = images["minio-mc"];
    const identity = { name: cronJobName, component: "backup", version: imageVersion(image) };
    const app = new Application(this, { environment, name: cronJobName, identity });
    const { schedule, to = "", endpoint = "", secret = "", resources } = settings;
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

    const key = {
      name: secret,
      keys: { AWS_ACCESS_KEY_ID: "AWS_ACCESS_KEY_ID", AWS_SECRET_ACCESS_KEY: "AWS_SECRET_ACCESS_KEY" },
      version: "",
    };
    const run = (script: string, { env, volumeMounts }: StoragePod, its = image): types.input.core.v1.Container =>
      container({
        ...{ name: script, image: its, command: ["sh", `${folder}/${script}.sh`], resources },
        env: [
          { name: "MC_CONFIG_DIR", value: "/tmp/mc" },
          secretEnv(key, "AWS_ACCESS_KEY_ID", "TARGET_ACCESS_KEY_ID"),
          secretEnv(key, "AWS_SECRET_ACCESS_KEY", "TARGET_SECRET_ACCESS_KEY"),
          ...env,
        ],
        volumeMounts: [{ name: "scripts", mountPath: folder, readOnly: true }, scratch.mount, ...volumeMounts],
      });
    const volumes = new Map(
      applications.flatMap(([, { pod }]) => pod.volumes.map((volume) => [JSON.stringify(volume), volume])),
    );
    const template = app.pod({
      ...placement(environment, victoriaMetrics ? [image, images["victoria-metrics"]] : [image]),
      securityContext: restrictedPod(uid),
      restartPolicy: "Never",
      initContainers: [
        run("begin", none),
        ...applications.map(([each, { pod }]) => run(each, pod)),
        ...(victoriaMetrics ? [run("samples", none, images["victoria-metrics"])] : []),
      ],
      containers: [run("end", none)],
      volumes: [{ name: "scripts", configMap: { name: app.name } }, scratch.volume, ...volumes.values()],
    });
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
