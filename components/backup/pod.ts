import type { types } from "@pulumi/kubernetes";
import type { Settings } from "../../settings/schema";
import type { Application } from "../kubernetes/application";
import { container } from "../kubernetes/container";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { scratch, uid } from "../object-storage/pod";
import type { StoragePod } from "../object-storage/types";
import { secretEnv } from "../secrets/env";

const folder = "/backup";

/** Nothing but a key and a place. */
const none: StoragePod = { env: [], annotations: {}, volumes: [], volumeMounts: [] };

/** What a backup's pod is made of. */
export interface BackupPodArgs {
  images: Record<"minio-mc" | "victoria-metrics", string>;
  settings: Pick<Settings["backup"], "secret" | "resources">;
  /** Whose buckets are copied, each with what its container needs for them. */
  applications: readonly (readonly [name: string, storage: { pod: StoragePod }])[];
  /** Whether VictoriaMetrics' samples are copied, too. */
  samples: boolean;
}

/**
 * The pod of one backup: one container after the other.
 * @param app whose ConfigMap has the scripts
 * @param args what it is made of
 */
export function backupPod(app: Application, args: BackupPodArgs): types.input.core.v1.PodTemplateSpec {
  const { images, settings, applications, samples } = args;
  const { secret = "", resources } = settings;
  const image = images["minio-mc"];
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
  // Applications of one object store may name the same volume.
  const volumes = new Map(
    applications.flatMap(([, { pod }]) => pod.volumes.map((volume) => [JSON.stringify(volume), volume])),
  );
  return app.pod({
    ...placement(app.environment, samples ? [image, images["victoria-metrics"]] : [image]),
    securityContext: restrictedPod(uid),
    restartPolicy: "Never",
    initContainers: [
      run("begin", none),
      ...applications.map(([each, { pod }]) => run(each, pod)),
      ...(samples ? [run("samples", none, images["victoria-metrics"])] : []),
    ],
    containers: [run("end", none)],
    volumes: [{ name: "scripts", configMap: { name: app.name } }, scratch.volume, ...volumes.values()],
  });
}
