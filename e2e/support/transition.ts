import type { StageName } from "../../config/sections/migration";
import { KeptValues } from "../../offline/generated";
import { offlineRender, type RenderedResource } from "../../offline/render";
import { readGenerated, writeSecrets } from "../../offline/render-files";
import { apply, type Applicable } from "../../sandbox/apply";
import type { KubernetesObject } from "../../offline/objects";
import { standIn } from "./alloy-stand-in";
import { testCluster } from "./cluster";
import { operatorAndPrometheus } from "./operator";

/**
 * Brings a part of a stack to a stage, as a process of its own that a test can kill:
 * `node --import tsx e2e/support/transition.ts '<Transition as JSON>'`. What it does is a line of standard output each.
 */

/** What is to be brought about. */
export interface Transition {
  namespace: string;
  stack: string;
  stage: StageName;
  /** Settings, as `--config` takes them. */
  config: string[];
  /** Folders of the components that are applied. */
  components: string[];
  /** File with the generated secrets, which are made once. */
  secrets: string;
}

/**
 * The part of the stack in that stage: objects that can be applied, kube-prometheus-stack as what its chart would make, and where Alloy can't be had its stand-in.
 * @param transition what is to be brought about
 * @returns its graph, in order of registration
 */
export async function partOf(transition: Transition): Promise<Applicable[]> {
  const { namespace, stack, stage, config, components, secrets } = transition;
  const { unavailable } = await testCluster();
  const generator = new KeptValues(readGenerated(secrets));
  const settings = [...config, `namespace.name=${namespace}`, "namespace.create=false", `stage=${stage}`];
  const rendered = await offlineRender({ stack, config: settings }, generator);
  writeSecrets(rendered, secrets, generator.values);
  const chosen = rendered.resources.filter(({ urn }) => components.some((c) => urn.includes(`::observability:${c}:`)));
  const urns = new Set(chosen.map(({ urn }) => urn));
  return chosen.flatMap((resource) =>
    withChart(resource).map(({ urn, parent, dependsOn, object }) => ({
      urn,
      parent: parent && urns.has(parent) ? parent : undefined,
      dependsOn: dependsOn.filter((each) => urns.has(each) || each.startsWith(resource.urn)),
      object: object && standIn(onOtherHostPort(object), unavailable),
    })),
  );
}

/** In the place of kube-prometheus-stack's release stand the objects of its chart. */
function withChart(resource: RenderedResource): Applicable[] {
  const { release, urn, parent, dependsOn } = resource;
  if (release?.chart !== "kube-prometheus-stack") return [resource];
  const objects = operatorAndPrometheus(release.namespace, release).map((object) => ({
    ...{ urn: `${urn}/${object.kind}/${object.metadata.name}`, parent, dependsOn, object },
  }));
  return [...objects, { ...resource, object: undefined, dependsOn: [...dependsOn, ...objects.map((o) => o.urn)] }];
}

/** The node's port 9100 is taken where the sandbox runs on the same cluster. */
const onOtherHostPort = (object: KubernetesObject) =>
  JSON.parse(JSON.stringify(object).replaceAll("9100", "39100")) as KubernetesObject;

async function main(transition: Transition): Promise<void> {
  const { kubectl, unavailable } = await testCluster();
  const resources = await partOf(transition);
  await apply(kubectl, transition.namespace, resources, { unavailable, timeout: 420, progress: console.log });
}

if (require.main === module)
  void main(JSON.parse(process.argv[2]) as Transition).catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
