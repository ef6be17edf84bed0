import type { Look } from "../findings";
import type { Inventory, PlainObject } from "../inventory";
import { called, inWords, isInKps, isOwn, running, servicesOf } from "../objects";

const runbook = "docs/adoption.md#alertmanager";

/** The Service of one of the operator's Alertmanagers; the one that the operator makes itself leads to all of its namespace. */
function operated({ services }: Inventory, { metadata }: PlainObject) {
  const own = services.find(
    ({ metadata: { namespace } = {}, spec }) =>
      namespace === metadata?.namespace &&
      spec?.selector?.alertmanager === metadata?.name &&
      spec?.clusterIP !== "None",
  );
  return { service: own?.metadata?.name ?? "alertmanager-operated", port: 9093 };
}

/** An Alertmanager outside a release of kube-prometheus-stack; the one inside goes with the release. */
export const lookAtAlertmanager: Look = (inventory, { cluster, alertmanager }, found) => {
  // The operator makes a StatefulSet for each of its resources.
  const plain = running(inventory, /(^|\/)alertmanager$/)
    .filter(({ metadata }) => !metadata?.ownerReferences?.some(({ kind }) => kind === "Alertmanager"))
    .map((workload) => {
      const service = servicesOf(inventory, workload).find(({ spec }) => spec?.clusterIP !== "None");
      const ports = service?.spec?.ports?.map(({ port }) => port) ?? [];
      const port = ports.includes(9093) ? 9093 : ports[0];
      return { object: { metadata: workload.metadata }, service: service?.metadata?.name, port };
    });
  const there = [
    ...inventory.custom.alertmanagers.map((object) => ({ object, ...operated(inventory, object) })),
    ...plain,
  ].filter(({ object }) => !isInKps(inventory, object) && !isOwn(object));
  if (there.length === 0) return;
  found.take(...there.map(({ object }) => object));

  const names = inWords(there.map(({ object }) => called(object)));
  const [{ object, service, port }, ...others] = there;
  const url = service && port && `http://${service}.${object.metadata?.namespace}.svc.${cluster.dnsDomain}:${port}`;
  const receivers = (["pushover", "heartbeat", "webhook"] as const).filter((key) => alertmanager[key]);
  if (url && others.length === 0 && receivers.length === 0)
    return found.fit("adopt.alertmanagerUrl", url, `the Alertmanager ${names}, with its own receivers`);
  const own = receivers.map((key) => `alertmanager.${key}`);
  found.ask(
    `${others.length > 0 ? "several Alertmanagers run" : "an Alertmanager runs"} outside kube-prometheus-stack: ${names}` +
      (own.length > 0 ? `, and the stack's file has ${own.join(", ")}` : ""),
    `nothing, for the stack's own beside it; or its address as adopt.alertmanagerUrl, and no receivers of the stack's own: ${runbook}`,
    url && others.length === 0 ? { adopt: { alertmanagerUrl: url } } : undefined,
  );
};
