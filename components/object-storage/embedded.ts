import { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { Job } from "@pulumi/kubernetes/batch/v1";
import { ConfigMap, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checksum } from "../kubernetes/checksum";
import { serviceHost } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedContainer, restrictedPod } from "../kubernetes/security";
import { serviceMonitor } from "../kubernetes/service-monitor";
import { retainVolumes, volumeClaim } from "../kubernetes/storage";
import { secretEnv } from "../secrets/env";
import type { SecretRef } from "../secrets/types";
import { applicationNames, applications, storageOf, type ApplicationName } from "./applications";
import { metricsPath, minioRules } from "./rules";
import { keyVariables, setupFiles } from "./setup";
import type { LokiStorage, MimirStorage, ObjectStorage, ObjectStorageArgs } from "./types";

type EmbeddedArgs = ObjectStorageArgs<"embedded">;
type Credentials = Record<ApplicationName, SecretRef>;

const server = { name: "minio", component: "server" };
const setup = { name: "minio", component: "setup" };
const port = 9000;
const setupDirectory = "/setup";
const uid = 1000;
const scratch = { volume: { name: "tmp", emptyDir: {} }, mount: { name: "tmp", mountPath: "/tmp" } };

/**
 * MinIO inside the cluster, on one volume: for staging and for a sandbox, whose logs may be lost with a node's disk.
 *
 * A Job makes buckets, users and policies, because the MinIO provider can't reach a server that the same update creates.
 *
 * The image is the last one that was published, RELEASE.2025-09-07. It is open to CVE-2025-62506: a key restricted by a session policy could
 * make itself one that is not. No such key exists here, and the applications' users may not make keys at all: see README.md.
 *
 * @see https://github.com/advisories/GHSA-jjjj-jwhf-8rgr
 */
export class Embedded extends pulumi.ComponentResource implements ObjectStorage {
  readonly loki: LokiStorage;
  readonly mimir: MimirStorage;
  readonly rules = minioRules;
  readonly targets = [];
  readonly #args: EmbeddedArgs;
  readonly #url: string;

  constructor(name: string, args: EmbeddedArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, buckets, images, secrets } = args;
    super("observability:object-storage:Embedded", name, { environment, settings, buckets, images }, opts);
    this.#args = args;
    this.#url = `http://${serviceHost(environment, server.name)}:${port}`;

    const administrator = secrets.mount("objectStoreAdmin", () => ({
      MINIO_ROOT_USER: "object-store-admin",
      MINIO_ROOT_PASSWORD: secrets.generate("object-store-admin"),
    }));
    const credentials = Object.fromEntries(
      applicationNames.map((application) => [application, this.#credentials(application)]),
    ) as Credentials;

    const running = this.#server(administrator);
    const reachable = this.#service();
    this.#setup(administrator, credentials, [running, reachable]);
    this.#monitor();

    const connection = { endpoint: this.#url, region: settings.region, forcePathStyle: true };
    this.loki = storageOf("loki", connection, buckets, credentials.loki);
    this.mimir = storageOf("mimir", connection, buckets, credentials.mimir);
    this.registerOutputs({});
  }

  #credentials(application: ApplicationName): SecretRef {
    const { secrets } = this.#args;
    const username = `${pulumi.getStack()}-${application}`;
    return secrets.mount(applications[application].secret, () => ({
      AWS_ACCESS_KEY_ID: username,
      AWS_SECRET_ACCESS_KEY: secrets.generate(`${application}-object-store`, { username, length: 40 }),
    }));
  }

  #server(administrator: SecretRef): StatefulSet {
    const { environment, settings, images } = this.#args;
    const data = { name: "data", mountPath: "/data" };
    const probe = (path: string) => ({ httpGet: { path, port: "s3" }, periodSeconds: 10, timeoutSeconds: 5 });
    const account = new ServiceAccount(
      server.name,
      { metadata: this.#metadata(server.name), automountServiceAccountToken: false },
      { parent: this },
    );
    return new StatefulSet(
      server.name,
      {
        metadata: this.#metadata(server.name),
        spec: {
          serviceName: server.name,
          replicas: 1,
          // OrderedReady never replaces a pod that can't become ready, not even by its fix.
          podManagementPolicy: "Parallel",
          selector: { matchLabels: selectorLabels(server) },
          persistentVolumeClaimRetentionPolicy: retainVolumes,
          volumeClaimTemplates: [
            volumeClaim(environment, { name: data.name, size: settings.storage, storageClass: settings.storageClass }),
          ],
          template: {
            metadata: {
              labels: this.#labels(server),
              annotations: { "checksum/object-store-admin": administrator.version },
            },
            spec: {
              ...placement(environment, [images.minio]),
              serviceAccountName: server.name,
              automountServiceAccountToken: false,
              securityContext: restrictedPod(uid),
              terminationGracePeriodSeconds: 60,
              containers: [
                {
                  name: "minio",
                  image: images.minio,
                  imagePullPolicy: "IfNotPresent",
                  // Its own folder for certificates would be in the read-only root.
                  args: ["server", data.mountPath, `--address=:${port}`, "--certs-dir=/tmp/certs"],
                  env: [
                    secretEnv(administrator, "MINIO_ROOT_USER"),
                    secretEnv(administrator, "MINIO_ROOT_PASSWORD"),
                    { name: "MINIO_REGION", value: settings.region },
                    { name: "MINIO_BROWSER", value: "off" },
                    { name: "MINIO_UPDATE", value: "off" },
                    { name: "MINIO_PROMETHEUS_AUTH_TYPE", value: "public" },
                  ],
                  ports: [{ name: "s3", containerPort: port }],
                  startupProbe: { ...probe("/minio/health/live"), periodSeconds: 2, failureThreshold: 60 },
                  livenessProbe: { ...probe("/minio/health/live"), failureThreshold: 6 },
                  readinessProbe: probe("/minio/health/ready"),
                  resources: settings.resources,
                  securityContext: restrictedContainer,
                  volumeMounts: [data, scratch.mount],
                },
              ],
              volumes: [scratch.volume],
            },
          },
        },
      },
      { parent: this, dependsOn: [account] },
    );
  }

  #service(): Service {
    return new Service(
      server.name,
      {
        metadata: this.#metadata(server.name),
        spec: { selector: selectorLabels(server), ports: [{ name: "s3", port, targetPort: "s3" }] },
      },
      { parent: this },
    );
  }

  #setup(administrator: SecretRef, credentials: Credentials, dependsOn: pulumi.Resource[]): void {
    const { buckets, images, secrets } = this.#args;
    const files = setupFiles(buckets);
    const config = new ConfigMap(
      "minio-setup",
      { metadata: this.#metadata("minio-setup", setup), data: files },
      { parent: this },
    );
    const spec = this.#setupPod(administrator, credentials);
    // A Job can't change, and one that is done does nothing more: whatever would change it, a rotation too, makes another.
    const run = checksum(JSON.stringify([files, images["minio-mc"], secrets.rotation, spec])).slice(0, 8);
    const versions = applicationNames.map((name) => [`checksum/${name}-object-store`, credentials[name].version]);
    new Job(
      "minio-setup",
      {
        metadata: this.#metadata(`minio-setup-${run}`, setup),
        spec: {
          backoffLimit: 6,
          activeDeadlineSeconds: 540, // below the ten minutes that Pulumi waits for a Job, so that its own message is seen
          template: {
            metadata: { labels: this.#labels(setup), annotations: Object.fromEntries(versions) },
            spec,
          },
        },
      },
      { parent: this, dependsOn: [config, ...dependsOn] },
    );
  }

  #setupPod(administrator: SecretRef, credentials: Credentials): types.input.core.v1.PodSpec {
    const { environment, settings, images } = this.#args;
    const image = images["minio-mc"];
    return {
      ...placement(environment, [image]),
      serviceAccountName: server.name,
      automountServiceAccountToken: false,
      securityContext: restrictedPod(uid),
      restartPolicy: "OnFailure",
      containers: [
        {
          name: "setup",
          image,
          imagePullPolicy: "IfNotPresent",
          command: ["sh", `${setupDirectory}/setup.sh`],
          env: [
            { name: "MINIO_URL", value: this.#url },
            { name: "MINIO_REGION", value: settings.region },
            { name: "MC_CONFIG_DIR", value: "/tmp/mc" },
            secretEnv(administrator, "MINIO_ROOT_USER"),
            secretEnv(administrator, "MINIO_ROOT_PASSWORD"),
            ...applicationNames.flatMap((name) => [
              secretEnv(credentials[name], "AWS_ACCESS_KEY_ID", keyVariables(name).accessKey),
              secretEnv(credentials[name], "AWS_SECRET_ACCESS_KEY", keyVariables(name).secretKey),
            ]),
          ],
          resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
          securityContext: restrictedContainer,
          volumeMounts: [{ name: "setup", mountPath: setupDirectory, readOnly: true }, scratch.mount],
        },
      ],
      volumes: [{ name: "setup", configMap: { name: "minio-setup" } }, scratch.volume],
    };
  }

  #monitor(): void {
    const { namespace } = this.#args.environment;
    serviceMonitor(
      server.name,
      {
        namespace,
        labels: this.#labels(server),
        selector: selectorLabels(server),
        // The server adds up over its drives and buckets for each answer.
        endpoints: [{ port: "s3", path: metricsPath, interval: "1m" }],
      },
      { parent: this },
    );
  }

  #metadata(name: string, identity: typeof server | typeof setup = server) {
    return { name, namespace: this.#args.environment.namespace, labels: this.#labels(identity) };
  }

  #labels(identity: typeof server | typeof setup): Record<string, string> {
    return labels({ ...identity, version: imageVersion(this.#args.images.minio) });
  }
}
