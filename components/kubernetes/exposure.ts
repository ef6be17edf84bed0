import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { Ingress } from "@pulumi/kubernetes/networking/v1";
import type { IngressSettings, RouteSettings } from "../../settings/sections/exposure";
import type { Application } from "./application";

/** What leads from outside the cluster to a Service. */
export interface Exposure {
  /** The Service's port, of the application's own name. */
  port: { name: string; number: number };
  ingress?: IngressSettings;
  route?: RouteSettings;
}

/**
 * Makes an application's Service reachable from outside the cluster, by what the settings name; by nothing where they name nothing.
 * @param app whose Service it is
 * @param exposure an Ingress, an HTTPRoute or both; the CRDs of the Gateway API must exist for the latter
 */
export function expose(app: Application, { port, ingress, route }: Exposure): void {
  if (ingress) makeIngress(app, port.name, ingress);
  if (route) makeRoute(app, port.number, route);
}

function makeIngress(
  app: Application,
  port: string,
  { host, className, tlsSecret, annotations }: IngressSettings,
): void {
  const backend = { service: { name: app.name, port: { name: port } } };
  new Ingress(
    app.name,
    {
      // Many a controller at home never reports an address, for which Pulumi would wait ten minutes and then fail.
      metadata: { ...app.metadata(), annotations: { ...annotations, "pulumi.com/skipAwait": "true" } },
      spec: {
        ingressClassName: className,
        rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
        ...(tlsSecret && { tls: [{ hosts: [host], secretName: tlsSecret }] }),
      },
    },
    app.child,
  );
}

/** @see https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
function makeRoute(app: Application, port: number, { parentRefs, hostnames, annotations }: RouteSettings): void {
  new CustomResource(
    app.name,
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { ...app.metadata(), annotations },
      spec: {
        parentRefs,
        hostnames,
        rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs: [{ name: app.name, port }] }],
      },
    },
    app.child,
  );
}
