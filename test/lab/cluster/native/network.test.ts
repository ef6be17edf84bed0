import assert from "node:assert/strict";
import { link, linkAbandoned, network, overlapping, secondNetwork } from "../../../../lab/cluster/native/network";
import { startTime } from "../../../../lab/cluster/native/node";
import { StandInMachine } from "../stand-ins";

describe("The node's network", () => {
  it("divides one range among link, pods and services", () => {
    assert.deepEqual(network("10.213.0.0/16"), {
      range: "10.213.0.0/16",
      host: "10.213.0.1",
      node: "10.213.0.2",
      pods: "10.213.64.0/24",
      services: "10.213.128.0/20",
      api: "10.213.128.1",
      dns: "10.213.128.10",
    });
  });

  for (const range of ["10.213.0.0/24", "10.213.1.0/16", "10.300.0.0/16", "fd00::/16", "", "ten"]) {
    it(`refuses ${JSON.stringify(range)} and shows the form that is wanted`, () => {
      assert.throws(() => network(range), /expected an IPv4 range A\.B\.0\.0\/16, for example 10\.213\.0\.0\/16/);
    });
  }

  it("gives a second node a link and pods of its own, in the same range, and the same services", () => {
    const first = network("10.213.0.0/16");
    assert.deepEqual(secondNetwork(first), {
      ...first,
      host: "10.213.0.5",
      node: "10.213.0.6",
      pods: "10.213.65.0/24",
    });
  });

  const routes = (...dsts: string[]) => dsts.map((dst) => ({ dst, dev: "eth0" }));

  it("overlaps with routes inside it, around it and of single addresses in it", () => {
    const taken = routes("10.213.7.0/24", "10.0.0.0/8", "10.213.255.255");
    assert.deepEqual(overlapping("10.213.0.0/16", taken), taken);
  });

  it("doesn't overlap with its neighbours, the default route or its own link", () => {
    const free = [...routes("10.212.0.0/16", "10.214.0.0/16", "default"), { dst: "10.213.0.0/16", dev: link }];
    assert.deepEqual(overlapping("10.213.0.0/16", free), []);
  });
});

describe("The link of a cluster", () => {
  let machine: StandInMachine;
  beforeEach(() => void (machine = new StandInMachine()));
  afterEach(() => machine.remove());

  const cases: [string, string | undefined, boolean][] = [
    ["is none where there is no link", undefined, false],
    ["is in use while its node's first process runs", `"ifalias":"${process.pid} ${startTime(process.pid)}"`, false],
    ["was left where that process has ended", `"ifalias":"${2 ** 30} 5"`, true],
    ["was left where another process has its number", `"ifalias":"${process.pid} 5"`, true],
    ["is another program's without the alias", `"mtu":1500`, false],
    ["is another program's with another alias", `"ifalias":"uplink to 7 5"`, false],
  ];
  for (const [what, facts, abandoned] of cases)
    it(what, async () => {
      machine.command("ip", facts === undefined ? "exit 1" : `echo '[{"ifname":"${link}",${facts}}]'`);
      assert.equal(await linkAbandoned(), abandoned);
    });
});
