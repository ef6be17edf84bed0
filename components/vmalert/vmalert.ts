import * as pulumi from "@pulumi/pulumi";
import type { Resources } from "../../settings/values";
import { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { container, namedPort, probe, repeatedly } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import type { RuleGroup } from "../rules/types";
import { httpPort, rulesFolder, vmalertArguments } from "./arguments";
import { gatheredVolume, gatherRules, type GatherArgs } from "./gathered";
import { ruleFilesScript, scriptFile } from "./rule-files";
import { vmalertRules } from "./rules";
import { vmalertUrl } from "./url";

/** Arguments of {@link Vmalert}. */
export interface VmalertArgs {
  environment: Environment;
  images: Record<"vmalert" | "prometheus" | "prometheus-operator", string>;
  resources: Resources;
  operatorResources: Resources;
  /** Base URL of VictoriaMetrics. */
  metricsUrl: string;
  /** Base URL of the Alertmanager. */
  alertmanagerUrl: string;
  /** Interval of groups that name none (Prometheus duration). */
  evaluationInterval: string;
  /** What monitors name that its operator may read, where that gathers monitors for vmagent too: settings `metrics`. */
  readable?: GatherArgs["readable"];
}

/** As VictoriaMetrics' own pod; the image names no user. */
const uid = 65534;

/** Where the image has the program: https://github.com/VictoriaMetrics/VictoriaMetrics/blob/v1.150.0/app/vmalert/deployment/Dockerfile */
const program = "/vmalert-prod";

const [scriptFolder, gatheredFolder] = ["/etc/vmalert", "/gathered"];

/**
 * vmalert: evaluates the PrometheusRules of the whole cluster on VictoriaMetrics, sends alerts to the Alertmanager, and writes recorded series back.
 *
 * One replica: a second one would write every recorded series twice. It keeps no state of its own: since when an alert is pending is in
 * VictoriaMetrics.
 */
export class Vmalert extends pulumi.ComponentResource {
  /** Base URL of its API, which is Prometheus's of rules and alerts. */
  readonly url: string;
  /** Alerts on it. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: VmalertArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:vmalert:Vmalert", name, args, opts);
    const { environment, images, resources, operatorResources, readable } = args;
    const gatherer = new Application(this, {
      environment,
      name: `${name}-operator`,
      identity: { name: `${name}-operator`, version: imageVersion(images["prometheus-operator"]) },
    });
    const gathered = gatherRules(gatherer, { images, resources: operatorResources, readable });

    const app = new Application(this, { environment, name, identity: { name, version: imageVersion(images.vmalert) } });
    const configMap = app.configMap({ [scriptFile]: ruleFilesScript });
    const account = app.serviceAccount();
    app.service({ ports: [namedPort("http", httpPort)] });

    const bring = ["sh", `${scriptFolder}/${scriptFile}`, gatheredFolder, rulesFolder, program];
    const files = {
      image: images.vmalert,
      volumeMounts: [
        { name: "script", mountPath: scriptFolder, readOnly: true },
        { name: "gathered", mountPath: `${gatheredFolder}/rules`, readOnly: true },
        { name: "rules", mountPath: rulesFolder },
      ],
      resources: { requests: { cpu: "5m", memory: "24Mi" }, limits: { memory: "96Mi" } },
    };
    const health = probe("/health", "http");
    const template = app.pod({
      ...placement(environment, [images.vmalert]),
      annotations: { "checksum/script": checksum(ruleFilesScript) },
      securityContext: restrictedPod(uid),
      // Once before it starts, so that it begins with all of them; then for as long as it runs.
      initContainers: [container({ ...files, name: "first-rule-files", command: bring })],
      containers: [
        container({
          name: "vmalert",
          image: images.vmalert,
          args: vmalertArguments({ ...args, cluster: environment.cluster }),
          ports: [{ name: "http", containerPort: httpPort }],
          readinessProbe: health,
          livenessProbe: { ...health, failureThreshold: 6 },
          resources,
          volumeMounts: [{ name: "rules", mountPath: rulesFolder, readOnly: true }],
        }),
        container({
          ...files,
          name: "rule-files",
          command: repeatedly(bring),
        }),
      ],
      volumes: [
        { name: "script", configMap: { name: app.name } },
        gatheredVolume(gatherer.name),
        { name: "rules", emptyDir: {} },
      ],
    });
    // Recreate: two would write every recorded series twice.
    app.deployment(
      { replicas: 1, strategy: { type: "Recreate" }, template },
      { dependsOn: [configMap, account, gathered] },
    );
    app.monitor({ port: "http" });

    this.url = vmalertUrl(environment);
    this.rules = vmalertRules(environment);
    this.registerOutputs({ url: this.url });
  }
}
