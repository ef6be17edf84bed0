import type { Subject, Workload } from "../../commands/verify/subject";

/** How to open what runs: nothing of the cluster has an address outside it, so it is the same command on every engine. */

/** A program with pages or an API for people. */
interface Place {
  name: string;
  is(workload: Workload): boolean;
  /** Port on this machine. */
  port: number;
  path: string;
  /** Where its password is: a Secret and its key. */
  secret?: { user: string; name: string; key: string };
}

const admin = { user: "admin", name: "grafana-admin", key: "admin-password" };
const root = { user: "object-store-admin", name: "object-store-admin", key: "MINIO_ROOT_PASSWORD" };

const places: readonly Place[] = [
  { name: "Grafana", is: ({ part }) => part === "grafana", port: 3000, path: "/", secret: admin },
  { name: "Prometheus", is: ({ part }) => part === "prometheus", port: 9090, path: "/" },
  { name: "Mimir", is: ({ part }) => part === "mimir", port: 9009, path: "/" },
  { name: "VictoriaMetrics", is: ({ part }) => part === "victoria-metrics", port: 8428, path: "/vmui" },
  { name: "vmalert", is: ({ name }) => name === "vmalert", port: 8880, path: "/vmalert" },
  { name: "Alertmanager", is: ({ part }) => part === "receivers", port: 9093, path: "/" },
  { name: "Loki", is: ({ part }) => part === "gateway", port: 3100, path: "/loki/api/v1/labels" },
  { name: "object store (S3)", is: ({ name }) => name === "minio", port: 9000, path: "/", secret: root },
];

/**
 * The commands by which a person reaches the stack's programs, and sees their passwords.
 * @param subject the stack
 * @param kubectl the command, or the path of it
 * @returns lines for a person; what doesn't run is left out
 */
export function waysIn({ workloads }: Pick<Subject, "workloads">, kubectl: string): string[] {
  return places.flatMap(({ name, is, port, path, secret }) => {
    const workload = workloads.find((one) => is(one) && one.notRun === undefined);
    const [, service, namespace, remote] = /^([^.]+)\.([^:]+):(\d+)$/.exec(workload?.addresses[0] ?? "") ?? [];
    if (service === undefined) return [];
    const command = `${kubectl} -n ${namespace}`;
    const password = (key: NonNullable<typeof secret>) =>
      `    ${command} get secret ${key.name} -o jsonpath='{.data.${key.key}}' | base64 -d  # password of user ${key.user}`;
    return [
      `  ${name}: http://localhost:${port}${path}`,
      `    ${command} port-forward service/${service} ${port}:${remote}`,
      ...(secret ? [password(secret)] : []),
    ];
  });
}
