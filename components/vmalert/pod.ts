import type { types } from "@pulumi/kubernetes";
import type { Resources } from "../../settings/values";
import type { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { container, probe, repeatedly } from "../kubernetes/container";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { httpPort, rulesFolder, vmalertArguments, type ArgumentsArgs } from "./arguments";
import { gatheredVolume } from "./gathered";
import { ruleFilesScript, scriptFile } from "./rule-files";

/** As VictoriaMetrics' own pod; the image names no user. */
const uid = 65534;

/** Where the image has the program: https://github.com/VictoriaMetrics/VictoriaMetrics/blob/v1.150.0/app/vmalert/deployment/Dockerfile */
const program = "/vmalert-prod";

const [scriptFolder, gatheredFolder] = ["/etc/vmalert", "/gathered"];

/** What vmalert's pod is made of. */
export interface VmalertPodArgs extends Omit<ArgumentsArgs, "cluster"> {
  image: string;
  resources: Resources;
  /** Name of the operator that gathers the rules. */
  operator: string;
}

/**
 * vmalert's pod, with the container that brings it the gathered rules.
 * @param app whose ConfigMap has the script
 * @param args what it is made of
 */
export function vmalertPod(app: Application, args: VmalertPodArgs): types.input.core.v1.PodTemplateSpec {
  const { image, resources } = args;
  const bring = ["sh", `${scriptFolder}/${scriptFile}`, gatheredFolder, rulesFolder, program];
  const files = {
    image,
    volumeMounts: [
      { name: "script", mountPath: scriptFolder, readOnly: true },
      { name: "gathered", mountPath: `${gatheredFolder}/rules`, readOnly: true },
      { name: "rules", mountPath: rulesFolder },
    ],
    resources: { requests: { cpu: "5m", memory: "24Mi" }, limits: { memory: "96Mi" } },
  };
  const health = probe("/health", "http");
  return app.pod({
    ...placement(app.environment, [image]),
    annotations: { "checksum/script": checksum(ruleFilesScript) },
    securityContext: restrictedPod(uid),
    // Once before it starts, so that it begins with all of them; then for as long as it runs.
    initContainers: [container({ ...files, name: "first-rule-files", command: bring })],
    containers: [
      container({
        name: "vmalert",
        image,
        args: vmalertArguments({ ...args, cluster: app.environment.cluster }),
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
      gatheredVolume(args.operator),
      { name: "rules", emptyDir: {} },
    ],
  });
}
