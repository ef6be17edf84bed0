import assert from "node:assert/strict";
import type { z } from "zod";
import { quantityValue, seconds, sizeBytes } from "../../settings/units";
import { lineRegex, streamSelector } from "../../settings/streams";
import * as values from "../../settings/values";
import { selectors } from "./selectors";
import { linesOf } from "./support";

/** What each kind of value takes and refuses. */
const kinds: Record<string, { kind: z.ZodType; takes: unknown[]; refuses: unknown[] }> = {
  "a duration": {
    kind: values.duration,
    takes: ["1ms", "30s", "5m", "720h", "30d", "2w", "1y", "1h30m", "1d12h"],
    refuses: ["30 days", "30", "", "0s", "-1h", "1.5h", "30m1h", "1h1h", "1H", "1month", "300y", " 1h", 30],
  },
  "a duration that may be nothing": { kind: values.durationOrZero, takes: ["0s", "30s"], refuses: ["0", "", "x"] },
  "a duration of Go": {
    kind: values.goDuration,
    takes: ["2h", "10m", "1h30m", "500ms"],
    refuses: ["1d", "1w", "1y", "0s", "2"],
  },
  "an amount of CPU": {
    kind: values.cpu,
    takes: ["500m", "1", "0.5", 1, 0.25, "1.125"],
    refuses: ["0", "0m", "1.5m", "0.0001", "-1", "1 core", "1Gi", "4000", 4000, "", null, 0],
  },
  "an amount of bytes": {
    kind: values.bytes,
    takes: ["10Gi", "128Mi", "1.5Gi", "70G", "512k", 1048576],
    refuses: ["10GB", "10gi", "500m", "10K", "0", "-1Gi", "10 Gi", "8", 8, "", "Gi", true],
  },
  "a size of Loki's": {
    kind: values.size,
    takes: ["5MB", "256KB", "60GB"],
    refuses: ["5", "5M", "5Mi", "5 MB", "0MB", "1.5MB"],
  },
  "a selector of streams": { kind: streamSelector, ...selectors },
  "a regular expression for lines": {
    kind: lineRegex,
    takes: [
      "/healthz",
      "^\\d{4}-",
      "(?i)error",
      "(?P<n>x)",
      "card=([0-9]+)",
      "\\\\1",
      "\\p{Greek}",
      "[\\w-]",
      "\\/",
      "(?i:x)y",
    ],
    refuses: ["", "(", "a(?=b)", "(a)\\1", "[z-a]", "\\y", "\\cA", "[a-\\d]", "x{1001}", "x**"],
  },
  "a namespace's name": {
    kind: values.namespaceName,
    takes: ["monitoring", "a", "a-1", "a".repeat(63)],
    refuses: ["Monitoring", "a.b", "-a", "a-", "", "a_b", "a".repeat(64)],
  },
  "an object's name": {
    kind: values.objectName,
    takes: ["openebs-hostpath", "a.b-c.d"],
    refuses: ["A", "a..b", ".a", "a.", "a-.b", "a_b", "", "a".repeat(254)],
  },
  "a host name": {
    kind: values.hostName,
    takes: ["grafana.example.org"],
    refuses: ["https://g", "g:3000", "g/x", "G"],
  },
  "a label's key": {
    kind: values.labelKey,
    takes: ["app", "kubernetes.io/arch", "a.b/C_d"],
    refuses: ["a b", "a/b/c", "/a", "a/", "-a", "", "A.b/c", "a".repeat(64)],
  },
  "a label's value": {
    kind: values.labelValue,
    takes: ["", "arm64", "A_b.c-1", true, 1],
    refuses: ["a b", "-a", "a".repeat(64)],
  },
  "a metric label's name": { kind: values.metricLabel, takes: ["alertname", "_a1"], refuses: ["1a", "a-b", ""] },
  "a Helm release's name": { kind: values.releaseName, takes: ["kps"], refuses: ["KPS", "a.b", "a".repeat(54)] },
  "a chart's version": {
    kind: values.chartVersion,
    takes: ["88.5.3", "1.0.0-rc.1"],
    refuses: ["88.5", "^88.5.3", "88.x", "latest", "v1.0.0"],
  },
  "a Secret's key": { kind: values.secretKey, takes: ["AWS_ACCESS_KEY_ID", "a.b-c"], refuses: ["", "a b", "a/b"] },
  "a bucket's name": {
    kind: values.bucketName,
    takes: ["loki-production", "abc", "a.b.c", "a".repeat(63)],
    refuses: ["LOKI", "ab", "a_b", "-ab", "ab-", "a..b", "a.-b", "192.168.1.1", "a".repeat(64), ""],
  },
  "host and port": {
    kind: values.hostPort,
    takes: ["10.0.40.10:9000", "nas.local:443", "[::1]:9000"],
    refuses: ["http://10.0.40.10:9000", "10.0.40.10", "nas:0", "nas:65536", "nas:9000/", "nas:port", ":9000"],
  },
  "a URL": {
    kind: values.httpUrl,
    takes: ["http://10.0.40.10:9000", "https://nas/path?x=1"],
    refuses: [
      "10.0.40.10:9000",
      "ftp://nas",
      "http://",
      "http:///nas",
      "http://a b",
      "http://me:pw@nas",
      "http://token@nas",
    ],
  },
  "a server's URL": {
    kind: values.httpOrigin,
    takes: ["http://nas:9000", "http://nas:9000/"],
    refuses: ["http://nas/minio", "http://nas?x", "nas"],
  },
  "an image": {
    kind: values.imageReference,
    takes: [
      "docker.io/grafana/loki:3.6.3",
      "registry.local:5000/loki:3.6.3",
      "loki:3",
      `quay.io/minio/minio@sha256:${"a".repeat(64)}`,
      `quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z@sha256:${"a".repeat(64)}`,
    ],
    refuses: [
      "docker.io/grafana/loki",
      "registry.local:5000/loki",
      "grafana/loki:latest",
      "grafana/loki:",
      "Grafana/Loki:3.6.3",
      "grafana/loki:3.6.3 ",
      "grafana/loki@sha256:abc",
      "https://docker.io/grafana/loki:3",
      "",
    ],
  },
  "a positive number": { kind: values.positiveNumber, takes: [0.5, 10, "0.5"], refuses: [0, -1, "ten", "", null] },
  "a port": { kind: values.port, takes: [1, 65535], refuses: [0, 65536, 1.5, "80"] },
  "text that is not empty": { kind: values.nonEmptyText, takes: ["a", 30, true], refuses: ["", " ", null, {}] },
};

describe("kinds of value", () => {
  for (const [name, { kind, takes, refuses }] of Object.entries(kinds)) {
    it(`${name} takes what its program takes`, () => {
      for (const value of takes) assert.ok(kind.safeParse(value).success, JSON.stringify(value));
    });

    it(`${name} refuses everything else`, () => {
      for (const value of refuses) assert.ok(!kind.safeParse(value).success, JSON.stringify(value));
    });

    it(`${name} says what it takes, with an example that it takes`, () => {
      const { allowed, example } = kind.meta() ?? {};
      assert.ok(allowed);
      assert.ok(kind.safeParse(example).success, JSON.stringify(example));
    });
  }

  it("text stays text where the command line made a number or a boolean of it", () => {
    assert.equal(values.nonEmptyText.parse(30), "30");
    assert.equal(values.labelValue.parse(true), "true");
    assert.equal(values.bytes.parse(1048576), "1048576");
    assert.equal(values.positiveNumber.parse("0.5"), 0.5);
  });
});

describe("regular expressions of other settings", () => {
  it("are refused where only JavaScript reads them, and where the chart would break its rules with them", () => {
    const probe = { module: "http", url: "http://nas", contains: "(?!error)" };
    assert.deepEqual(linesOf({ probes: [probe], rules: { upstream: { namespaces: "shop|(" } } }).sort(), [
      'probes[0].contains "(?!error)" is not a regular expression that the exporter can read',
      'rules.upstream.namespaces "shop|(" is not a regular expression that the chart can write',
    ]);
    const [line] = linesOf({ rules: { upstream: { namespaces: 'a"b' } } });
    assert.match(line, /^rules\.upstream\.namespaces .* is not a regular expression/);
    assert.deepEqual(linesOf({ rules: { upstream: { namespaces: "shop|blog-.*" } } }), []);
    const fileSystems = (fsSelector: string) =>
      linesOf({ rules: { upstream: { defaultRules: { node: { fsSelector } } } } });
    assert.deepEqual(fileSystems('fstype=~"ext[234]|xfs", device!=""'), []);
    assert.match(fileSystems('{fstype="ext4"}')[0], /fsSelector .* is not a list of matchers/);
  });
});

describe("the name that a DNS probe asks for", () => {
  const asks = (query: string) => linesOf({ probes: [{ module: "dns", target: "10.0.0.1", query, type: "SRV" }] });

  it("is any name in the DNS", () => {
    for (const name of ["example.org", "_ldap._tcp.example.org", "example.org.", "."])
      assert.deepEqual(asks(name), [], name);
    for (const name of ["", "a b", "*.example.org", "https://example.org"]) assert.equal(asks(name).length, 1, name);
  });
});

describe("numbers behind texts", () => {
  it("a duration's seconds are the sum of its parts", () => {
    assert.equal(seconds("1y1w1d1h1m1s1ms"), 31_536_000 + 604_800 + 86_400 + 3600 + 60 + 1 + 0.001);
    assert.equal(seconds("30d"), seconds("720h"));
    assert.throws(() => seconds("30 days"), /"30 days" is not a Prometheus duration/);
  });

  it("a quantity's decimal and binary units differ", () => {
    assert.equal(quantityValue("1.5Gi"), 1.5 * 2 ** 30);
    assert.equal(quantityValue("70G"), 70e9);
    assert.equal(quantityValue("500m"), 0.5);
    assert.throws(() => quantityValue("10GB"), /"10GB" is not a Kubernetes quantity/);
  });

  it("a size of Loki's and Prometheus's counts in 1024", () => {
    assert.equal(sizeBytes("5MB"), 5 * 2 ** 20);
    assert.throws(() => sizeBytes("5Mi"), /"5Mi" is not a size/);
  });
});
