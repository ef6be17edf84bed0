import { z } from "zod";
import { hostName, labelKey, namespaceName, objectName, port, text } from "../values";

/** How people reach an interface of the stack from outside the cluster: an Ingress, a route of the Gateway API, or none. */

const annotations = (of: string) =>
  z.record(labelKey, text).default({}).describe(`annotations of ${of} (cert-manager, a login in front of it …)`);

/** An Ingress. */
export const ingress = z
  .strictObject({
    host: hostName.describe("host name"),
    className: objectName.optional().describe("ingress class; default: the cluster's default class"),
    tlsSecret: objectName.optional().describe("Secret with the certificate; none: plain HTTP"),
    annotations: annotations("the Ingress"),
  })
  .optional();

const gatewayHost = z
  .string()
  .refine(
    (v) => v.length <= 253 && /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(v),
    {
      error: "is not a host name of a route",
    },
  )
  .meta({ allowed: "a host name in lower case, optionally with `*.` before it, without scheme, port or path" });

/**
 * A route of the Gateway API.
 * @see https://gateway-api.sigs.k8s.io/api-types/httproute/
 */
export const httpRoute = z
  .strictObject({
    parentRefs: z
      .array(
        z.strictObject({
          name: objectName.describe("the Gateway's name"),
          namespace: namespaceName.optional().describe("the Gateway's namespace; default: the stack's"),
          sectionName: objectName.optional().describe("the listener's name; default: every listener that matches"),
          port: port.optional().describe("the listener's port; default: any"),
        }),
      )
      .min(1)
      .meta({ allowed: "a list of Gateways, at least one", example: [{ name: "home", namespace: "gateway" }] })
      .describe("the Gateways that it is attached to, by name"),
    hostnames: z
      .array(gatewayHost)
      .min(1)
      .meta({ allowed: "a list of host names, at least one", example: ["grafana.example.org"] })
      .describe("host names; links use the first"),
    https: z.boolean().default(true).describe("the Gateway's listener speaks https; false: links are plain http"),
    annotations: annotations("the HTTPRoute"),
  })
  .optional();

/** An Ingress as the settings give it. */
export type IngressSettings = NonNullable<z.output<typeof ingress>>;

/** A route as the settings give it. */
export type RouteSettings = NonNullable<z.output<typeof httpRoute>>;

/**
 * The address at which people reach it, without a slash at its end.
 * @param exposure how it is reached; where there are both, the Ingress counts
 * @returns undefined where neither is set, or only routes for any host
 */
export function addressOf({
  ingress,
  route,
}: {
  ingress?: IngressSettings;
  route?: RouteSettings;
}): string | undefined {
  if (ingress) return `${ingress.tlsSecret ? "https" : "http"}://${ingress.host}`;
  const host = route?.hostnames.find((name) => !name.startsWith("*"));
  return route && host && `${route.https ? "https" : "http"}://${host}`;
}
