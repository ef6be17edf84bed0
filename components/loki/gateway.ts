import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { Application } from "../kubernetes/application";
import { serviceHost, type Environment } from "../kubernetes/environment";
import { expose } from "../kubernetes/exposure";
import { imageVersion } from "../kubernetes/labels";
import { nginx } from "../kubernetes/nginx";
import { gatewayConfig } from "./gateway-config";

/** Arguments of {@link LokiGateway}. */
export interface LokiGatewayArgs {
  environment: Environment;
  settings: Settings["loki"];
  /** Reference of nginx-unprivileged. */
  image: string;
}

/** nginx before Loki: one address, whichever mode Loki runs in. */
export class LokiGateway extends pulumi.ComponentResource {
  /** Host of the Service, which listens on port 80. */
  readonly host: string;

  constructor(name: string, args: LokiGatewayArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, image } = args;
    super("observability:loki:LokiGateway", name, { environment, settings: settings.gateway, image }, opts);
    const identity = { name: "loki", component: "gateway", version: imageVersion(image) };
    const app = new Application(this, { environment, name, identity });
    nginx(app, { image, configuration: gatewayConfig(args), port: 80, settings: settings.gateway });
    expose(app, { port: { name: "http", number: 80 }, ingress: settings.ingress, route: settings.route });

    this.host = serviceHost(environment, name);
    this.registerOutputs({ host: this.host });
  }
}
