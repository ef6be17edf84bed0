import type { types } from "@pulumi/kubernetes";
import { chartName } from "../../settings/release-values";
import type { Settings } from "../../settings/schema";
import type { Application } from "../kubernetes/application";
import { container, probe } from "../kubernetes/container";
import { adminFolder, httpPort, sidecarDashboardsFolder } from "./config";

/** Folder of the provisioning files of data sources. */
export const dataSourcesFolder = "/etc/grafana/provisioning/datasources";

/** What finds dashboards and data sources of other applications, as a part of Grafana's pod. */
export interface Sidecars {
  containers: types.input.core.v1.Container[];
  volumes: types.input.core.v1.Volume[];
  /** Of Grafana's own container. */
  volumeMounts: types.input.core.v1.VolumeMount[];
}

/** What the sidecars are made of. */
export interface SidecarArgs {
  image: string;
  /** The stack's own. */
  namespace: string;
  settings: Pick<Settings["grafana"], "sidecar" | "dashboardLabel" | "dataSourceLabel" | "labelValue">;
  /** The adopted release of kube-prometheus-stack, whose own Grafana may be kept beside this one. */
  adopt?: Settings["adopt"]["kps"];
}

/** What k8s-sidecar selects by: a label, and its value unless any will do. The sidecar makes the selector `LABEL=LABEL_VALUE`, or `LABEL` alone. */
export interface Labelled {
  label: string;
  value?: string;
}

/** The label selector of Kubernetes that the sidecar makes of them. */
export const labelSelector = ({ label, value }: Labelled): string => (value ? `${label}=${value}` : label);

/**
 * The labels by which data sources of other applications are found. The one of kube-prometheus-stack's own Grafana would be a second default, with
 * which Grafana doesn't start: the chart's templates in `templates/grafana` have a label `app`.
 * @param settings the label
 * @param adopt the adopted release
 */
export const dataSourceSelector = (
  { dataSourceLabel, labelValue }: Pick<Settings["grafana"], "dataSourceLabel" | "labelValue">,
  adopt: SidecarArgs["adopt"],
): Labelled => {
  const others = `,app!=${chartName(adopt?.values)}-grafana`;
  return labelValue
    ? { label: dataSourceLabel, value: `${labelValue}${others}` }
    : { label: `${dataSourceLabel}${others}` };
};

const dashboards = "sidecar-dashboards";
const dataSources = "sidecar-datasources";
const access = "sidecar-access";

/**
 * Two k8s-sidecars. They write what they find into folders that Grafana reads: it looks for changed dashboards itself, and is notified of
 * changed data sources.
 *
 * They are started before Grafana and it waits until they have found everything: with an empty folder it would delete each dashboard at
 * its start and create it again, without its stars, permissions and history.
 *
 * @param args which image, and what is looked for
 * @see https://github.com/kiwigrid/k8s-sidecar#configuration-environment-variables
 * @see https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
 */
export function sidecars({ image, namespace, settings, adopt }: SidecarArgs): Sidecars {
  const { sidecar, dashboardLabel, labelValue } = settings;
  const each = (name: string, healthPort: number, folder: string, of: Labelled, env: Record<string, string>) =>
    container({
      name,
      image,
      restartPolicy: "Always",
      env: Object.entries({
        FOLDER: folder,
        RESOURCE: sidecar.secrets ? "both" : "configmap",
        LABEL: of.label,
        ...(of.value && { LABEL_VALUE: of.value }),
        NAMESPACE: sidecarNamespaces(sidecar, namespace)?.join(",") ?? "ALL",
        // Two ConfigMaps may have a key of the same name.
        UNIQUE_FILENAMES: "true",
        HEALTH_PORT: String(healthPort),
        ...env,
      }).map(([variable, value]) => ({ name: variable, value })),
      ports: [{ name: portName(name), containerPort: healthPort }],
      startupProbe: { ...probe("/healthz", portName(name)), periodSeconds: 2, failureThreshold: 150 },
      livenessProbe: { ...probe("/healthz", portName(name)), failureThreshold: 6 },
      resources: sidecar.resources,
      volumeMounts: [
        { name, mountPath: folder },
        { name: access, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true },
        { name: "admin", mountPath: adminFolder, readOnly: true },
      ],
    });
  return {
    containers: [
      each(
        dashboards,
        8081,
        sidecarDashboardsFolder,
        { label: dashboardLabel, value: labelValue },
        { FOLDER_ANNOTATION: sidecar.folderAnnotation },
      ),
      each(dataSources, 8082, dataSourcesFolder, dataSourceSelector(settings, adopt), {
        REQ_URL: `http://localhost:${httpPort}/api/admin/provisioning/datasources/reload`,
        REQ_METHOD: "POST",
        REQ_USERNAME_FILE: `${adminFolder}/admin-user`,
        REQ_PASSWORD_FILE: `${adminFolder}/admin-password`,
        // At its start Grafana reads the files itself.
        REQ_SKIP_INIT: "true",
        // Doubled waits of 1 to 120 seconds: Grafana may be starting, which takes minutes on an SD card.
        REQ_RETRY_TOTAL: "10",
      }),
    ],
    volumes: [
      { name: dashboards, emptyDir: {} },
      { name: dataSources, emptyDir: {} },
      // The account's token for the sidecars alone: Grafana, which people log in to, has none.
      {
        name: access,
        projected: {
          defaultMode: 0o440,
          sources: [
            { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
            { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
            { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
          ],
        },
      },
    ],
    volumeMounts: [
      { name: dashboards, mountPath: sidecarDashboardsFolder, readOnly: true },
      { name: dataSources, mountPath: dataSourcesFolder },
    ],
  };
}

/**
 * Where the sidecars look: in the stack's own namespace in any case, where upstream's dashboards are.
 * @param settings the namespaces that are named
 * @param own the stack's
 * @returns undefined: in all
 */
export const sidecarNamespaces = (
  { namespaces }: Pick<Settings["grafana"]["sidecar"], "namespaces">,
  own: string,
): string[] | undefined => namespaces && [...new Set([...namespaces, own])];

/** At most 15 characters. */
const portName = (name: string): string => name.replace("sidecar-", "").slice(0, 15);

/**
 * What the sidecars may read: ConfigMaps, and Secrets where the settings say so; in the named namespaces, or in all.
 * @param app whose account it is
 * @param settings where they look
 * @param own the stack's namespace
 */
export function sidecarPermissions(
  app: Application,
  settings: Settings["grafana"]["sidecar"],
  own: string,
): ReturnType<Application["clusterRole"]> {
  const resources = ["configmaps", ...(settings.secrets ? ["secrets"] : [])];
  const rules = [{ apiGroups: [""], resources, verbs: ["get", "list", "watch"] }];
  const namespaces = sidecarNamespaces(settings, own);
  return namespaces ? namespaces.flatMap((namespace) => app.role(namespace, rules)) : app.clusterRole(rules);
}
