import { integrationsOf, isRead, reads } from "../shared/alertmanager-configs";
import { owningKinds, isStacks, type Owning } from "../shared/belongings";
import { fail, pass, type Context, type Outcome } from "./check";
import { count } from "../shared/words";
import { sourceOf } from "./logs";
import { objects } from "./prometheus-api";

/** The names of Alertmanager's receivers, whichever Alertmanager it is. */
export async function receiversIn({ subject, reach }: Pick<Context, "subject" | "reach">): Promise<string[]> {
  const answer = JSON.parse(await reach.url(sourceOf(subject, "alertmanager"), "/api/v2/receivers")) as {
    name: string;
  }[];
  return answer.map(({ name }) => name).sort();
}

/** When an object was made and changed, as the API server says. */
interface Dated extends Owning {
  metadata?: Owning["metadata"] & {
    creationTimestamp?: string;
    managedFields?: { time?: string; subresource?: string }[];
  };
}

/** An object of others, and what becomes of it. */
interface Judged {
  line: string;
  read: boolean;
  /** Somebody relied on it, and nothing reads it. */
  wrong?: true;
}

/** What becomes of each AlertmanagerConfig of others: whether Alertmanager has its receivers, and if not, whether that is known to be a mistake. */
export async function alertmanagerConfigsRead(context: Context): Promise<Outcome> {
  const notes: string[] = [];
  const kind = "AlertmanagerConfig";
  const all = (await objects(context.reach, kind, owningKinds[kind], notes)) as Dated[];
  const others = all.filter((object) => !isStacks(object));
  if (others.length === 0) return pass("there are none", { notes });
  const receivers = await receiversIn(context);
  const unknown = others.some((object) => !isRead(object, receivers)) ? await readersOf(context, notes) : undefined;
  const said = others.map((object): Judged => {
    const name = `${object.metadata?.namespace}/${object.metadata?.name}`;
    if (integrationsOf(object).length === 0) return { read: true, line: `${name}: it sends no notifications` };
    if (isRead(object, receivers)) return { read: true, line: `${name}: Alertmanager has its receivers` };
    return judged(name, object, receivers, unknown!, context);
  });
  const unread = said.filter(({ read }) => !read).length;
  const wrong = said.filter((each) => each.wrong).length;
  const detail = `${count(others.length, "AlertmanagerConfig")}${unread > 0 ? `, ${unread} of them not read` : ", all of them read"}`;
  const lines = [...said.map(({ line }) => line).sort(), ...notes];
  return wrong > 0
    ? fail(`${detail}, ${wrong} of them although somebody relies on it`, { notes: lines })
    : pass(detail, { notes: lines });
}

/** Who else may read an object, and since when the stack's own Alertmanager has been there. */
interface Readers {
  /** The Alertmanagers of an operator that select an object, as `namespace/name`. */
  of(object: Dated): string[];
  /** Undefined where it is not the stack's own. */
  since?: string;
  /** That could not be asked for. */
  unknown: boolean;
}

async function readersOf({ subject, reach }: Context, notes: string[]): Promise<Readers> {
  const before = notes.length;
  const own = subject.workloads.find(({ part, kind }) => part === subject.notifier && kind === "StatefulSet");
  const [alertmanagers, namespaces, workload] = await Promise.all([
    objects(reach, "Alertmanager", "/apis/monitoring.coreos.com/v1/alertmanagers", notes),
    objects(reach, "Namespace", "/api/v1/namespaces", notes),
    own && !subject.told.elsewhere
      ? reach.object<Dated>(`/apis/apps/v1/namespaces/${own.namespace}/statefulsets/${own.name}`)
      : undefined,
  ]);
  return {
    of: (object) =>
      alertmanagers
        .filter((each) => reads(each, object, namespaces))
        .map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`),
    since: workload?.metadata?.creationTimestamp,
    unknown: notes.length > before,
  };
}

/** An object whose receivers Alertmanager lacks. */
function judged(
  name: string,
  object: Dated,
  receivers: readonly string[],
  readers: Readers,
  { subject, before }: Context,
): Judged {
  const { elsewhere, existingConfiguration } = subject.told;
  const selecting = readers.of(object);
  const not = `${name}: it is not read: Alertmanager lacks some or all of its receivers`;
  const wrong = (why: string): Judged => ({ read: false, wrong: true, line: `${name}: ${why}` });
  const said = before?.ends.find((end) => end.kind === "AlertmanagerConfig" && end.name === name);
  if (said) return { read: false, line: `${name}: it is not read, as announced: ${said.why}` };
  // Another Alertmanager than the one that is asked; one that the stack uses would have the receivers.
  if (selecting.length > 0 && !elsewhere)
    return { read: true, line: `${name}: Alertmanager ${selecting.join(", ")} of an operator selects it` };
  if (selecting.length > 0 && subject.formerKps)
    return wrong(
      `Alertmanager ${selecting.join(", ")} selects it, but lacks its receivers: the operator that wrote its configuration is gone with kube-prometheus-stack`,
    );
  if (before?.has.AlertmanagerConfig?.includes(name))
    return wrong("it was there before the step (--before), and Alertmanager lacks its receivers now");
  // Whoever writes the configuration by hand names its receivers, and a list that is not there says nothing.
  if (existingConfiguration || elsewhere || readers.unknown) return { read: false, line: not };
  const names = integrationsOf(object).map((each) => each.name);
  const missing = names.filter((each) => !receivers.includes(each));
  if (missing.length < names.length)
    return wrong(
      `it has changed since its receivers became settings: alertmanager.receivers lacks ${missing.join(", ")}`,
    );
  const { creationTimestamp = "", managedFields = [] } = object.metadata ?? {};
  const changed = managedFields
    .flatMap(({ time, subresource }) => (time && !subresource ? time : []))
    .sort()
    .at(-1);
  const last = [creationTimestamp, changed ?? ""].sort().at(-1)!;
  if (readers.since && isLater(last, readers.since))
    return wrong(
      `it was ${isLater(creationTimestamp, readers.since) ? "created" : "changed"} on ${last.slice(0, 10)}, and nothing has read such objects since the stack's Alertmanager began`,
    );
  return { read: false, line: not };
}

/** Both are times of the API server. */
const isLater = (time: string, than: string): boolean => Date.parse(time) > Date.parse(than);
