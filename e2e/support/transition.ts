import { KeptValues } from "../../engine/generated";
import { offlineRender } from "../../commands/shared/render";
import { readGenerated, writeSecrets } from "../../commands/render/files";
import type { Applicable } from "../../lab/sandbox/apply";
import { withoutCharts } from "../../lab/sandbox/releases";
import type { KubernetesObject } from "../../commands/shared/objects";
import { applyHere } from "./deploy";
import { prompt, withArguments } from "./prompt";
import { stageOf, type Backend, type Stage, type StageName } from "../../stages";
import { testStack } from "../../test/stacks/stacks";

/**
 * Brings a part of a stack to a stage, as a process of its own that a test can kill:
 * `node --import tsx e2e/support/transition.ts '<Transition as JSON>'`. What it does is a line of standard output each.
 */

/** What is to be brought about. */
export interface Transition {
  namespace: string;
  stack: string;
  backend: Backend;
  stage: StageName;
  /** Settings, as `--config` takes them. */
  config: string[];
  /** Folders of the components that are applied. */
  components: string[];
  /** File with the generated secrets, which are made once. */
  secrets: string;
  /** Further namespaces whose monitors and rules count. */
  others: string[];
}

/** The settings of a transition's stage, as `--config` takes them. */
export const settingsOf = ({ namespace, backend, stage, config }: Transition): string[] => [
  ...config,
  ...[`namespace.name=${namespace}`, "namespace.create=false", `metrics.backend=${backend}`, `stage=${stage}`],
];

/** What is on in a transition's stage. */
export const stageOfTransition = ({ backend, stage }: Transition): Stage =>
  stageOf({ stage, kps: { enabled: true }, metrics: { backend } });

/**
 * The part of the stack in that stage: objects that can be applied, kube-prometheus-stack as what its chart would make.
 * @param transition what is to be brought about
 * @returns its graph, in order of registration
 */
export async function partOf(transition: Transition): Promise<Applicable[]> {
  const { namespace, stack, components, secrets, others } = transition;
  const generator = new KeptValues(readGenerated(secrets));
  const rendered = await offlineRender({ ...testStack(stack), config: settingsOf(transition) }, generator);
  writeSecrets(rendered, secrets, generator.values);
  const chosen = rendered.resources.filter(({ urn }) => components.some((c) => urn.includes(`::observability:${c}:`)));
  const resources = withoutCharts(chosen, [], others);
  const urns = new Set(resources.map(({ urn }) => urn));
  return resources.map(({ urn, parent, dependsOn, object }) => ({
    urn,
    parent: parent && urns.has(parent) ? parent : undefined,
    dependsOn: dependsOn.filter((each) => urns.has(each)),
    object: object && prompt(alone(onOtherHostPort(object), [namespace, ...others])),
  }));
}

/** The node's port 9100 is taken where the sandbox runs on the same cluster. */
const onOtherHostPort = (object: KubernetesObject) =>
  JSON.parse(JSON.stringify(object).replaceAll("9100", "39100")) as KubernetesObject;

/**
 * Alloy and vmalert's operator take monitors and rules of all namespaces, as a cluster has one such stack. Here others run beside it, so each is told
 * which namespaces are its own.
 */
function alone(object: KubernetesObject, namespaces: string[]): KubernetesObject {
  if (object.kind === "Deployment" && object.metadata.name === "vmalert-operator")
    return withArguments(object, [`--namespaces=${namespaces.join(",")}`]);
  const { data } = object as KubernetesObject & { data?: Record<string, string> };
  const config = object.kind === "ConfigMap" ? data?.["config.alloy"] : undefined;
  if (!config) return object;
  const list = JSON.stringify(namespaces);
  const text = config
    .replace(/^prometheus\.operator\..* \{$/gm, `$&\n\tnamespaces = ${list}`)
    .replace(
      /^\trule_selector \{$/gm,
      `\trule_namespace_selector {\n\t\tmatch_expression {\n\t\t\tkey = "kubernetes.io/metadata.name"\n\t\t\toperator = "In"\n\t\t\tvalues = ${list}\n\t\t}\n\t}\n$&`,
    );
  return { ...object, data: { ...data, "config.alloy": text } } as KubernetesObject;
}

async function main(transition: Transition): Promise<void> {
  await applyHere(transition.namespace, await partOf(transition), console.log);
}

if (require.main === module)
  void main(JSON.parse(process.argv[2]) as Transition).catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
