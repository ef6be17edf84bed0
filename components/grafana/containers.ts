import type { types } from "@pulumi/kubernetes";
import type { Resources } from "../../config/values";
import { restrictedContainer } from "../kubernetes/security";
import type { SecretRef } from "../secrets/types";
import { adminFolder, dashboardsFolder, dataFolder, httpPort } from "./config";
import type { DashboardFile } from "./dashboard-files";

/** The user of the image: https://github.com/grafana/grafana/blob/main/Dockerfile */
export const grafanaUser = 472;

const configFolder = "/etc/grafana";

/**
 * Grafana reads the administrator's password when it makes its database, and never again. So a password that changed since (rotation)
 * is set before each start; the Secret is what counts. A failure must not keep Grafana from starting: the old password still works then.
 * @see https://grafana.com/docs/grafana/latest/administration/cli/#reset-admin-password
 */
const setPassword = `
test -s ${dataFolder}/grafana.db || exit 0
grafana cli --homepath /usr/share/grafana --config ${configFolder}/grafana.ini \\
  admin reset-admin-password --password-from-stdin < ${adminFolder}/admin-password > /dev/null ||
  echo "The administrator's password could not be set from the Secret: the one of before still counts." >&2
`.trimStart();

/**
 * Grafana's containers.
 * @param args image; requests and limits
 */
export function grafanaContainers(args: {
  image: string;
  resources: Resources;
}): Pick<types.input.core.v1.PodSpec, "initContainers" | "containers"> {
  const common = {
    image: args.image,
    imagePullPolicy: "IfNotPresent",
    resources: args.resources,
    securityContext: restrictedContainer,
    volumeMounts: [
      { name: "data", mountPath: dataFolder },
      { name: "tmp", mountPath: "/tmp" },
      { name: "config", mountPath: configFolder, readOnly: true },
      { name: "admin", mountPath: adminFolder, readOnly: true },
      { name: "dashboards", mountPath: dashboardsFolder, readOnly: true },
    ],
  };
  const probe = { httpGet: { path: "/api/health", port: "http" }, periodSeconds: 10, timeoutSeconds: 5 };
  return {
    initContainers: [{ name: "password", ...common, command: ["sh", "-c", setPassword] }],
    containers: [
      {
        name: "grafana",
        ...common,
        ports: [{ name: "http", containerPort: httpPort }],
        // The first start makes the database, which takes minutes on an SD card.
        startupProbe: { ...probe, periodSeconds: 5, failureThreshold: 120 },
        livenessProbe: { ...probe, failureThreshold: 6 },
        readinessProbe: probe,
      },
    ],
  };
}

/**
 * The volumes that {@link grafanaContainers} mounts, but for the database's.
 * @param args the administrator's Secret; the ConfigMaps of dashboards
 */
export function grafanaVolumes(args: { admin: SecretRef; dashboards: DashboardFile[] }): types.input.core.v1.Volume[] {
  const items = (files: Record<string, string>) => Object.entries(files).map(([key, path]) => ({ key, path }));
  return [
    { name: "tmp", emptyDir: {} },
    {
      name: "config",
      projected: {
        sources: [
          {
            configMap: {
              name: "grafana",
              items: items({
                "grafana.ini": "grafana.ini",
                "dashboards.yaml": "provisioning/dashboards/dashboards.yaml",
              }),
            },
          },
          {
            configMap: {
              name: "grafana-datasources",
              items: items({ "datasources.yaml": "provisioning/datasources/datasources.yaml" }),
            },
          },
        ],
      },
    },
    {
      name: "admin",
      secret: {
        secretName: args.admin.name,
        defaultMode: 0o440, // by the pod's user, through fsGroup
        items: ["admin-user", "admin-password"].map((path) => ({ key: args.admin.keys[path], path })),
      },
    },
    { name: "dashboards", projected: { sources: args.dashboards.map(({ name }) => ({ configMap: { name } })) } },
  ];
}
