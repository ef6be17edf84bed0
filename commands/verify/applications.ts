import { broughtBy, broughtDataSources, filesIn, type ConfigMap, type File } from "../shared/data-source-files";
import { fail, pass, type Context, type Outcome } from "./check";
import { count } from "../shared/words";
import { NoAnswer, type Reach } from "./reach";
import type { Sidecar, Subject } from "./subject";

/** A dashboard or a data source that a file brings. */
interface Brought {
  from: string;
  name: string;
  uid?: string;
}

/** Everything that other applications bring in labelled ConfigMaps has been loaded, as Grafana itself says. */
export async function applicationsShown({ subject, reach }: Context): Promise<Outcome> {
  const { sidecar } = subject;
  if (!sidecar) throw new NoAnswer("Grafana has no sidecar");
  const [boards, sources, secrets, grafana] = await Promise.all([
    filesWith(reach, sidecar.dashboards, sidecar.namespaces),
    filesWith(reach, sidecar.dataSources, sidecar.namespaces),
    secretNotes(reach, sidecar),
    loaded(reach, subject).catch((error: unknown) => {
      if (error instanceof NoAnswer) return error;
      throw error;
    }),
  ]);
  const dashboards = broughtBy(
    boards.filter(({ from }) => from.endsWith(".json")),
    "dashboard in JSON",
    dashboardIn,
  );
  const dataSources = broughtDataSources(sources);
  const harmful = [...dashboards.problems, ...twice(dashboards.found), ...dataSources.problems];
  const found = `${count(dashboards.found.length, "dashboard")} and ${count(dataSources.found.length, "data source")} found`;
  // What harms Grafana may be why it doesn't answer.
  if (grafana instanceof NoAnswer && harmful.length === 0) throw grafana;
  const problems =
    grafana instanceof NoAnswer
      ? [...harmful, `Grafana itself doesn't answer: ${grafana.message}`]
      : [
          ...harmful,
          ...lacking("dashboard", dashboards.found, grafana.dashboards),
          ...lacking("data source", dataSources.found, grafana.dataSources),
        ];
  const notes = [...problems, ...secrets];
  return problems.length > 0
    ? fail(`${found}, ${count(problems.length, "problem")}`, { notes })
    : pass(`${found}, all loaded`, { notes });
}

const dashboardIn = (text: string): { uid?: string; name: string }[] => {
  const { uid, title } = JSON.parse(text) as { uid?: string; title?: string };
  return [{ name: title ?? "", ...(uid && { uid }) }];
};

/** Grafana saves no new dashboard at all while two files have one uid. */
const twice = (dashboards: readonly Brought[]): string[] =>
  dashboards.flatMap(({ uid, from }, i) => {
    const first = dashboards.find((other) => other.uid === uid);
    return uid && first && dashboards.indexOf(first) < i ? [`${from} and ${first.from} have the same uid, ${uid}`] : [];
  });

const lacking = (what: string, brought: readonly Brought[], there: readonly Omit<Brought, "from">[]): string[] =>
  brought
    .filter(({ uid, name }) => !there.some((each) => (uid ? each.uid === uid : each.name === name)))
    .map(({ from, name }) => `${what} ${name} of ${from} is not in Grafana`);

/** The files in ConfigMaps with a label. */
async function filesWith(reach: Reach, selector: string, namespaces?: readonly string[]): Promise<File[]> {
  const lists = await Promise.all(
    pathsOf("configmaps", selector, namespaces).map((path) => reach.object<{ items: ConfigMap[] }>(path)),
  );
  return filesIn(lists.flatMap((list) => list?.items ?? []));
}

/** Notes on Secrets with the labels. Their names only: no value of them is received. */
async function secretNotes(reach: Reach, sidecar: Sidecar): Promise<string[]> {
  try {
    const paths = [sidecar.dashboards, sidecar.dataSources].flatMap((selector) =>
      pathsOf("secrets", selector, sidecar.namespaces),
    );
    const lists = await Promise.all(paths.map((path) => reach.metadata<{ items: ConfigMap[] }>(path)));
    const found = lists.flatMap((list) => list?.items ?? []);
    const names = [...new Set(found.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`))];
    const why = sidecar.secrets ? "not compared" : "not read, because grafana.sidecar.secrets is false";
    return names.length === 0 ? [] : [`dashboards and data sources in Secrets, ${why}: ${names.join(", ")}`];
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return [`dashboards and data sources in Secrets, not looked for: ${error.message}`];
  }
}

function pathsOf(kind: string, labelSelector: string, namespaces?: readonly string[]): string[] {
  const query = new URLSearchParams({ labelSelector });
  return namespaces
    ? namespaces.map((namespace) => `/api/v1/namespaces/${namespace}/${kind}?${query}`)
    : [`/api/v1/${kind}?${query}`];
}

/** What Grafana has. The API server's proxy takes away passwords, so this logs in as a browser does. */
async function loaded(reach: Reach, { namespace, sidecar }: Subject) {
  const { name = "", user = "", password = "" } = sidecar?.admin ?? {};
  const secret = await reach.object<{ data?: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/secrets/${name}`,
  );
  const value = (key: string) => Buffer.from(secret?.data?.[key] ?? "", "base64").toString("utf8");
  const url = `http://grafana.${namespace}.svc:3000`;
  const login = await reach.send(url, "/login", { json: { user: value(user), password: value(password) } });
  const cookie = (login.cookies ?? []).join("; ");
  const ask = async <T>(path: string): Promise<T> => JSON.parse((await reach.send(url, path, { cookie })).body) as T;
  const dashboards: { uid: string; title: string }[] = [];
  for (let page = 1; dashboards.length === (page - 1) * pageSize; page++)
    dashboards.push(...(await ask<typeof dashboards>(`/api/search?type=dash-db&limit=${pageSize}&page=${page}`)));
  return {
    dashboards: dashboards.map(({ uid, title }) => ({ uid, name: title })),
    dataSources: await ask<{ uid: string; name: string }[]>("/api/datasources"),
  };
}

const pageSize = 1000;
