import assert from "node:assert/strict";
import { stringify } from "yaml";
import { replicationFactorFitsReplicas as fits } from "../../policy/replication-factor-fits-replicas";
import { replicationFactorSurvivesAWriter as survives } from "../../policy/replication-factor-survives-a-writer";
import { cases, changed, file, goodLoki, goodMimir, inFile, lokiChart, type Values } from "./fixtures";
import { configMap, object, release, stackFindings, unknown, type TestResource } from "./support";

const refusesAll = (program: string, needed: number, found: number) =>
  `${program} would refuse everything: "at least ${needed} live replicas required, could only find ${found}".`;
const refusesOne = (program: string) => `With one writer down, ${program} would refuse writes.`;
const tooMany = (place: string, found: string, most: number, where: string, why: string) =>
  `${place} is ${found}; wanted at most ${most}, the number of writers (${where}). ${why} Write a factor of ${most}, or run more writers.`;
const inChart = "Release monitoring/loki: values.loki.commonConfig.replication_factor";

describe("replication-factor-fits-replicas", () => {
  describe("in the chart loki", () => {
    cases(fits, [
      { when: "a single binary has factor 1", given: lokiChart({}) },
      {
        when: "a single binary has factor 3",
        given: lokiChart({ commonConfig: { replication_factor: 3 } }),
        finds: [tooMany(inChart, "3", 1, "values.singleBinary.replicas", refusesAll("Loki", 2, 1))],
      },
      {
        when: "a single binary has the default",
        given: lokiChart({ commonConfig: {} }),
        finds: [
          tooMany(inChart, "missing, which means 3", 1, "values.singleBinary.replicas", refusesAll("Loki", 2, 1)),
        ],
      },
      {
        when: "there are no writers, which no factor fits",
        given: lokiChart({}, { deploymentMode: "Distributed", ingester: { replicas: 0 } }),
        finds: [
          `${inChart} is 1; wanted at most the number of writers, of which there are none (values.ingester.replicas). ${refusesAll("Loki", 1, 0)} Run at least as many writers as the factor is.`,
        ],
      },
      {
        when: "two writers have factor 3",
        given: lokiChart(
          { commonConfig: { replication_factor: 3 } },
          { deploymentMode: "SimpleScalable", write: { replicas: 2 } },
        ),
        finds: [tooMany(inChart, "3", 2, "values.write.replicas", refusesOne("Loki"))],
      },
      {
        when: "the chart's three writers have the default factor",
        given: lokiChart({ commonConfig: {} }, { deploymentMode: "SimpleScalable", write: {} }),
      },
      {
        when: "it is monolithic, as newer charts call it, and has replicas of nothing else",
        given: lokiChart(
          { commonConfig: { replication_factor: 3 } },
          { deploymentMode: "Monolithic", singleBinary: {} },
        ),
        finds: [tooMany(inChart, "3", 1, "values.singleBinary.replicas", refusesAll("Loki", 2, 1))],
      },
      {
        when: "the chart is one that is monolithic by default, and runs one pod though none is asked for",
        given: release(
          "loki",
          {
            singleBinary: { replicas: 0 },
            write: { replicas: 0 },
            loki: { schemaConfig: { configs: [] }, commonConfig: {} },
          },
          { version: "12.0.0" },
        ),
        finds: [
          tooMany(inChart, "missing, which means 3", 1, "values.singleBinary.replicas", refusesAll("Loki", 2, 1)),
        ],
      },
      {
        when: "the chart before that one is Simple Scalable by default",
        given: release(
          "loki",
          { write: { replicas: 3 }, loki: { schemaConfig: { configs: [] }, commonConfig: {} } },
          { version: "11.4.0" },
        ),
      },
      {
        when: "an older chart has replicas of a single binary, and no mode",
        given: release("loki", {
          singleBinary: { replicas: 1 },
          loki: { schemaConfig: { configs: [] }, commonConfig: { replication_factor: 2 } },
        }),
        finds: [tooMany(inChart, "2", 1, "values.singleBinary.replicas", refusesAll("Loki", 2, 1))],
      },
      {
        when: "an autoscaler may go below the factor",
        given: lokiChart(
          { commonConfig: { replication_factor: 3 } },
          { deploymentMode: "SimpleScalable", write: { replicas: 3, autoscaling: { enabled: true, minReplicas: 2 } } },
        ),
        finds: [tooMany(inChart, "3", 2, "values.write.autoscaling.minReplicas", refusesOne("Loki"))],
      },
      {
        when: "the ingesters of microservices are too few",
        given: lokiChart(
          { commonConfig: { replication_factor: 3 } },
          { deploymentMode: "Distributed", ingester: { replicas: 1, zoneAwareReplication: { enabled: false } } },
        ),
        finds: [tooMany(inChart, "3", 1, "values.ingester.replicas", refusesAll("Loki", 2, 1))],
      },
      {
        when: "one ingester is asked for in each of three zones, which the chart does by default",
        given: lokiChart(
          { commonConfig: { replication_factor: 3 } },
          { deploymentMode: "Distributed", ingester: { replicas: 1 } },
        ),
      },
      {
        when: "it is on its way between two modes",
        given: lokiChart({ commonConfig: {} }, { deploymentMode: "SingleBinary<->SimpleScalable" }),
      },
      {
        when: "the ring's own factor is above the common one",
        given: lokiChart({
          ingester: { lifecycler: { ring: { replication_factor: 3 } } },
          commonConfig: { replication_factor: 1 },
        }),
        finds: [
          tooMany(
            "Release monitoring/loki: values.loki.ingester.lifecycler.ring.replication_factor",
            "3",
            1,
            "values.singleBinary.replicas",
            refusesAll("Loki", 2, 1),
          ),
        ],
      },
      {
        when: "the factor is a text",
        given: lokiChart({ commonConfig: { replication_factor: "three" } }),
        finds: [
          `${inChart} is "three", which is not a whole number, 0 or more; wanted a number. The replication factor can't be compared with the number of writers. Write a plain number.`,
        ],
      },
      {
        when: "a preview doesn't know the replicas",
        given: lokiChart({ commonConfig: { replication_factor: 3 } }, { singleBinary: { replicas: unknown } }),
        finds: ["advisory: string value at .values.singleBinary.replicas can't be known during preview"],
      },
    ]);
  });

  describe("in the chart mimir-distributed", () => {
    const mimir = (values: Values, version?: string): TestResource => {
      const { props, ...rest } = release("mimir-distributed", { mimir: { structuredConfig: {} }, ...values });
      return { ...rest, props: { ...props, version } };
    };
    const classic = { mimir: { structuredConfig: { ingest_storage: { enabled: false } } } };
    const place =
      "Release monitoring/mimir-distributed: values.mimir.structuredConfig.ingester.ring.replication_factor";
    const single = { ingester: { replicas: 1, zoneAwareReplication: { enabled: false } } };
    const one = tooMany(place, "missing, which means 3", 1, "values.ingester.replicas", refusesAll("Mimir", 2, 1));
    cases(fits, [
      { when: "its three ingesters have the default factor", given: mimir(classic) },
      {
        when: "one ingester has the default factor",
        given: mimir({ ...classic, ...single }),
        finds: [one],
      },
      { when: "there is one in each zone", given: mimir({ ...classic, ingester: { replicas: 1 } }) },
      { when: "Kafka takes what is written", given: mimir(single) },
      {
        when: "the chart is older than Kafka in it",
        given: mimir(single, "5.8.0"),
        finds: [one],
      },
    ]);
  });

  describe("over the stack", () => {
    const workload = (name: string, replicas: number | undefined, args: string[] = [], kind = "StatefulSet") => ({
      ...object("apps/v1", kind, {
        metadata: { namespace: "monitoring", name },
        spec: {
          replicas,
          template: {
            spec: { containers: [{ name, args }], volumes: [{ name: "config", configMap: { name: "loki" } }] },
          },
        },
      }),
      name,
    });
    const three = file(changed(goodLoki, "common.replication_factor", 3));
    const place = `${inFile}common.replication_factor`;
    const check = (...resources: TestResource[]) => stackFindings(fits, resources);

    it("accepts as many writers as the factor", async () => {
      assert.deepEqual(await check(three, workload("loki", 3)), []);
    });

    it("refuses a factor above the replicas of what mounts the configuration", async () => {
      assert.deepEqual(await check(three, workload("loki", 1)), [
        tooMany(place, "3", 1, "StatefulSet monitoring/loki", refusesAll("Loki", 2, 1)),
      ]);
    });

    it("counts a workload without replicas as one pod", async () => {
      assert.deepEqual(await check(three, workload("loki", undefined)), [
        tooMany(place, "3", 1, "StatefulSet monitoring/loki", refusesAll("Loki", 2, 1)),
      ]);
    });

    it("counts only what writes", async () => {
      const resources = [workload("read", 3, ["-target=read"]), workload("backend", 3, ["-target", "backend"])];
      assert.deepEqual(await check(three, ...resources), []);
      assert.deepEqual(await check(three, ...resources, workload("write", 2, ["-target=write"])), [
        tooMany(place, "3", 2, "StatefulSet monitoring/write", refusesOne("Loki")),
      ]);
    });

    it("adds the writers of both modes of Loki together, whose files are in one ConfigMap while it changes", async () => {
      const [{ props }, text] = [three, stringify(changed(goodLoki, "common.replication_factor", 3))];
      const both = { ...three, props: { ...props, data: { "config.yaml": text, "former.yaml": text } } };
      assert.deepEqual(await check(both, workload("loki-write", 1), workload("loki", 2)), []);
      assert.equal((await check(both, workload("loki-write", 0), workload("loki", 2))).length, 2);
    });

    it("adds zones together", async () => {
      const zones = ["a", "b", "c"].map((zone) => workload(`ingester-${zone}`, 1, ["-target=ingester"]));
      assert.deepEqual(await check(three, ...zones), []);
    });

    it("takes the fewest that an autoscaler allows", async () => {
      const scaler = object("autoscaling/v2", "HorizontalPodAutoscaler", {
        metadata: { namespace: "monitoring", name: "loki" },
        spec: { scaleTargetRef: { kind: "StatefulSet", name: "loki" }, minReplicas: 3, maxReplicas: 6 },
      });
      assert.deepEqual(await check(three, workload("loki", undefined), scaler), []);
    });

    it("lets an argument override the file", async () => {
      assert.deepEqual(await check(three, workload("loki", 1, ["-distributor.replication-factor=1"])), []);
      assert.deepEqual(await check(file(goodLoki), workload("loki", 1, ["-distributor.replication-factor=2"])), [
        tooMany(
          "StatefulSet monitoring/loki: spec.template.spec.containers[0].args: -distributor.replication-factor",
          "2",
          1,
          "StatefulSet monitoring/loki",
          refusesAll("Loki", 2, 1),
        ),
      ]);
    });

    it("tells of the writer whose argument it is, and of the file once for all others", async () => {
      const args = ["-target=write", "-distributor.replication-factor=9"];
      const writers = [
        workload("a", 1, ["-target=write"]),
        workload("b", 1, args),
        workload("c", 1, ["-target=write"]),
      ];
      const where = "StatefulSet monitoring/a and StatefulSet monitoring/b and StatefulSet monitoring/c";
      assert.deepEqual(await check(file(changed(goodLoki, "common.replication_factor", 5)), ...writers), [
        tooMany(place, "5", 3, where, refusesOne("Loki")),
        tooMany(
          "StatefulSet monitoring/b: spec.template.spec.containers[0].args: -distributor.replication-factor",
          "9",
          3,
          where,
          refusesAll("Loki", 5, 3),
        ),
      ]);
    });

    it("finds a configuration in a Secret, and one among others that are mounted together", async () => {
      const secret = object("core/v1", "Secret", {
        metadata: { namespace: "monitoring", name: "loki" },
        data: {
          "loki.yaml": Buffer.from(stringify(changed(goodLoki, "common.replication_factor", 3))).toString("base64"),
        },
      });
      const mounted = (volume: object) =>
        object("apps/v1", "StatefulSet", {
          metadata: { namespace: "monitoring", name: "loki" },
          spec: { template: { spec: { containers: [], volumes: [volume] } } },
        });
      const expected = [
        tooMany(
          'Secret monitoring/loki: data["loki.yaml"]: common.replication_factor',
          "3",
          1,
          "StatefulSet monitoring/loki",
          refusesAll("Loki", 2, 1),
        ),
      ];
      assert.deepEqual(await check(secret, mounted({ secret: { secretName: "loki" } })), expected);
      assert.deepEqual(
        await check(secret, mounted({ projected: { sources: [{ secret: { name: "loki" } }] } })),
        expected,
      );
    });

    it("looks past workloads of another namespace, and those that mount something else", async () => {
      const elsewhere = workload("loki", 1);
      const other = structuredClone(elsewhere) as { props: { metadata: { namespace: string } } } & TestResource;
      other.props.metadata.namespace = "logs";
      assert.deepEqual(await check(three, other), []);
      assert.deepEqual(await check({ ...three, ...configMapNamed("other") }, elsewhere), []);
    });

    it("refuses Mimir's default of three on one pod", async () => {
      const config = file(changed(goodMimir, "ingester", {}));
      assert.deepEqual(await check(config, workload("mimir", 1, ["-target=all"])), [
        tooMany(
          `${inFile}ingester.ring.replication_factor`,
          "missing, which means 3",
          1,
          "StatefulSet monitoring/mimir",
          refusesAll("Mimir", 2, 1),
        ),
      ]);
      assert.deepEqual(await check(file(goodMimir), workload("mimir", 1)), []);
    });

    it("looks past what its configuration excludes", async () => {
      const config = { exclude: [{ name: "loki", type: "*:StatefulSet" }] };
      assert.deepEqual(await stackFindings(fits, [three, workload("loki", 1)], config), []);
    });
  });
});

const configMapNamed = (name: string) => ({
  props: {
    ...configMap(stringify(changed(goodLoki, "common.replication_factor", 3))).props,
    metadata: { namespace: "monitoring", name },
  },
});

describe("replication-factor-survives-a-writer", () => {
  const advised = (place: string) =>
    `${place} is 2; wanted 3, or 1. With factor 2, both writers of a stream must accept a line: with one of three writers down, Loki refused 86 of 150 streams, and none with factor 3. Use factor 3 with at least 3 writers, or factor 1, which takes half the space.`;
  const workload = (replicas: number, ...words: string[]) =>
    object("apps/v1", "StatefulSet", {
      metadata: { namespace: "monitoring", name: "loki" },
      spec: {
        replicas,
        template: {
          spec: {
            containers: [{ name: "loki", args: words }],
            volumes: [{ name: "config", configMap: { name: "loki" } }],
          },
        },
      },
    });
  const inArgs = "StatefulSet monitoring/loki: spec.template.spec.containers[0].args: ";
  const two = file(changed(goodLoki, "common.replication_factor", 2));
  const scalable = { deploymentMode: "SimpleScalable", write: {} };

  describe("of a file, and who mounts it", () => {
    const mimirTwo = file(changed(goodMimir, "ingester.ring.replication_factor", 2));
    const stacks: [string, TestResource[], string[]?][] = [
      ["the factor is 1", [file(goodLoki), workload(3)]],
      ["the factor is 3", [file(changed(goodLoki, "common.replication_factor", 3)), workload(3)]],
      ["no factor is set, which means 3", [file(changed(goodLoki, "common", undefined)), workload(3)]],
      ["the factor is 2", [two, workload(3)], [`${inFile}common.replication_factor`]],
      ["nobody is seen to mount it", [two], [`${inFile}common.replication_factor`]],
      ["there is one writer, of which another policy tells", [two, workload(1)]],
      ["Mimir's is 2", [mimirTwo, workload(2)], [`${inFile}ingester.ring.replication_factor`]],
      [
        "an argument sets it to 2",
        [file(goodLoki), workload(2, "-distributor.replication-factor=2")],
        [`${inArgs}-distributor.replication-factor`],
      ],
      [
        "an argument sets it to 2, and the stack doesn't show the file",
        [workload(2, "-distributor.replication-factor=2")],
        [`${inArgs}-distributor.replication-factor`],
      ],
      [
        "an argument sets Mimir's to 2",
        [workload(2, "--ingester.ring.replication-factor", "2")],
        [`${inArgs}-ingester.ring.replication-factor`],
      ],
      ["an argument sets it to 3", [two, workload(3, "-distributor.replication-factor=3")]],
    ];
    for (const [when, given, places = []] of stacks) {
      it(`${places.length > 0 ? "advises" : "says nothing"} when ${when}`, async () => {
        assert.deepEqual(await stackFindings(survives, given), places.map(advised));
        if (when.includes("another policy")) assert.equal((await stackFindings(fits, given)).length, 1);
      });
    }
  });

  describe("of a chart", () => {
    cases(survives, [
      {
        when: "an argument in chart values overrides a good one",
        given: lokiChart({}, { ...scalable, write: { extraArgs: ["-distributor.replication-factor=2"] } }),
        finds: [advised("Release monitoring/loki: values.write.extraArgs: -distributor.replication-factor")],
      },
      {
        when: "an argument in chart values overrides a bad one",
        given: lokiChart(
          { commonConfig: { replication_factor: 2 } },
          { ...scalable, write: { extraArgs: ["-distributor.replication-factor=3"] } },
        ),
      },
      {
        when: "mimir-distributed has it among its extraArgs, which are a mapping there",
        given: release("mimir-distributed", {
          mimir: { structuredConfig: { ingest_storage: { enabled: false } } },
          ingester: { extraArgs: { "ingester.ring.replication-factor": 2 } },
        }),
        finds: [
          advised("Release monitoring/mimir-distributed: values.ingester.extraArgs: -ingester.ring.replication-factor"),
        ],
      },
      {
        when: "a chart's is 2",
        given: lokiChart({ commonConfig: { replication_factor: 2 } }, scalable),
        finds: [advised(inChart)],
      },
      {
        when: "a chart's is 2, with the one writer of which another policy tells",
        given: lokiChart({ commonConfig: { replication_factor: 2 } }),
      },
    ]);
  });
  it("only advises", () => assert.equal(survives.enforcementLevel, "advisory"));
});
