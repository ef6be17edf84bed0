import { stringify } from "yaml";
import type { Settings } from "../../settings/schema";
import { urlInMimir } from "../alertmanager/address";
import { alertmanagerConfig } from "../alertmanager/config";
import { receiverSecrets } from "../alertmanager/receiver-secrets";
import type { AlertReceiver } from "../alertmanager/types";
import type { Environment } from "../kubernetes/environment";
import type { Secrets } from "../secrets/secrets";
import { mimirAlertmanagerRules } from "./alertmanager-rules";

/** What {@link mimirAlertmanager} is made from. */
export interface MimirAlertmanagerArgs {
  environment: Environment;
  settings: Settings["alertmanager"];
  secrets: Secrets;
}

/**
 * The Alertmanager inside Mimir, in place of a workload of its own: the same configuration and the same Secret, read by Mimir's pod.
 *
 * Nothing is made here: {@link Mimir} has it in its ConfigMap and pod.
 * @param args settings, and where Mimir is
 * @see https://grafana.com/docs/mimir/latest/references/architecture/components/alertmanager/
 */
export function mimirAlertmanager({ environment, settings, secrets }: MimirAlertmanagerArgs): AlertReceiver {
  const url = urlInMimir(environment);
  return {
    url,
    // As an address: a Service has no path.
    target: { url },
    rules: mimirAlertmanagerRules(environment),
    inMimir: {
      configuration: stringify(alertmanagerConfig(settings)),
      externalUrl: settings.externalUrl ?? url,
      secrets: receiverSecrets(secrets, settings),
    },
  };
}
