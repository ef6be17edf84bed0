import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Resources } from "../../settings/values";
import type { Application } from "../kubernetes/application";
import { container, probe } from "../kubernetes/container";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { dataVolume } from "../kubernetes/storage";
import type { SecretRef } from "../secrets/types";
import { secretMountsFolder } from "../../settings/sections/grafana";
import { adminFolder, configSecretsFolder, dashboardsFolder, dataFolder, httpPort } from "./config";
import type { DashboardFile } from "./dashboard-files";
import { dataSourcesFolder, type Sidecars } from "./sidecar";

/** The user of the image: https://github.com/grafana/grafana/blob/main/Dockerfile */
const uid = 472;

const configFile = "/etc/grafana/grafana.ini";

/**
 * Grafana reads the administrator's password when it makes its database, and never again. So a password that changed since (rotation)
 * is set before each start; the Secret is what counts. A failure must not keep Grafana from starting: the old password still works then.
 * @see https://grafana.com/docs/grafana/latest/administration/cli/#reset-admin-password
 */
const setPassword = `
test -s ${dataFolder}/grafana.db || exit 0
grafana cli --homepath /usr/share/grafana --config ${configFile} \\
  admin reset-admin-password --password-from-stdin < ${adminFolder}/admin-password > /dev/null ||
  echo "The administrator's password could not be set from the Secret: the one of before still counts." >&2
`.trimStart();

/** What Grafana's pod is made of. */
export interface GrafanaPodArgs {
  image: string;
  /** A script that runs before each start. */
  before: string;
  resources: Resources;
  annotations: Record<string, pulumi.Input<string>>;
  /** The administrator's Secret. */
  admin: SecretRef;
  /** The Secret with what the configuration names. */
  configSecrets?: SecretRef;
  /** Secrets whose keys are files for the settings: the name of each. */
  secretMounts: readonly string[];
  /** The ConfigMaps of dashboards. */
  dashboards: DashboardFile[];
  /** What finds those of other applications. */
  sidecars?: Sidecars;
}

/**
 * Grafana's pod.
 * @param app whose ConfigMaps have configuration and data sources
 * @param args what it is made of
 */
export function grafanaPod(app: Application, args: GrafanaPodArgs): types.input.core.v1.PodTemplateSpec {
  const { image, resources, annotations, admin, configSecrets, secretMounts, dashboards, sidecars } = args;
  const secrets = [
    { volume: secretVolume("admin", admin), mountPath: adminFolder },
    ...(configSecrets
      ? [{ volume: secretVolume("config-secrets", configSecrets), mountPath: configSecretsFolder }]
      : []),
    ...secretMounts.map((name, i) => ({
      volume: { name: `secret-${i}`, secret: { secretName: name, defaultMode: readable } },
      mountPath: `${secretMountsFolder}/${name}`,
    })),
  ];
  const volumeMounts = [
    { name: dataVolume, mountPath: dataFolder },
    { name: "tmp", mountPath: "/tmp" },
    // Single files and folders: what is mounted below another volume needs a place in it.
    { name: "config", mountPath: configFile, subPath: "grafana.ini", readOnly: true },
    { name: "providers", mountPath: "/etc/grafana/provisioning/dashboards", readOnly: true },
    ...(sidecars?.volumeMounts ?? []),
    {
      name: "datasources",
      mountPath: `${dataSourcesFolder}/datasources.yaml`,
      subPath: "datasources.yaml",
      readOnly: true,
    },
    ...secrets.map(({ volume, mountPath }) => ({ name: volume.name, mountPath, readOnly: true })),
    { name: "dashboards", mountPath: dashboardsFolder, readOnly: true },
  ];
  const health = probe("/api/health", "http");
  return app.pod({
    annotations,
    ...placement(app.environment, [image, ...(sidecars?.containers ?? []).map((each) => String(each.image))]),
    securityContext: restrictedPod(uid),
    terminationGracePeriodSeconds: 30,
    initContainers: [
      container({ name: "prepare", image, resources, volumeMounts, command: ["sh", "-c", args.before + setPassword] }),
      ...(sidecars?.containers ?? []),
    ],
    containers: [
      container({
        name: "grafana",
        image,
        resources,
        volumeMounts,
        ports: [{ name: "http", containerPort: httpPort }],
        // The first start makes the database, which takes minutes on an SD card.
        startupProbe: { ...health, periodSeconds: 5, failureThreshold: 120 },
        livenessProbe: { ...health, failureThreshold: 6 },
        readinessProbe: health,
      }),
    ],
    volumes: [
      { name: "tmp", emptyDir: {} },
      { name: "config", configMap: { name: "grafana", items: [{ key: "grafana.ini", path: "grafana.ini" }] } },
      {
        name: "providers",
        configMap: { name: "grafana", items: [{ key: "dashboards.yaml", path: "dashboards.yaml" }] },
      },
      { name: "datasources", configMap: { name: "grafana-datasources" } },
      ...(sidecars?.volumes ?? []),
      ...secrets.map(({ volume }) => volume),
      { name: "dashboards", projected: { sources: dashboards.map(({ name }) => ({ configMap: { name } })) } },
    ],
  });
}

const readable = 0o440; // by the pod's user, through fsGroup

/** A Secret of the program, its keys as files of the program's names. */
const secretVolume = (name: string, { name: secretName, keys }: SecretRef) => ({
  name,
  secret: { secretName, defaultMode: readable, items: Object.entries(keys).map(([path, key]) => ({ key, path })) },
});
