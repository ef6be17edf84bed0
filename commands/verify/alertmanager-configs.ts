import { ownUrl, urlInMimir } from "../../components/alertmanager/address";
import { integrationsOf, isRead, reads } from "../shared/alertmanager-configs";
import { owningKinds, isStacks, type Owning } from "../shared/belongings";
import { fail, pass, type Context, type Outcome } from "./check";
import { count } from "../shared/words";
import { sourceOf } from "./logs";
import { objects } from "./prometheus-api";
import { NoAnswer } from "./reach";

const receiversPath = "/api/v2/receivers";

const namesIn = (answer: string): string[] => (JSON.parse(answer) as { name: string }[]).map(({ name }) => name).sort();

const called = ({ metadata }: { metadata?: { name?: string; namespace?: string } }): string =>
  `${metadata?.namespace}/${metadata?.name}`;

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

/** What becomes of each AlertmanagerConfig of others: who reads it, and if nobody does, whether that is known to be a mistake. */
export async function alertmanagerConfigsRead(context: Context): Promise<Outcome> {
  const notes: string[] = [];
  const kind = "AlertmanagerConfig";
  const all = (await objects(context.reach, kind, owningKinds[kind], notes)) as Dated[];
  const others = all.filter((object) => !isStacks(object));
  if (others.length === 0) return pass("there are none", { notes });
  const [readers, since] = await Promise.all([readersOf(context, others, notes), ownSince(context)]);
  const said = others.map((object): Judged => {
    const name = called(object);
    const who = readers.who(object);
    return who ? { read: true, line: `${name}: ${who}` } : judged(name, object, { ...readers, since }, context);
  });
  const unread = said.filter(({ read }) => !read).length;
  const wrong = said.filter((each) => each.wrong).length;
  const detail = `${count(others.length, "AlertmanagerConfig")}${unread > 0 ? `, ${unread} of them not read` : ", all of them read"}`;
  const lines = [...said.map(({ line }) => line).sort(), ...notes];
  return wrong > 0
    ? fail(`${detail}, ${wrong} of them although somebody relies on it`, { notes: lines })
    : pass(detail, { notes: lines });
}

/** Who reads AlertmanagerConfigs. */
export interface Readers {
  /** Who reads one, in words; undefined if nobody is known to. */
  who(object: Owning): string | undefined;
  /** Names of the receivers of the stack's Alertmanager. */
  receivers: string[];
  /** The Alertmanagers of an operator that select one, as `namespace/name`. */
  selecting(object: Owning): string[];
  /** Whether somebody who may read some could not be asked. */
  unknown: boolean;
}

/**
 * Who reads AlertmanagerConfigs: the stack's Alertmanager, one of an operator, or that of another stack on the same cluster.
 * @param context with the stack's Alertmanager
 * @param all what is asked about: if the stack's Alertmanager has it all, nobody else is asked
 * @param notes get what could not be asked
 * @throws NoAnswer if the stack's Alertmanager doesn't say what receivers it has
 */
export async function readersOf(context: Context, all: readonly Owning[], notes: string[]): Promise<Readers> {
  const { subject, reach } = context;
  const before = notes.length;
  const receivers = namesIn(await reach.url(sourceOf(subject, "alertmanager"), receiversPath));
  const unread = all.some((object) => !isRead(object, receivers));
  const [alertmanagers, namespaces, stacks] = unread
    ? await Promise.all([
        objects(reach, "Alertmanager", "/apis/monitoring.coreos.com/v1/alertmanagers", notes),
        objects(reach, "Namespace", "/api/v1/namespaces", notes),
        otherStacks(context, notes),
      ])
    : [[], [], []];
  const selecting = (object: Owning) =>
    alertmanagers.filter((each) => reads(each, object, namespaces)).map((each) => called(each));
  return {
    ...{ receivers, selecting, unknown: notes.length > before },
    who(object) {
      if (integrationsOf(object).length === 0) return "it sends no notifications";
      if (isRead(object, receivers)) return "Alertmanager has its receivers";
      const stack = stacks.find((each) => isRead(object, each.receivers));
      if (stack) return `Alertmanager of another stack has its receivers (namespace ${stack.namespace})`;
      // Another Alertmanager than the one that is asked; one that the stack uses would have the receivers.
      const selected = subject.told.elsewhere ? [] : selecting(object);
      return selected.length > 0 ? `Alertmanager ${selected.join(", ")} of an operator selects it` : undefined;
    },
  };
}

/** Services behind which a stack's Alertmanager may be; a Mimir without one answers 404. */
const addresses: Readonly<Record<string, typeof ownUrl>> = { alertmanager: ownUrl, mimir: urlInMimir };

/** The Alertmanagers of this program's other stacks on the cluster, with the names of their receivers. */
async function otherStacks({ subject, reach }: Context, notes: string[]) {
  const services = await objects(reach, "Service", "/api/v1/services", notes);
  const found = services.map(async (service) => {
    const { name = "", namespace = "" } = service.metadata ?? {};
    if (!(name in addresses) || namespace === subject.namespace || !isStacks(service)) return [];
    try {
      // Asked through the API server, for which the domain doesn't matter.
      const answer = await reach.urlOrNothing(
        addresses[name]({ namespace, dnsDomain: "cluster.local" }),
        receiversPath,
      );
      return answer === undefined ? [] : { namespace, receivers: namesIn(answer) };
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      notes.push(`Alertmanager of another stack not asked (namespace ${namespace}): ${error.message}`);
      return [];
    }
  });
  return (await Promise.all(found)).flat();
}

/** Since when the stack's own Alertmanager has been there; undefined where it is not the stack's own. */
async function ownSince({ subject, reach }: Context): Promise<string | undefined> {
  const own = subject.workloads.find(({ part, kind }) => part === subject.notifier && kind === "StatefulSet");
  if (!own || subject.told.elsewhere) return undefined;
  const path = `/apis/apps/v1/namespaces/${own.namespace}/statefulsets/${own.name}`;
  return (await reach.object<Dated>(path))?.metadata?.creationTimestamp;
}

/** An object that nobody is known to read. */
function judged(
  name: string,
  object: Dated,
  { receivers, selecting, unknown, since }: Readers & { since?: string },
  { subject, before }: Context,
): Judged {
  const { elsewhere, existingConfiguration } = subject.told;
  const not = `${name}: it is not read: Alertmanager lacks some or all of its receivers`;
  const wrong = (why: string): Judged => ({ read: false, wrong: true, line: `${name}: ${why}` });
  const said = before?.ends.find((end) => end.kind === "AlertmanagerConfig" && end.name === name);
  if (said) return { read: false, line: `${name}: it is not read, as announced: ${said.why}` };
  const selected = selecting(object);
  if (selected.length > 0 && subject.formerKps)
    return wrong(
      `Alertmanager ${selected.join(", ")} selects it, but lacks its receivers: the operator that wrote its configuration is gone with kube-prometheus-stack`,
    );
  if (before?.has.AlertmanagerConfig?.includes(name))
    return wrong("it was there before the step (--before), and Alertmanager lacks its receivers now");
  // Whoever writes the configuration by hand names its receivers, and a list that is not there says nothing.
  if (existingConfiguration || elsewhere || unknown) return { read: false, line: not };
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
  if (since && isLater(last, since))
    return wrong(
      `it was ${isLater(creationTimestamp, since) ? "created" : "changed"} on ${last.slice(0, 10)}, and nothing has read such objects since the stack's Alertmanager began`,
    );
  return { read: false, line: not };
}

/** Both are times of the API server. */
const isLater = (time: string, than: string): boolean => Date.parse(time) > Date.parse(than);
