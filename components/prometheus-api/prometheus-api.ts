import { Service } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import { serviceHost, type Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import { nginx } from "../kubernetes/nginx";
import { prometheusApiConfig, type Backend } from "./config";

/** Arguments of {@link PrometheusApi}. */
export interface PrometheusApiArgs {
  environment: Environment;
  settings: Settings["prometheusApi"];
  images: { nginx: string };
  /** Who answers. */
  backend: Backend;
  /** Further Services that lead here, as `namespace/name`: they must not exist yet. */
  formerNames: readonly string[];
}

/** Prometheus' port: its clients keep the same one. */
const port = 9090;

/** One address with Prometheus' API in every stage, read only: nginx before what the stage asks by default. */
export class PrometheusApi extends pulumi.ComponentResource {
  /** Base URL of the API, without a path. */
  readonly url: string;

  constructor(name: string, args: PrometheusApiArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, images, backend, formerNames } = args;
    super("observability:prometheus-api:PrometheusApi", name, args, opts);
    const app = new Application(this, {
      environment,
      name,
      identity: { name: "prometheus-api", version: imageVersion(images.nginx) },
    });
    const host = serviceHost(environment, name);
    nginx(app, { image: images.nginx, configuration: prometheusApiConfig(backend), port, settings });

    for (const formerName of formerNames) {
      const [namespace, service] = formerName.split("/");
      // A selector finds no pod of another namespace; from there, the name leads to this address by DNS.
      const leads =
        namespace === environment.namespace ? { selector: app.selector } : { type: "ExternalName", externalName: host };
      new Service(
        formerName,
        {
          metadata: { name: service, namespace, labels: app.labels },
          spec: { ports: [namedPort("http", port)], ...leads },
        },
        app.child,
      );
    }

    this.url = `http://${host}:${port}`;
    this.registerOutputs({ url: this.url });
  }
}
