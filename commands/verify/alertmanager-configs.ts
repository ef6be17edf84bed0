import { integrationsOf, isRead } from "../shared/alertmanager-configs";
import { owningKinds, isStacks, type Owning } from "../shared/belongings";
import { pass, type Context, type Outcome } from "./check";
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

/** What becomes of each AlertmanagerConfig of others: whether Alertmanager has its receivers. */
export async function alertmanagerConfigsRead(context: Context): Promise<Outcome> {
  const notes: string[] = [];
  const kind = "AlertmanagerConfig";
  const all = (await objects(context.reach, kind, owningKinds[kind], notes)) as Owning[];
  const others = all.filter((object) => !isStacks(object));
  if (others.length === 0) return pass("there are none", { notes });
  const receivers = await receiversIn(context);
  const said = others.map((object) => {
    const name = `${object.metadata?.namespace}/${object.metadata?.name}`;
    if (integrationsOf(object).length === 0) return { read: true, line: `${name}: it sends no notifications` };
    return isRead(object, receivers)
      ? { read: true, line: `${name}: Alertmanager has its receivers` }
      : { read: false, line: `${name}: it is not read: Alertmanager lacks some or all of its receivers` };
  });
  const unread = said.filter(({ read }) => !read).length;
  return pass(
    `${count(others.length, "AlertmanagerConfig")}${unread > 0 ? `, ${unread} of them not read` : ", all of them in Alertmanager"}`,
    { notes: [...said.map(({ line }) => line).sort(), ...notes] },
  );
}
