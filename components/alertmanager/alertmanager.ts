import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Settings } from "../../settings/schema";
import { configurationKey } from "../../settings/sections/alerting";
import { addressOf } from "../../settings/sections/exposure";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { expose } from "../kubernetes/exposure";
import { imageVersion } from "../kubernetes/labels";
import type { RuleGroup } from "../rules/types";
import type { Secrets } from "../secrets/secrets";
import { ownUrl, port, serviceName } from "./address";
import { alertmanagerConfig } from "./config";
import { alertmanagerPod } from "./pod";
import { receiverSecrets } from "./receiver-secrets";
import { alertmanagerRules } from "./rules";
import type { AlertReceiver, AlertTarget } from "./types";

/** Arguments of {@link Alertmanager}. */
export interface AlertmanagerArgs {
  environment: Environment;
  settings: Settings["alertmanager"];
  images: { alertmanager: string };
  secrets: Secrets;
}

/**
 * The stack's one Alertmanager, unless Mimir's is chosen: in every stage, whichever program evaluates the rules.
 *
 * One replica: Prometheus and Mimir's ruler send again until it answers, and its silences and notification log are on a volume.
 */
export class Alertmanager extends pulumi.ComponentResource implements AlertReceiver {
  readonly url: string;
  readonly target: AlertTarget;
  readonly rules: RuleGroup[];

  constructor(name: string, args: AlertmanagerArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, images, secrets } = args;
    super("observability:alertmanager:Alertmanager", name, { environment, settings, images }, opts);
    const identity = { name: serviceName, version: imageVersion(images.alertmanager) };
    const app = new Application(this, { environment, name: serviceName, identity });
    const url = ownUrl(environment);

    const existingSecret = settings.existingConfigSecret;
    const text = stringify(alertmanagerConfig(settings));
    const configuration = existingSecret ? { existingSecret } : { text };
    const configMap = existingSecret ? [] : [app.configMap({ [configurationKey]: text })];
    const receivers = existingSecret ? undefined : receiverSecrets(secrets, settings);
    const account = app.serviceAccount();
    app.service({ ports: [namedPort(port.name, port.number)] });

    const { ingress, httpRoute: route } = settings;
    expose(app, { port, ingress, route });
    const externalUrl = settings.externalUrl ?? addressOf({ ingress, route }) ?? url;
    const template = alertmanagerPod(app, {
      settings,
      image: images.alertmanager,
      externalUrl,
      configuration,
      receivers,
    });
    app.statefulSet({ volume: settings, template }, { dependsOn: [...configMap, account] });
    app.monitor({ port: port.name });

    this.url = url;
    this.target = { namespace: environment.namespace, service: serviceName, port: port.name };
    this.rules = alertmanagerRules(environment);
    this.registerOutputs({ url });
  }
}
