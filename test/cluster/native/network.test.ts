import assert from "node:assert/strict";
import { LINK, network, overlapping } from "../../../cluster/native/network";

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
      assert.throws(() => network(range), /A\.B\.0\.0\/16 is needed, for example 10\.213\.0\.0\/16/);
    });
  }

  const routes = (...dsts: string[]) => dsts.map((dst) => ({ dst, dev: "eth0" }));

  it("overlaps with routes inside it, around it and of single addresses in it", () => {
    const taken = routes("10.213.7.0/24", "10.0.0.0/8", "10.213.255.255");
    assert.deepEqual(overlapping("10.213.0.0/16", taken), taken);
  });

  it("doesn't overlap with its neighbours, the default route or its own link", () => {
    const free = [...routes("10.212.0.0/16", "10.214.0.0/16", "default"), { dst: "10.213.0.0/16", dev: LINK }];
    assert.deepEqual(overlapping("10.213.0.0/16", free), []);
  });
});
