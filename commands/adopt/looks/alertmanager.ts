import { configurationOf } from "../../../settings/sections/alerting";
import type { Look } from "../findings";
import type { Inventory, PlainObject } from "../inventory";
import { called, inWords, isInKps, running, servicesOf } from "../objects";
import { isStacks } from "../../shared/belongings";

const runbook = "docs/adoption.md#alertmanager";

/** The Service of one of the operator's Alertmanagers; the Service that the operator creates leads to all Alertmanagers of the namespace. */
function operated({ services }: Inventory, { metadata }: PlainObject) {
  const own = services.find(
    ({ metadata: { namespace } = {}, spec }) =>
      namespace === metadata?.namespace &&
      spec?.selector?.alertmanager === metadata?.name &&
      spec?.clusterIP !== "None",
  );
  return { service: own?.metadata?.name ?? "alertmanager-operated", port: 9093 };
}

/** An Alertmanager outside a release of kube-prometheus-stack; one inside is deleted with the release. */
export const lookAtAlertmanager: Look = (inventory, settings, found) => {
  const { cluster, alertmanager } = settings;
  // The operator creates a StatefulSet for each of its resources.
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
  ].filter(({ object }) => !isInKps(inventory, settings, object) && !isStacks(object));
  if (there.length === 0) return;
  found.take(...there.map(({ object }) => object));

  const names = inWords(there.map(({ object }) => called(object)));
  const [{ object, service, port }, ...others] = there;
  const url = service && port && `http://${service}.${object.metadata?.namespace}.svc.${cluster.dnsDomain}:${port}`;
  const receivers = configurationOf(alertmanager).map(([key]) => key);
  if (url && others.length === 0 && receivers.length === 0)
    return found.fit("adopt.alertmanagerUrl", url, `the Alertmanager ${names}, with its own receivers`);
  const own = receivers.map((key) => `alertmanager.${key}`);
  found.ask(
    `${others.length > 0 ? "several Alertmanagers run" : "an Alertmanager runs"} outside kube-prometheus-stack: ${names}` +
      (own.length > 0 ? `, and the stack's file has ${own.join(", ")}` : ""),
    `do nothing to run the stack's own next to it; or set adopt.alertmanagerUrl to its address and configure no receivers here: ${runbook}`,
    url && others.length === 0 ? { adopt: { alertmanagerUrl: url } } : undefined,
  );
};
