import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";

/** A program that is built from a published Go module. Its module and version stand in `go/<name>/go.mod`. */
export interface Program {
  /** Path of the module that `go.mod` requires. */
  module: string;
  /** What is built: name of the binary → package. */
  binaries: Record<string, string>;
  /** The version under which the program is released, where the module's own version says it differently. */
  release?: (moduleVersion: string) => string;
  /** Variables that the linker sets (`-X name=value`), so that the program knows its version. */
  stamps?: (release: string) => Record<string, string>;
  /** Build tags. */
  tags?: string[];
  /** Whether it needs a C compiler; static Go otherwise. */
  cgo?: boolean;
  /** C headers that the compiler needs, and the Debian package that has each; the package need not be installed. */
  headers?: Record<string, string>;
  /** Files that the module lacks, because its release makes them, or that are others in this build: path in the module → content. */
  additions?: Record<string, Buffer>;
  /** Lines of the module that are others in this build: path in the module → what stands there, and what takes its place. */
  edits?: Record<string, readonly [string, string]>;
  /** Files and folders of the module that this build leaves out. */
  removals?: string[];
}

// Prometheus numbers its Go module v0.XYY.Z for release X.YY.Z: https://github.com/prometheus/prometheus/blob/main/RELEASE.md
const prometheusRelease = (version: string) => version.replace(/^v0\.(\d+)(\d\d)\./, "$1.$2.");

// MinIO has no module versions: a pseudo-version carries the commit's time, which is what its releases are named after.
const minioRelease = (version: string) =>
  version.replace(/^.*?(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)-.*$/, "RELEASE.$1-$2-$3T$4-$5-$6Z");

const commonStamps = (release: string) => ({ "github.com/prometheus/common/version.Version": release });

const minioStamps = (module: string) => (release: string) => ({
  [`${module}/cmd.Version`]: release.replace(/^RELEASE\.(.*)T(\d\d)-(\d\d)-(\d\d)Z$/, "$1T$2:$3:$4Z"),
  [`${module}/cmd.ReleaseTag`]: release,
});

function kubernetesStamps(release: string): Record<string, string> {
  const [major, minor] = release.split(".");
  // Without these the version is v0.0.0-master and `kubectl version` fails to parse it.
  return Object.fromEntries(
    ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((pkg) => [
      [`${pkg}.gitVersion`, `v${release}`],
      [`${pkg}.gitMajor`, major],
      [`${pkg}.gitMinor`, minor],
    ]),
  );
}

/** Every file below a folder of `go/`, by its path there. */
function filesBelow(folder: string): Record<string, Buffer> {
  const root = join(__dirname, "go", folder);
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [relative(root, path), readFileSync(path)]));
}

/** Every program that is built from Go modules, by name. The node's own come first, in the order in which they are needed. */
export const programTable = {
  containerd: {
    module: "github.com/containerd/containerd/v2",
    binaries: {
      containerd: "github.com/containerd/containerd/v2/cmd/containerd",
      "containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
      ctr: "github.com/containerd/containerd/v2/cmd/ctr",
    },
    stamps: (release) => ({ "github.com/containerd/containerd/v2/version.Version": `v${release}` }),
  },
  runc: {
    module: "github.com/opencontainers/runc",
    binaries: { runc: "github.com/opencontainers/runc" },
    tags: ["seccomp"],
    cgo: true,
  },
  cni: {
    module: "github.com/containernetworking/plugins",
    binaries: {
      ptp: "github.com/containernetworking/plugins/plugins/main/ptp",
      loopback: "github.com/containernetworking/plugins/plugins/main/loopback",
      portmap: "github.com/containernetworking/plugins/plugins/meta/portmap",
      "host-local": "github.com/containernetworking/plugins/plugins/ipam/host-local",
    },
    stamps: (release) => ({
      "github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion": `v${release}`,
    }),
  },
  etcd: {
    module: "go.etcd.io/etcd/server/v3",
    binaries: { etcd: "go.etcd.io/etcd/server/v3" },
  },
  kubernetes: {
    module: "k8s.io/kubernetes",
    binaries: Object.fromEntries(
      ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"].map(
        (binary) => [binary, `k8s.io/kubernetes/cmd/${binary}`],
      ),
    ),
    stamps: kubernetesStamps,
  },
  coredns: {
    module: "github.com/coredns/coredns",
    binaries: { coredns: "github.com/coredns/coredns" },
  },
  loki: {
    module: "github.com/grafana/loki/v3",
    binaries: {
      loki: "github.com/grafana/loki/v3/cmd/loki",
      "loki-canary": "github.com/grafana/loki/v3/cmd/loki-canary",
      logcli: "github.com/grafana/loki/v3/cmd/logcli",
    },
    stamps: (release) => ({ "github.com/grafana/loki/v3/pkg/util/build.Version": release }),
  },
  // With modules of its own that Loki doesn't need.
  lokitool: {
    module: "github.com/grafana/loki/v3",
    binaries: { lokitool: "github.com/grafana/loki/v3/cmd/lokitool" },
    stamps: (release) => ({ "github.com/grafana/loki/v3/pkg/util/build.Version": release }),
  },
  minio: {
    module: "github.com/minio/minio",
    binaries: { minio: "github.com/minio/minio" },
    release: minioRelease,
    stamps: minioStamps("github.com/minio/minio"),
  },
  mc: {
    module: "github.com/minio/mc",
    binaries: { mc: "github.com/minio/mc" },
    release: minioRelease,
    stamps: minioStamps("github.com/minio/mc"),
  },
  prometheus: {
    module: "github.com/prometheus/prometheus",
    binaries: {
      prometheus: "github.com/prometheus/prometheus/cmd/prometheus",
      promtool: "github.com/prometheus/prometheus/cmd/promtool",
    },
    release: prometheusRelease,
    stamps: commonStamps,
  },
  alertmanager: {
    module: "github.com/prometheus/alertmanager",
    binaries: {
      alertmanager: "github.com/prometheus/alertmanager/cmd/alertmanager",
      amtool: "github.com/prometheus/alertmanager/cmd/amtool",
    },
    stamps: commonStamps,
    // Since 0.32 the web interface is embedded as its release builds it, with Node; without the folder the program doesn't compile.
    additions: { "ui/app/dist/index.html.gz": gzipSync("<p>Alertmanager, built without its web interface.</p>\n") },
  },
  "node-exporter": {
    module: "github.com/prometheus/node_exporter",
    binaries: { node_exporter: "github.com/prometheus/node_exporter" },
    stamps: commonStamps,
  },
  "kube-state-metrics": {
    module: "k8s.io/kube-state-metrics/v2",
    binaries: { "kube-state-metrics": "k8s.io/kube-state-metrics/v2" },
    stamps: (release) => commonStamps(`v${release}`),
  },
  "blackbox-exporter": {
    module: "github.com/prometheus/blackbox_exporter",
    binaries: { blackbox_exporter: "github.com/prometheus/blackbox_exporter" },
    stamps: commonStamps,
  },
  "prometheus-operator": {
    module: "github.com/prometheus-operator/prometheus-operator",
    binaries: {
      operator: "github.com/prometheus-operator/prometheus-operator/cmd/operator",
      "prometheus-config-reloader": "github.com/prometheus-operator/prometheus-operator/cmd/prometheus-config-reloader",
    },
    stamps: commonStamps,
  },
  mimir: {
    module: "github.com/grafana/mimir",
    binaries: {
      mimir: "github.com/grafana/mimir/cmd/mimir",
      mimirtool: "github.com/grafana/mimir/cmd/mimirtool",
    },
    release: () => "3.0.5", // the module's VERSION file at this commit; its tags are mimir-3.0.5, which Go can't read
    stamps: (release) => ({ "github.com/grafana/mimir/pkg/util/version.Version": release }),
    tags: ["stringlabels"], // as the Makefile of the module builds it
  },
  "victoria-metrics": {
    module: "github.com/VictoriaMetrics/VictoriaMetrics",
    binaries: Object.fromEntries(
      ["victoria-metrics", "vmagent", "vmalert"].map((name) => [
        name,
        `github.com/VictoriaMetrics/VictoriaMetrics/app/${name}`,
      ]),
    ),
    stamps: (release) => ({
      "github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version": `victoria-metrics-v${release}`,
    }),
  },
  // With the components that this repository's configurations use, and without what turns other programs' configurations into Alloy's: all of it takes
  // 25 CPU minutes, and several of the modules of the others can't be had. See README.md.
  alloy: {
    module: "github.com/grafana/alloy",
    binaries: { alloy: "github.com/grafana/alloy/cmd/alloy" },
    release: (version) => version, // as `alloy --version` says it
    stamps: (release) => ({ "github.com/grafana/alloy/internal/build.Version": release }),
    tags: ["netgo", "promtail_journal_enabled"],
    cgo: true, // the journal is read by systemd's library
    headers: { "systemd/sd-journal.h": "libsystemd-dev" },
    additions: filesBelow("alloy/changes"),
    removals: [
      "internal/component/otelcol",
      "internal/component/pyroscope",
      "internal/loki/promtail/scrapeconfig",
      "internal/service/cluster/discovery",
    ],
  },
  // Neighbours of the two that are pinned, for e2e/long/upgrades.test.ts.
  "loki-next": {
    module: "github.com/grafana/loki/v3",
    binaries: { "loki-next": "github.com/grafana/loki/v3/cmd/loki" },
    stamps: (release) => ({ "github.com/grafana/loki/v3/pkg/util/build.Version": release }),
  },
  "mimir-before": {
    module: "github.com/grafana/mimir",
    binaries: { "mimir-before": "github.com/grafana/mimir/cmd/mimir" },
    release: () => "2.16.0", // the module's VERSION file at this commit
    stamps: (release) => ({ "github.com/grafana/mimir/pkg/util/version.Version": release }),
    tags: ["stringlabels"],
    // Of the module `alerting` that it was made with, only a version of three weeks later can be had.
    edits: {
      "pkg/alertmanager/alertmanager.go": [
        `\t\talertingHttp.ClientConfiguration{UserAgent: version.UserAgent()},
\t\talertingReceivers.NewEmailSenderFactory(emailCfg),
\t\twrapper,
\t\t1, // orgID is always 1.
\t\tversion.Version,
`,
        `\t\talertingReceivers.NewEmailSenderFactory(emailCfg),
\t\twrapper,
\t\t1,
\t\tversion.Version,
\t\talertingHttp.WithUserAgent(version.UserAgent()),
`,
      ],
    },
  },
  // For `npm run chart:check` where none is installed.
  helm: {
    module: "helm.sh/helm/v4",
    binaries: { helm: "helm.sh/helm/v4/cmd/helm" },
    stamps: (release) => ({ "helm.sh/helm/v4/internal/version.version": `v${release}` }),
  },
  kind: {
    module: "sigs.k8s.io/kind",
    binaries: { kind: "sigs.k8s.io/kind" },
  },
} satisfies Record<string, Program>;

/** Name of a {@link programTable} entry, and of its folder under `go/`. */
export type ProgramName = keyof typeof programTable;

/** Folder of a program's `go.mod` and `go.sum`. */
export function goModuleDir(name: ProgramName): string {
  return join(__dirname, "go", name);
}

/** The version of the module that a program is built from, as `go.mod` requires it (`v3.6.3`). */
export function moduleVersion(name: ProgramName): string {
  const { module } = programTable[name];
  const goMod = readFileSync(join(goModuleDir(name), "go.mod"), "utf8");
  const version = goMod
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find((words) => words[0] === "require" && words[1] === module)?.[2];
  if (!version) throw new Error(`lab/cluster/go/${name}/go.mod has no line \`require ${module} vX.Y.Z\``);
  return version;
}

/** The version that a program prints when it is asked (`3.6.3`, `RELEASE.2026-02-12T20-18-48Z`). */
export function programRelease(name: ProgramName): string {
  const program: Program = programTable[name];
  const version = moduleVersion(name);
  return program.release?.(version) ?? version.replace(/^v/, "");
}
