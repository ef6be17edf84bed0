import assert from "node:assert/strict";
import { Backup, type BackupArgs } from "../../../components/backup/backup";
import { images } from "../../../components/images";
import { environment } from "../../../components/kubernetes/environment";
import { podWith, storageOf, type ApplicationName } from "../../../components/object-storage/applications";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled } from "../../support/mocks";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs of any resource
type Any = any;

async function registered(
  more: Partial<BackupArgs> = {},
): Promise<{ cronJob: Any; scripts: Record<string, string>; component: Backup }> {
  const recorded = mockPulumi();
  const settings = settingsSchema.parse({
    backup: {
      enabled: true,
      to: "s3://backup/home",
      endpoint: "http://10.0.40.11:9000",
      secret: "backup-key",
      maxAge: "2d",
    },
  });
  const secret = (name: string) => ({
    ...{ name: `${name}-object-store`, version: "" },
    keys: { AWS_ACCESS_KEY_ID: "AWS_ACCESS_KEY_ID", AWS_SECRET_ACCESS_KEY: "AWS_SECRET_ACCESS_KEY" },
  });
  const of = <Name extends ApplicationName>(name: Name) =>
    storageOf(name, {
      connection: { endpoint: "http://minio:9000", region: "us-east-1", forcePathStyle: true },
      bucket: (use) => settings.buckets[use],
      pod: podWith(name, secret(name)),
    });
  const args = {
    settings: settings.backup,
    images: images({}, "minio-mc", "victoria-metrics"),
    ...more,
    storage: { loki: of("loki"), mimir: of("mimir") },
  };
  const component = new Backup("backup", { environment: environment(settings), ...args }, {});
  await settled();
  const found = (type: string) => recorded.resources.find((each) => each.type.endsWith(`:${type}`))!.inputs as Any;
  return { component, cronJob: found("CronJob"), scripts: found("ConfigMap").data };
}

describe("the backup by a schedule", () => {
  it("copies each application's buckets with its own key, one after the other, and says last what it has", async () => {
    const { cronJob, scripts } = await registered();
    const { initContainers, containers, restartPolicy } = cronJob.spec.jobTemplate.spec.template.spec;
    const all: Any[] = [...initContainers, ...containers];
    assert.deepEqual(
      all.map(({ name }) => name),
      ["begin", "loki", "mimir", "end"],
    );
    assert.deepEqual([cronJob.spec.concurrencyPolicy, restartPolicy], ["Forbid", "Never"]);
    const secrets = (each: Any): string[] =>
      each.env.flatMap(({ valueFrom }: Any) => valueFrom?.secretKeyRef?.name ?? []);
    assert.deepEqual(
      all.map((each) => [...new Set(secrets(each))]),
      [["backup-key"], ["backup-key", "loki-object-store"], ["backup-key", "mimir-object-store"], ["backup-key"]],
    );
    assert.deepEqual(Object.keys(scripts).sort(), ["begin.sh", "end.sh", "loki.sh", "mimir.sh"]);
    assert.match(scripts["end.sh"], /mc pipe --quiet "\$to\/buckets\.json"\nmc rm/);
    assert.doesNotMatch(
      scripts["begin.sh"] + scripts["loki.sh"] + scripts["mimir.sh"],
      /mc pipe --quiet "\$to\/buckets\.json"/,
    );
    // Its three buckets, each by its use.
    for (const use of ["mimirBlocks", "mimirRuler", "mimirAlertmanager"])
      assert.ok(scripts["mimir.sh"].includes(`$to/buckets/${use}"`));
  });

  it("copies VictoriaMetrics' samples where the stack has them, in VictoriaMetrics' own image, with an mc that it is lent", async () => {
    const victoriaMetrics = { url: "http://victoria-metrics.monitoring.svc:8428", retention: 86_400 };
    const { cronJob, scripts } = await registered({ victoriaMetrics });
    const { initContainers } = cronJob.spec.jobTemplate.spec.template.spec;
    assert.deepEqual(
      initContainers.map(({ name, image }: Any) => [name, image.replace(/^.*\/|:.*$/g, "")]),
      [
        ["begin", "mc"],
        ["loki", "mc"],
        ["mimir", "mc"],
        ["samples", "victoria-metrics"],
      ],
    );
    assert.match(scripts["samples.sh"], /\nvm=http:\/\/victoria-metrics\.monitoring\.svc:8428\n/);
    assert.match(scripts["begin.sh"], /cat "\$\(command -v mc\)" >"\$\{TMPDIR:-\/tmp\}\/tools\/mc"\n$/);
    assert.doesNotMatch((await registered()).scripts["begin.sh"], /tools/);
  });

  it("has an alert with the age that the settings allow", async () => {
    const { component } = await registered();
    const [{ expr }] = component.rules[0].rules as { expr: string }[];
    assert.match(expr, /cronjob="backup"\}\) > 172800$/);
  });
});
