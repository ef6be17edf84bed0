import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../commands/grafana/cli";
import { temporaryFolder } from "../../support/temporary-folder";
import { password, serveGrafana, stopGrafanas, token, type Content, type StandIn } from "./stand-in";

const panel = (source: string) => ({ type: "timeseries", datasource: { type: "prometheus", uid: source } });
const made = (uid: string, title: string, more: object = {}) => ({
  dashboard: { uid, title, panels: [panel("prometheus")], ...more },
});

/** The Grafana of a release, as it may be after some years. */
const old: Content = {
  folders: [
    { uid: "home", title: "Home" },
    { uid: "attic", title: "Attic", parentUid: "home" },
    { uid: "empty", title: "Ideas" },
    { uid: "general-k8s", title: "Kubernetes" },
  ],
  dashboards: [
    { ...made("heating", "Heating"), folderUid: "attic" },
    made("power", "Power"),
    { ...made("k8s", "Kubernetes / Pods"), folderUid: "general-k8s", provisioned: true },
  ],
  libraryPanels: [{ uid: "lamp", name: "Lamp", folderUid: "home", model: { type: "stat" } }],
  dataSources: [
    { uid: "prometheus", name: "Prometheus", readOnly: true },
    { uid: "influx", name: "InfluxDB" },
  ],
  more: {
    "/api/serviceaccounts/search": { totalCount: 1, serviceAccounts: [{ name: "backup" }] },
  },
};
/** With people, who may do something, and rules of its own. */
const peopled: Content = {
  ...old,
  users: [
    { userId: 1, login: "admin", role: "Admin" },
    { userId: 2, login: "ada", role: "Editor", email: "ada@example.org", name: "Ada" },
    { userId: 3, login: "bob", role: "Viewer", isDisabled: true },
    { userId: 4, login: "eve", role: "Viewer", authLabels: ["OAuth"] },
  ],
  teams: [
    { id: 7, name: "Home", members: [2, 4].map((userId) => ({ userId, permission: userId === 2 ? 4 : 0 })) },
    { id: 8, name: "Nobody", members: [] },
  ],
  ruleGroups: [
    { title: "Kitchen / cold", folderUid: "home", interval: 30, rules: [{ uid: "freezer", title: "Freezer is warm" }] },
    { title: "Files", folderUid: "general-k8s", interval: 60, rules: [{ title: "From a file", provenance: "file" }] },
  ],
  folders: old.folders?.map((folder) =>
    folder.uid !== "attic"
      ? folder
      : {
          ...folder,
          permissions: [
            { teamId: 7, permission: 2 },
            { userId: 2, permission: 4 },
            { role: "Viewer", permission: 1, inherited: true },
          ],
        },
  ),
};
const own: Content = { dataSources: [{ uid: "prometheus", name: "Prometheus", readOnly: true }] };

const file = () => join(temporaryFolder(), "grafana.json");

async function grafana(words: string[], login: Record<string, string> = { GRAFANA_PASSWORD: password }) {
  const names = ["GRAFANA_TOKEN", "GRAFANA_USER", "GRAFANA_PASSWORD"];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  Object.assign(process.env, login);
  let [out, error] = ["", ""];
  try {
    const code = await run(words, { out: (text) => (out += text), error: (text) => (error += text) });
    return { code, out, error };
  } finally {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
}

const exported = async (from: StandIn, to: string) => grafana(["export", "--grafana", from.url, "--file", to]);
const imported = async (into: StandIn, from: string, ...more: string[]) =>
  grafana(["import", "--grafana", into.url, "--file", from, ...more]);

describe("npm run grafana", () => {
  after(stopGrafanas);

  it("brings folders, library panels and dashboards that were made by hand, and not those that are provisioned", async () => {
    const [from, into, path] = [await serveGrafana(old), await serveGrafana(own), file()];
    await exported(from, path);
    assert.deepEqual(from.writes, []);
    const { code, out } = await imported(into, path);
    assert.equal(code, 0, out);
    assert.deepEqual(
      into.has.folders.map(({ uid, title, parentUid }) => [uid, title, parentUid]),
      [
        ["home", "Home", undefined],
        ["attic", "Attic", "home"],
        ["empty", "Ideas", undefined],
      ],
    );
    assert.deepEqual(
      into.has.libraryPanels.map(({ uid, folderUid }) => [uid, folderUid]),
      [["lamp", "home"]],
    );
    assert.deepEqual(
      into.has.dashboards.map(({ dashboard, folderUid }) => [dashboard.uid, folderUid, dashboard.panels]),
      [
        ["heating", "attic", [panel("prometheus")]],
        ["power", undefined, [panel("prometheus")]],
      ],
    );
  });

  it("takes dashboards that files bring along where it is told to, and leaves those that files bring there, too", async () => {
    const fetched = { ...made("1860", "Node Exporter Full"), provisioned: true };
    const from = await serveGrafana({ ...old, dashboards: [...(old.dashboards ?? []), fetched] });
    const k8s = { ...made("k8s", "Kubernetes / Pods"), provisioned: true };
    const [into, path] = [await serveGrafana({ ...own, dashboards: [k8s] }), file()];
    await grafana(["export", "--grafana", from.url, "--file", path, "--provisioned"]);
    const { code, out } = await imported(into, path);
    assert.equal(code, 0, out);
    assert.match(out, /^made: dashboard "Node Exporter Full"$/m);
    assert.deepEqual(
      into.has.dashboards.map(({ dashboard, provisioned }) => [dashboard.uid, provisioned]),
      [
        ["k8s", true],
        ["1860", undefined],
        ["heating", undefined],
        ["power", undefined],
      ],
    );
    assert.match((await imported(into, path)).out, /^as in the file already: 9$/m);
  });

  it("brings users without their passwords, teams, who may do what in a folder, and Grafana's own alert rules", async () => {
    const [from, into, path] = [await serveGrafana(peopled), await serveGrafana(own), file()];
    await exported(from, path);
    assert.doesNotMatch(readFileSync(path, "utf8"), /password/);
    const { code, out } = await imported(into, path);
    assert.equal(code, 1, out);
    assert.match(out, /^✗ new passwords for ada, bob: Grafana gives no password away → /m);
    assert.match(out, /^✗ team "Home" lacks eve, who isn't there before the next login by OAuth → run it again then$/m);
    const { users, teams, folders, ruleGroups } = into.has;
    assert.deepEqual(
      users.map(({ login, role, email, isDisabled }) => [login, role, email, isDisabled]),
      [
        ["admin", "Admin", undefined, undefined],
        ["ada", "Editor", "ada@example.org", false],
        ["bob", "Viewer", undefined, true],
      ],
    );
    const passwords = users.flatMap(({ password }) => password ?? []);
    assert.equal(new Set(passwords).size, 2);
    for (const each of passwords) assert.ok(each.length >= 32 && !out.includes(each));
    const ada = users[1].userId;
    assert.deepEqual(
      teams.map(({ name, members }) => [name, members]),
      [
        ["Home", [{ userId: ada, permission: 4 }]],
        ["Nobody", []],
      ],
    );
    assert.deepEqual(folders.find(({ uid }) => uid === "attic")?.permissions, [
      { teamId: teams[0].id, permission: 2 },
      { userId: ada, permission: 4 },
    ]);
    // Without provenance: people can edit them in Grafana, as before.
    assert.deepEqual(ruleGroups, [
      {
        title: "Kitchen / cold",
        folderUid: "home",
        interval: 30,
        rules: [{ uid: "freezer", title: "Freezer is warm" }],
      },
    ]);

    users.push({ userId: 99, login: "eve", role: "Viewer", authLabels: ["OAuth"] });
    const again = await imported(into, path);
    assert.equal(again.code, 0, again.out);
    assert.deepEqual(teams[0].members, [
      { userId: ada, permission: 4 },
      { userId: 99, permission: 0 },
    ]);
  });

  it("leaves a user of the same name and rules of the same group as they are, and says what a token may not do", async () => {
    const [from, path] = [await serveGrafana(peopled), file()];
    await exported(from, path);
    const into = await serveGrafana({
      ...own,
      folders: [{ uid: "home", title: "Home" }],
      users: [{ userId: 5, login: "ada", role: "Admin" }],
      ruleGroups: [{ title: "Kitchen / cold", folderUid: "home", interval: 60, rules: [{ title: "Other" }] }],
    });
    const { out } = await grafana(["import", "--grafana", into.url, "--file", path], { GRAFANA_TOKEN: token });
    assert.match(out, /^✗ user "ada" has the role Admin there, and Editor in the file$/m);
    assert.match(
      out,
      /^✗ user "bob": 403: Permission denied → GRAFANA_USER and GRAFANA_PASSWORD of the administrator/m,
    );
    assert.match(out, /^✗ rule group "Kitchen \/ cold" has other rules there$/m);
    assert.equal(into.has.ruleGroups.length, 1);
    assert.deepEqual(
      into.has.users.map(({ login, role }) => [login, role]),
      [["ada", "Admin"]],
    );
  });

  it("names what it can't bring: service accounts, data sources made by hand", async () => {
    const { code, out } = await exported(await serveGrafana(old), file());
    assert.equal(code, 1);
    assert.match(out, /^✗ service accounts: backup → /m);
    assert.match(out, /^✗ data sources made by hand: InfluxDB → /m);
    assert.match(out, /provisioned: 1 dashboard \(--provisioned includes them\)$/m);
  });

  for (const more of [[], ["--overwrite"]])
    it(`changes nothing in a second run ${more.join("")}`, async () => {
      const [from, into, path] = [await serveGrafana(old), await serveGrafana(own), file()];
      await exported(from, path);
      await imported(into, path, ...more);
      const before = JSON.stringify(into.has);
      into.writes.length = 0;
      const { code, out } = await imported(into, path, ...more);
      assert.equal(code, 0, out);
      assert.match(out, /^as in the file already: 6$/m);
      assert.deepEqual(into.writes, []);
      assert.equal(JSON.stringify(into.has), before);
    });

  it("goes on where it was stopped", async () => {
    const [from, into, path] = [await serveGrafana(old), await serveGrafana(own), file()];
    await exported(from, path);
    const whole = JSON.parse(readFileSync(path, "utf8")) as { dashboards: object[] };
    const half = file();
    writeFileSync(half, JSON.stringify({ ...whole, dashboards: whole.dashboards.slice(0, 1) }));
    await imported(into, half);
    const { code, out } = await imported(into, path);
    assert.equal(code, 0, out);
    assert.deepEqual(
      into.has.dashboards.map(({ versions }) => versions.length),
      [1, 1],
    );
  });

  it("leaves a dashboard alone that differs, until it is told to replace it; and one that is provisioned in any case", async () => {
    const there: Content = {
      ...own,
      folders: [{ uid: "home", title: "House" }],
      dashboards: [made("power", "Another"), { ...made("heating", "Heating"), provisioned: true }],
    };
    const [from, into, path] = [await serveGrafana(old), await serveGrafana(there), file()];
    await exported(from, path);
    const first = await imported(into, path);
    assert.equal(first.code, 1);
    assert.match(first.out, /^✗ dashboard "Power" is a different one there.+--overwrite/m);
    assert.match(first.out, /^✗ dashboard "Heating" is provisioned there/m);
    assert.match(first.out, /^✗ folder "Home" is called "House" there$/m);
    assert.equal(into.has.dashboards.find(({ dashboard }) => dashboard.uid === "power")?.dashboard.title, "Another");
    await imported(into, path, "--overwrite");
    const power = into.has.dashboards.find(({ dashboard }) => dashboard.uid === "power");
    assert.deepEqual([power?.dashboard.title, power?.versions.length], ["Power", 2]);
    assert.equal(into.has.dashboards.find(({ dashboard }) => dashboard.uid === "heating")?.provisioned, true);
  });

  it("says which data sources dashboards name that Grafana doesn't have", async () => {
    const [from, into, path] = [await serveGrafana(old), await serveGrafana(), file()];
    await exported(from, path);
    const { code, out } = await imported(into, path);
    assert.equal(code, 1);
    assert.match(out, /^✗ no data source prometheus: Heating, Power → grafana\.dataSources$/m);
  });

  it("asks for the classic model of a dashboard in Grafana 13's own, and names it where there is none", async () => {
    const from = await serveGrafana({ ...old, newModel: { heating: true, power: false } });
    const path = file();
    const { out } = await exported(from, path);
    assert.match(out, /^✗ dashboard "Power" \(power\): it is in Grafana 13's new model/m);
    const { dashboards } = JSON.parse(readFileSync(path, "utf8")) as { dashboards: { dashboard: { uid: string } }[] };
    assert.deepEqual(
      dashboards.map(({ dashboard }) => dashboard.uid),
      ["heating"],
    );
  });

  it("says what Grafana refuses, and goes on", async () => {
    const path = file();
    await exported(await serveGrafana(old), path);
    const into = await serveGrafana({ ...own, more: {} });
    const whole = JSON.parse(readFileSync(path, "utf8")) as { folders: { uid: string }[] };
    // Somebody deleted a folder between two requests: the server refuses what is in it.
    into.has.folders.push = () => 0;
    const { code, out } = await imported(into, path);
    assert.equal(code, 1);
    assert.match(out, /^✗ dashboard "Heating": 400: folder not found$/m);
    assert.match(out, /^made: dashboard "Power"$/m);
    assert.equal(whole.folders.length, 3);
  });

  describe("changes nothing, and says what to do,", () => {
    const nowhere = "http://127.0.0.1:9";

    it("without a login", async () => {
      const { code, error } = await grafana(["export", "--grafana", nowhere, "--file", file()], {});
      assert.equal(code, 2);
      assert.match(error, /GRAFANA_PASSWORD=\$\(kubectl/);
    });

    it("with a wrong password, which it doesn't print", async () => {
      const { url } = await serveGrafana(old);
      const path = file();
      const { code, error } = await grafana(["export", "--grafana", url, "--file", path], {
        GRAFANA_PASSWORD: "wr0ng",
      });
      assert.equal(code, 2);
      assert.match(error, /refuses the login/);
      assert.doesNotMatch(error, /wr0ng/);
      assert.ok(!existsSync(path));
    });

    it("where nothing answers", async () => {
      const { code, error } = await grafana(["export", "--grafana", nowhere, "--file", file()]);
      assert.equal(code, 2);
      assert.match(error, /refuses connections|port-forward/);
    });

    it("with a file that isn't there, that is a folder, or below what is none", async () => {
      const into = await serveGrafana(own);
      const folder = temporaryFolder();
      writeFileSync(join(folder, "text"), "");
      for (const [path, says] of [
        [join(folder, "none.json"), /none\.json is not there \(ENOENT\)\n→ check the path/],
        [folder, /is a folder, and not a file \(EISDIR\)\n→ give a file/],
        [join(folder, "text", "file"), /is not a folder, or is below something that isn't one \(ENOTDIR\)/],
      ] as const) {
        const { code, error } = await imported(into, path);
        assert.equal(code, 2);
        assert.match(error, says);
      }
    });

    it("with a file that is no export, every problem at once", async () => {
      const into = await serveGrafana(own);
      const path = file();
      const dashboards = [{ dashboard: { uid: "a" } }, { ...made("b", "B"), folderUid: "gone" }];
      writeFileSync(path, JSON.stringify({ version: 1, folders: [], libraryPanels: [], dashboards }));
      const first = await imported(into, path);
      assert.equal(first.code, 2);
      assert.match(first.error, /dashboards\.0\.dashboard\.title/);
      writeFileSync(path, JSON.stringify({ version: 1, folders: [], libraryPanels: [], dashboards: [dashboards[1]] }));
      const second = await imported(into, path);
      assert.match(second.error, /dashboard "B" is in the folder gone, which doesn't exist/);
      assert.deepEqual(into.writes, []);
    });
  });

  it("takes the token of a service account", async () => {
    const { url } = await serveGrafana({ folders: old.folders, dashboards: old.dashboards });
    const { code, error } = await grafana(["export", "--grafana", url, "--file", file()], { GRAFANA_TOKEN: token });
    assert.equal(code, 0, error);
  });
});
