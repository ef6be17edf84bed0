import type { Settings } from "../../settings/schema";
import type { Resources } from "../../settings/values";
import { serviceHost, type Environment } from "../kubernetes/environment";

/** Loki's ports, in every pod and every Service. */
export const ports = { http: 3100, grpc: 9095, memberlist: 7946 } as const;

/**
 * Environment variable by which Loki collects garbage when the heap is one and a half times what is in use, and not twice (Go's default). While many
 * lines come in, that is 15 to 30 % less memory for up to a fifth more CPU; small clusters lack memory sooner (docs/logs-benchmark.md).
 * @see https://go.dev/doc/gc-guide#GOGC
 */
export const garbage = { name: "GOGC", value: "50" };

/** Headless Service by which all of Loki's pods find one another. */
export const memberlistService = "loki-memberlist";

/** Loki's components, by upstream's names. */
const roles = [
  "distributor",
  "ingester",
  "pattern-ingester",
  "query-frontend",
  "querier",
  "query-scheduler",
  "index-gateway",
  "compactor",
  "ruler",
] as const;

/** One of Loki's components: what a request, or a setting, is for. */
export type Role = (typeof roles)[number];

/** A set of equal Loki processes. */
export interface Workload {
  /** Name of the workload and of its Service. */
  name: string;
  /** Label `app.kubernetes.io/component`. */
  component: string;
  /** Arguments that say what the processes run, beside the configuration that all have. */
  args: string[];
  replicas: number;
  /** How many of these are left, while the mode changes; default: all. */
  left?: number;
  resources: Resources;
  /** Whether each has a volume: for the write-ahead log, the index cache, the compactor's marks. */
  persistent: boolean;
  /** Whether there is a {@link headlessService}. */
  headless: boolean;
}

/** Which workloads there are, and which of them does what. */
export interface Topology {
  workloads: Workload[];
  doing: Readonly<Record<Role, Workload>>;
}

type Loki = Settings["loki"];

/** A row of the table: equal processes of a mode, by their target. */
interface Row {
  target: string;
  /** Label `app.kubernetes.io/component`; default: the target. */
  component?: string;
  does: readonly Role[];
  size: (settings: Loki) => { replicas: number; resources: Resources };
  /** Whether each has a volume. */
  persistent?: boolean;
  /** Default: always. */
  runs?: (settings: Loki) => boolean;
  /** Arguments beside the target. */
  args?: readonly string[];
}

/**
 * Of those that only write: otherwise they keep each chunk that they have put into the bucket in the cache for readers, until it is full (`PutOne` in
 * pkg/storage/stores of 3.6.3). Nobody reads it there.
 */
const writesOnly = ["-store.chunks-cache.embedded-cache.enabled=false"];

/**
 * Before what takes lines in: it starts its parts in an order of chance, and the one that passes lines on to pattern ingesters needs these without
 * saying so. Where it came first, by a simulation of that order once in twenty starts, Loki panicked at the first line (`PatternIngesterTee` in pkg/loki/loki.go of 3.5.7 to 3.7.1).
 */
const first = "tenant-configs,";

/**
 * Which processes each mode has. Frontends, queriers and schedulers have nothing to keep; distributors neither. Rulers read their rules again, and
 * patterns are only in memory.
 * @see https://grafana.com/docs/loki/latest/get-started/deployment-modes/
 */
const modes: Readonly<Record<Loki["mode"], readonly Row[]>> = {
  "single-binary": [
    { target: "all", component: "single-binary", does: roles, size: (loki) => loki.singleBinary, persistent: true },
  ],
  "simple-scalable": [
    {
      target: "write",
      does: ["distributor", "ingester", "pattern-ingester"],
      size: (loki) => loki.write,
      persistent: true,
      args: writesOnly,
    },
    { target: "read", does: ["query-frontend", "querier"], size: (loki) => loki.read },
    {
      target: "backend",
      does: ["query-scheduler", "index-gateway", "compactor", "ruler"],
      size: (loki) => loki.backend,
      persistent: true,
    },
  ],
  distributed: [
    alone("ingester", ({ ingester }) => ingester, { persistent: true, args: writesOnly }),
    alone("distributor", ({ distributor }) => distributor),
    alone("pattern-ingester", ({ patternIngester }) => patternIngester, {
      runs: ({ patternIngester }) => patternIngester,
    }),
    alone("query-scheduler", ({ queryScheduler }) => queryScheduler),
    alone("index-gateway", ({ indexGateway }) => indexGateway, { persistent: true }),
    alone("querier", ({ querier }) => querier),
    alone("query-frontend", ({ queryFrontend }) => queryFrontend),
    alone("compactor", ({ compactor }) => compactor, { persistent: true }),
    alone("ruler", ({ ruler }) => ruler),
  ],
};

function alone(
  role: Role,
  size: (settings: Loki["distributed"]) => ReturnType<Row["size"]>,
  more: Partial<Row> = {},
): Row {
  return { target: role, does: [role], size: ({ distributed }) => size(distributed), ...more };
}

const nameOf = ({ target }: Row) => (target === "all" ? "loki" : `loki-${target}`);

/**
 * Loki's processes in the mode that the settings choose.
 * @param settings Loki's settings
 */
export function topology(settings: Loki): Topology {
  const doing: Partial<Record<Role, Workload>> = {};
  const workloads = modes[settings.mode].flatMap((row) => {
    const { target, component = target, does, persistent = false, runs, args = [] } = row;
    const headless = persistent || does.includes("query-scheduler");
    const takesLines = does.includes("distributor");
    const shared = { name: nameOf(row), component, args: [`-target=${takesLines ? first : ""}${target}`, ...args] };
    const workload = { ...shared, ...row.size(settings), persistent, headless };
    for (const role of does) doing[role] = workload;
    return (runs?.(settings) ?? true) ? [workload] : [];
  });
  return { workloads, doing: doing as Record<Role, Workload> };
}

/**
 * The processes of the mode that Loki had until now, beside those of its new one, with as many writers as are left.
 * @param settings Loki's settings
 * @returns undefined where the mode doesn't change
 */
export function formerTopology({ former, ...settings }: Loki): Topology | undefined {
  if (!former) return undefined;
  const all = topology({ ...settings, mode: former.mode });
  // What their pods are made of doesn't change: none restarts because another one left.
  all.doing.ingester.left = former.writers;
  return all;
}

/**
 * Who answers queries. While the mode changes, that is the one whose readers are apart from its writers: they also find what writers of either mode
 * have put into the bucket and not yet into its index (`AsyncStore` in pkg/storage). A single binary only finds its own.
 * @param settings Loki's settings
 */
export function reader(settings: Loki): Workload {
  const current = topology(settings).doing;
  return (current.querier === current.ingester ? (formerTopology(settings)?.doing ?? current) : current)[
    "query-frontend"
  ];
}

/** What of the settings says which modes a stack has. */
export type Modes = Pick<Loki, "mode" | "former">;

/** Whether each of Loki's components has processes of its own, in the present mode or in the former one. */
export const isDistributed = ({ mode, former }: Modes): boolean => [mode, former?.mode].includes("distributed");

/**
 * Names of the workloads that have one of these roles, which are the jobs of their targets: those of the single binary and of Simple Scalable mode,
 * which alerts and dashboards always name, and of `distributed` where the stack has it, or leaves it.
 * @param settings Loki's settings
 * @param of default: every role
 * @returns a regular expression
 */
export function jobs(settings: Modes, of: readonly Role[] = roles): string {
  const apart = isDistributed(settings) ? modes.distributed : [];
  const rows = [modes["single-binary"], modes["simple-scalable"], apart].flat();
  return rows
    .filter(({ does }) => does.some((role) => of.includes(role)))
    .map(nameOf)
    .join("|");
}

/** Headless Service of a workload: it governs the StatefulSet of one that has volumes, and resolves to each ready pod. */
export function headlessService(workload: Workload): string {
  return `${workload.name}-headless`;
}

/**
 * Base URL of a workload inside the cluster.
 * @param environment where it is
 * @param workload the workload
 */
export function httpUrl(environment: Environment, workload: Workload): string {
  return `http://${serviceHost(environment, workload.name)}:${ports.http}`;
}
