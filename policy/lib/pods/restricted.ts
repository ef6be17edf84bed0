import { chartOf } from "../charts/release";
import { inner } from "../paths";
import type { Resource } from "../resource";
import { at, isBlock, Unknown, type Block } from "../unknown";
import type { Control } from "./controls";
import { podsOf, type Pods } from "./find";

/** A field that a control doesn't allow as it is. */
export interface Breach {
  control: Control;
  path: string;
  /** What stands there; undefined where nothing does. */
  value: unknown;
  wanted: string;
}

interface Rule {
  control: Control;
  field: string;
  /** Whether a value is allowed; undefined for none. */
  allows(value: unknown): boolean;
  wanted: string;
}

const off = (value: unknown) => value === undefined || value === null || value === false;
const oneOf =
  (...allowed: unknown[]) =>
  (value: unknown) =>
    allowed.includes(value ?? undefined);
const rule = (control: Control, field: string, allows: Rule["allows"], wanted: string): Rule => ({
  control,
  field,
  allows,
  wanted,
});

const ofPod: readonly Rule[] = ["hostNetwork", "hostPID", "hostIPC"].map((field) =>
  rule("hostNamespaces", field, off, "false, or unset"),
);
// Of the security context of a pod and of a container.
const ofBoth: readonly Rule[] = [
  rule("windowsHostProcess", "windowsOptions.hostProcess", off, "false, or unset"),
  rule("runAsUser", "runAsUser", (value) => value !== 0, "a user other than 0, or unset"),
  rule("runAsNonRoot", "runAsNonRoot", oneOf(undefined, true), "true"),
  rule("seccompProfile", "seccompProfile.type", oneOf(undefined, "RuntimeDefault", "Localhost"), '"RuntimeDefault"'),
  rule(
    "appArmorProfile",
    "appArmorProfile.type",
    oneOf(undefined, "RuntimeDefault", "Localhost"),
    '"RuntimeDefault", or unset',
  ),
  rule(
    "seLinuxOptions",
    "seLinuxOptions.type",
    oneOf(undefined, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"),
    "a container type, such as container_t, or unset",
  ),
  rule("seLinuxOptions", "seLinuxOptions.user", oneOf(undefined, ""), "nothing"),
  rule("seLinuxOptions", "seLinuxOptions.role", oneOf(undefined, ""), "nothing"),
];
const ofContainer: readonly Rule[] = [
  rule("privileged", "privileged", off, "false, or unset"),
  rule("procMount", "procMount", oneOf(undefined, "", "Default"), '"Default", or unset'),
];
// What Windows doesn't have.
const ofLinux: readonly Rule[] = [
  rule("allowPrivilegeEscalation", "allowPrivilegeEscalation", oneOf(false), "false"),
  rule("capabilities", "capabilities.drop", (value) => Array.isArray(value) && value.includes("ALL"), '["ALL"]'),
  rule(
    "capabilities",
    "capabilities.add",
    (value) => !Array.isArray(value) || value.every((each) => each === "NET_BIND_SERVICE" || each instanceof Unknown),
    '["NET_BIND_SERVICE"], or unset',
  ),
];
// What a container has of its pod, where it says nothing itself.
const inherited: readonly { control: Control; field: string; wanted: string }[] = [
  { control: "runAsNonRoot", field: "runAsNonRoot", wanted: "true" },
  { control: "seccompProfile", field: "seccompProfile.type", wanted: '"RuntimeDefault"' },
];
const probes = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop"];
const hosts: readonly Rule[] = probes.flatMap((probe) =>
  ["httpGet", "tcpSocket"].map((kind) =>
    rule("hostProbesAndHostLifecycle", `${probe}.${kind}.host`, oneOf(undefined, ""), "nothing"),
  ),
);
const volumeTypes = [
  ...["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"],
  ...["image", "persistentVolumeClaim", "projected", "secret"],
];
const sysctls = [
  "kernel.shm_rmid_forced",
  ...["ip_local_port_range", "tcp_syncookies", "ping_group_range", "ip_unprivileged_port_start"],
  ...["ip_local_reserved_ports", "tcp_keepalive_time", "tcp_fin_timeout", "tcp_keepalive_intvl"],
  ...["tcp_keepalive_probes", "tcp_rmem", "tcp_wmem"],
].map((name) => (name.includes(".") ? name : `net.ipv4.${name}`));

/** Every field of a resource's pods, or of a chart's values, that the standard doesn't allow; an {@link Unknown} for pods that a preview can't know. */
export function* breachesOf(resource: Resource): Iterable<Breach | Unknown> {
  for (const pods of podsOf(resource)) {
    if (pods instanceof Unknown) yield pods;
    else yield* breaches(pods);
  }
  const chart = chartOf(resource);
  if (chart) yield* breachesOfValues(chart.values, "values");
}

/**
 * Every field of pods that the Pod Security Standard "restricted" doesn't allow, as the admission controller decides it.
 *
 * Follows k8s.io/pod-security-admission v0.36. Of pods that an operator makes, only what their resource itself says is judged.
 */
function* breaches(pods: Pods): Iterable<Breach> {
  for (const breach of judged(pods)) {
    // Root of a user namespace is another user on the node.
    if (pods.spec.hostUsers !== false || !/^runAs/.test(breach.control)) yield breach;
  }
}

function* judged(pods: Pods): Iterable<Breach> {
  const { spec, path, containers, ofOperator } = pods;
  const own = containers.filter(({ fields, isPartial }) => isBlock(fields) && !isPartial && !ofOperator);
  const all = containers.filter(({ fields }) => isBlock(fields)) as { path: string; fields: Block }[];
  const context = inner(path, "securityContext");
  yield* broken(ofPod, spec, path);
  yield* broken(ofBoth, spec.securityContext, context);
  yield* volumes(spec.volumes, inner(path, "volumes"));
  yield* settings(at(spec, "securityContext.sysctls"), `${context}.sysctls`);
  for (const container of all) {
    const place = inner(container.path, "securityContext");
    const isOwn = own.some((each) => each.path === container.path);
    const rules = [...ofBoth, ...ofContainer, ...(at(spec, "os.name") === "windows" ? [] : ofLinux)];
    yield* broken(isOwn ? rules : rules.map(given), container.fields.securityContext, place);
    yield* broken(hosts, container.fields, container.path);
    yield* ports(container.fields.ports, inner(container.path, "ports"));
  }
  yield* notInherited(spec, context, own as { path: string; fields: Block }[]);
}

/**
 * What chart values say against the standard: what they leave out, the chart decides.
 *
 * @param path where the values are
 */
function* breachesOfValues(values: unknown, path: string): Iterable<Breach> {
  if (Array.isArray(values)) {
    for (const [index, each] of values.entries()) yield* breachesOfValues(each, inner(path, index));
  }
  if (!isBlock(values) || values.enabled === false) return;
  yield* broken(ofPod, values, path);
  for (const [key, value] of Object.entries(values)) {
    const place = inner(path, key);
    if (/securityContext$/i.test(key)) {
      yield* broken([...ofBoth, ...ofContainer, ...ofLinux].map(given), value, place);
    } else if (/volumes$/i.test(key)) yield* volumes(value, place);
    else yield* breachesOfValues(value, place);
  }
}

// The same rule about what is given.
function given(each: Rule): Rule {
  return { ...each, allows: (value) => value === undefined || value === null || each.allows(value) };
}

function* broken(rules: readonly Rule[], fields: unknown, path: string): Iterable<Breach> {
  if (fields instanceof Unknown) return yield { control: rules[0].control, path, value: fields, wanted: "" };
  for (const { control, field, allows, wanted } of rules) {
    const value = at(fields, field);
    if (value instanceof Unknown || !allows(value)) yield { control, path: `${path}.${field}`, value, wanted };
  }
}

function* volumes(list: unknown, path: string): Iterable<Breach> {
  if (!Array.isArray(list)) return;
  for (const [index, volume] of list.entries()) {
    const type = isBlock(volume) ? Object.keys(volume).find((key) => key !== "name" && volume[key] !== undefined) : "";
    if (type === undefined || type === "" || volumeTypes.includes(type)) continue;
    yield {
      control: "restrictedVolumes",
      path: inner(inner(path, index), type),
      value: at(volume, `${type}.path`) ?? "a volume of that kind",
      wanted: `a volume of another kind: ${volumeTypes.join(", ")}`,
    };
  }
}

function* settings(list: unknown, path: string): Iterable<Breach> {
  if (!Array.isArray(list)) return;
  for (const [index, each] of list.entries()) {
    const value = at(each, "name");
    if (typeof value === "string" && sysctls.includes(value)) continue;
    yield { control: "sysctls", path: `${path}[${index}].name`, value, wanted: `one of ${sysctls.join(", ")}` };
  }
}

function* ports(list: unknown, path: string): Iterable<Breach> {
  if (!Array.isArray(list)) return;
  for (const [index, each] of list.entries()) {
    const value = at(each, "hostPort");
    if (!value) continue;
    yield { control: "hostPorts", path: `${path}[${index}].hostPort`, value, wanted: "nothing" };
  }
}

// Said once, where the pod would say it for all of its containers.
function* notInherited(spec: Block, context: string, containers: { path: string; fields: Block }[]): Iterable<Breach> {
  for (const { control, field, wanted } of inherited) {
    if (control === "seccompProfile" && at(spec, "os.name") === "windows") continue;
    if ((at(spec, `securityContext.${field}`) ?? undefined) !== undefined) continue;
    const without = containers.filter(
      ({ fields }) => (at(fields, `securityContext.${field}`) ?? undefined) === undefined,
    );
    if (without.length === 0) continue;
    const path = without.length === containers.length ? context : inner(without[0].path, "securityContext");
    yield { control, path: `${path}.${field}`, value: undefined, wanted };
  }
}
