import assert from "node:assert/strict";
import { HostFacts, hostProblems } from "../../../lab/cluster/preflight";

const range = "10.213.0.0/16";

const fit: HostFacts = {
  platform: "linux",
  uid: 0,
  state: "/home/me/.local/state/observability-cluster",
  free: [{ path: "/home/me/.cache/observability-cluster", bytes: 100e9 }],
  unbuilt: 1,
  routes: [
    { dst: "default", dev: "eth0" },
    { dst: "192.168.1.0/24", dev: "eth0" },
  ],
  linkTaken: false,
};

describe("What keeps the cluster from running on a machine", () => {
  it("is nothing on a Linux machine with root, room and free addresses", () => {
    assert.deepEqual(hostProblems(fit, range), []);
  });

  const cases: [string, Partial<HostFacts>, RegExp][] = [
    ["another system than Linux", { platform: "darwin" }, /This is darwin.*Start a Docker engine/],
    ["not being root", { uid: 1000 }, /not root \(uid 1000\).*sudo -E/],
    [
      "no room for the first build",
      { free: [{ path: "/c", bytes: 12e9 }] },
      /\/c has 12 GB free and 20 GB are needed.*XDG_CACHE_HOME/,
    ],
    ["not quite enough", { free: [{ path: "/c", bytes: 19.97e9 }] }, /\/c has 19\.9 GB free and 20 GB are needed/],
    [
      "no room for the rest of a build",
      { unbuilt: 0.5, free: [{ path: "/c", bytes: 12e9 }] },
      /\/c has 12 GB free and 13 GB are needed/,
    ],
    ["no room to run", { unbuilt: 0, free: [{ path: "/c", bytes: 1e9 }] }, /\/c has 1 GB free and 5 GB are needed/],
    [
      "a state folder that the node covers",
      { state: "/var/lib/me" },
      /\/var\/lib\/me is under \/var\/lib.*XDG_STATE_HOME/,
    ],
    [
      "a taken interface name",
      { linkTaken: true },
      /interface observability0 exists already.*ip link delete observability0/,
    ],
    [
      "a taken address range",
      { routes: [{ dst: "10.0.0.0/8", dev: "wg0" }] },
      /10\.213\.0\.0\/16 overlaps.*10\.0\.0\.0\/8 by wg0.*--range/,
    ],
  ];
  for (const [what, facts, message] of cases) {
    it(`is ${what}`, () => {
      const problems = hostProblems({ ...fit, ...facts }, range);
      assert.equal(problems.length, 1);
      assert.match(problems[0], message);
    });
  }

  it("is told all at once", () => {
    const worst = Object.assign({}, fit, ...cases.map(([, facts]) => facts)) as HostFacts;
    // the cases about room are one fact
    const facts = new Set(cases.flatMap(([, given]) => Object.keys(given).filter((key) => key !== "unbuilt")));
    assert.equal(hostProblems(worst, range).length, facts.size);
  });

  it("is no lack of room for what an interrupted build has made already", () => {
    assert.deepEqual(hostProblems({ ...fit, unbuilt: 0.5, free: [{ path: "/c", bytes: 13e9 }] }, range), []);
    assert.deepEqual(hostProblems({ ...fit, unbuilt: 0, free: [{ path: "/c", bytes: 12e9 }] }, range), []);
  });
});
