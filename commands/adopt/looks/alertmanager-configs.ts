import { belongingKinds, isStacks } from "../../shared/belongings";
import { integrationsOf, isRead, isWhole, reads } from "../../shared/alertmanager-configs";
import { translate, type Translation } from "../alertmanager-config";
import type { Look } from "../findings";
import type { CustomObject } from "../inventory";
import { called, inWords, isInKps } from "../objects";

const runbook = "docs/adoption.md#alertmanagerconfigs";

/** AlertmanagerConfigs: only an Alertmanager of the operator reads them, so the stack's gets their receivers and routes as settings. */
export const lookAtAlertmanagerConfigs: Look = (inventory, settings, found) => {
  const { alertmanager, adopt } = settings;
  const { receivers = {}, routes = [], inhibitRules = [], existingConfigSecret } = alertmanager;
  const existing = adopt.alertmanagerUrl ?? found.fits.find(({ key }) => key === "adopt.alertmanagerUrl")?.value;
  const objects = inventory.custom.alertmanagerconfigs
    .filter((object) => !isStacks(object))
    .sort((a, b) => (called(a) < called(b) ? -1 : 1));
  const end = (object: CustomObject, why: string, how: string = belongingKinds.AlertmanagerConfig.way) => {
    found.end({ kind: "AlertmanagerConfig", name: called(object), why, how, step: "import" });
    found.ask(`AlertmanagerConfig ${called(object)} will not be read: ${why}`, `${how}: ${runbook}`);
  };
  const taken: { object: CustomObject; as: Translation }[] = [];
  for (const object of objects) {
    const readers = inventory.custom.alertmanagers.filter((each) => reads(each, object, inventory.namespaces));
    const stays = readers.filter((each) => !isInKps(inventory, settings, each));
    const [reader] = readers;
    if (!existing && integrationsOf(object).length > 0 && isRead(object, Object.keys(receivers))) continue;
    if (!reader && inventory.custom.alertmanagers.length > 0) {
      end(object, "no Alertmanager selects it: it isn't read today either", "delete it, or select it");
    } else if (existing) {
      if (stays.length === 0)
        end(
          object,
          `the release's Alertmanager is deleted, and adopt.alertmanagerUrl (${existing}) is not one of the operator's that selects it`,
        );
      else
        found.ask(
          `AlertmanagerConfig ${called(object)} is read by Alertmanager ${inWords(stays.map(called))} for as long as its operator runs`,
          `if that is the release's operator, which is deleted in stage kps-removed, changes of the object are not read from then on: ${runbook}`,
        );
    } else if (reader && stays.length === readers.length) {
      found.ask(
        `AlertmanagerConfig ${called(object)} is read by Alertmanager ${inWords(stays.map(called))}, which stays; the stack's own doesn't notify its receivers`,
        `do nothing if they only wait for that one's alerts; or write them as alertmanager.receivers and alertmanager.routes: ${runbook}`,
      );
    } else if (existingConfigSecret) {
      end(
        object,
        `the stack's Alertmanager reads its configuration from the Secret ${existingConfigSecret}`,
        "write it there",
      );
    } else {
      const as = translate(object, !reader || isEnforced(reader, object));
      const whole = reader && isWhole(reader, object);
      const obstacles = [
        ...(whole ? [`it is the whole configuration of Alertmanager ${called(reader)}`] : []),
        ...as.obstacles,
      ];
      if (obstacles.length === 0) taken.push({ object, as });
      else
        end(
          object,
          `the stack's Alertmanager is not the operator's, and the settings can't say all of it: ${obstacles.join("; ")}`,
        );
    }
  }
  if (taken.length === 0) return;
  const all = <Key extends keyof Translation>(key: Key) => taken.map(({ as }) => as[key]);
  const names = inWords(taken.map(({ object }) => called(object)));
  const fit = (key: string, value: object, why: string) => {
    if (Object.keys(value).length > 0) found.fit(`alertmanager.${key}`, value, why);
  };
  fit(
    "receivers",
    Object.assign({}, ...all("receivers")) as object,
    `receivers of AlertmanagerConfig ${names}: the stack's Alertmanager is not the operator's`,
  );
  fit(
    "routes",
    [...all("routes").flat(), ...routes],
    "their routes, each for the alerts of its namespace, before yours",
  );
  fit("timeIntervals", Object.assign({}, ...all("timeIntervals")) as object, "their time intervals");
  if (all("inhibitRules").flat().length > 0)
    fit("inhibitRules", [...all("inhibitRules").flat(), ...inhibitRules], "their inhibitions");
  const secrets = all("secrets").flat();
  if (secrets.length > 0)
    found.ask(
      `the receivers of AlertmanagerConfig ${names} read Secrets, which are not copied: ${secrets.join("; ")}`,
      `give each as a given secret of the stack: ${runbook}`,
    );
};

/** Whether the operator adds the object's namespace to what it says. */
function isEnforced({ spec, metadata }: CustomObject, object: CustomObject): boolean {
  const { type = "OnNamespace" } = (spec?.alertmanagerConfigMatcherStrategy ?? {}) as { type?: string };
  if (type === "OnNamespaceExceptForAlertmanagerNamespace") return metadata?.namespace !== object.metadata?.namespace;
  return type !== "None";
}
