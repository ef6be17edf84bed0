import assert from "node:assert/strict";
import { containersAreRestricted as policy } from "../../policy/containers-are-restricted";
import { findings, object, release, unknown } from "./support";

const context = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
const podContext = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
const container = (securityContext: unknown = context, more: object = {}) => ({
  name: "app",
  securityContext,
  ...more,
});
const workload = (spec: object, kind = "Deployment", name = "app") =>
  object("apps/v1", kind, { metadata: { namespace: "monitoring", name }, spec: { template: { spec } } });
const good = { securityContext: podContext, containers: [container()] };
const withPod = (securityContext: object) =>
  workload({ ...good, securityContext: { ...podContext, ...securityContext } });
const withContainer = (securityContext: object, more?: object) =>
  workload({ ...good, containers: [container({ ...context, ...securityContext }, more)] });
const refused = (path: string, found: string, wanted: string, effect: string, control: string) =>
  `Deployment monitoring/app: spec.template.spec.${path} is ${found}; wanted ${wanted}. ${effect} Change it. If the workload needs it, exempt it from ${control} in this policy's parameters, with a reason. Parameters are set in the file of --policy-pack-config.`;
const off = "false, or unset";
const notRoot = "The image decides whether the container runs as root.";
const hostPath = { name: "logs", hostPath: { path: "/var/log" } };

describe("containers-are-restricted", () => {
  it("accepts a pod that keeps to the standard, and what a container says in place of its pod", async () => {
    assert.deepEqual(await findings(policy, workload(good)), []);
    const own = workload({ containers: [container({ ...context, ...podContext })] });
    assert.deepEqual(await findings(policy, own), []);
    const binding = withContainer({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } });
    assert.deepEqual(await findings(policy, binding), []);
    const volumes = [
      { name: "a", emptyDir: {} },
      { name: "b", persistentVolumeClaim: { claimName: "b" } },
    ];
    assert.deepEqual(await findings(policy, workload({ ...good, volumes })), []);
  });

  const cases: [string, ReturnType<typeof workload>, string][] = [
    [
      "the node's network",
      workload({ ...good, hostNetwork: true }),
      refused(
        "hostNetwork",
        "true",
        off,
        "The pod can see and reach the node's own network and processes.",
        "hostNamespaces",
      ),
    ],
    [
      "a privileged container",
      withContainer({ privileged: true }),
      refused(
        "containers[0].securityContext.privileged",
        "true",
        off,
        "The container is root on the node.",
        "privileged",
      ),
    ],
    [
      "a container that may escalate",
      withContainer({ allowPrivilegeEscalation: undefined }),
      refused(
        "containers[0].securityContext.allowPrivilegeEscalation",
        "missing",
        "false",
        "A process may gain more privileges than its parent process.",
        "allowPrivilegeEscalation",
      ),
    ],
    [
      "capabilities that are not dropped",
      withContainer({ capabilities: { drop: ["NET_RAW"] } }),
      refused(
        "containers[0].securityContext.capabilities.drop",
        '["NET_RAW"]',
        '["ALL"]',
        "The container keeps root privileges that it doesn't need.",
        "capabilities",
      ),
    ],
    [
      "capabilities that are added",
      withContainer({ capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } }),
      refused(
        "containers[0].securityContext.capabilities.add",
        '["SYS_ADMIN"]',
        '["NET_BIND_SERVICE"], or unset',
        "The container keeps root privileges that it doesn't need.",
        "capabilities",
      ),
    ],
    [
      "root allowed",
      withPod({ runAsNonRoot: false }),
      refused("securityContext.runAsNonRoot", "false", "true", notRoot, "runAsNonRoot"),
    ],
    [
      "root left to the image",
      withPod({ runAsNonRoot: undefined }),
      refused("securityContext.runAsNonRoot", "missing", "true", notRoot, "runAsNonRoot"),
    ],
    [
      "user 0",
      withContainer({ runAsUser: 0 }),
      refused(
        "containers[0].securityContext.runAsUser",
        "0",
        "a user other than 0, or unset",
        "The container runs as root: one kernel vulnerability gives it the node.",
        "runAsUser",
      ),
    ],
    [
      "no seccomp profile",
      withPod({ seccompProfile: { type: "Unconfined" } }),
      refused(
        "securityContext.seccompProfile.type",
        '"Unconfined"',
        '"RuntimeDefault"',
        "Every system call is allowed.",
        "seccompProfile",
      ),
    ],
    [
      "a folder of the node",
      workload({ ...good, volumes: [hostPath] }),
      refused(
        "volumes[0].hostPath",
        '"/var/log"',
        "a volume of another kind: configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected, secret",
        "The container can reach the node's files, or a file server without credentials.",
        "restrictedVolumes",
      ),
    ],
    [
      "a port of the node",
      withContainer({}, { ports: [{ containerPort: 80 }, { containerPort: 9100, hostPort: 9100 }] }),
      refused(
        "containers[0].ports[1].hostPort",
        "9100",
        "nothing",
        "The port is opened on the node, where no NetworkPolicy applies.",
        "hostPorts",
      ),
    ],
    [
      "a probe of another host",
      withContainer({}, { livenessProbe: { httpGet: { host: "10.0.0.1", path: "/" } } }),
      refused(
        "containers[0].livenessProbe.httpGet.host",
        '"10.0.0.1"',
        "nothing",
        "The kubelet would send requests to any address that is written there.",
        "hostProbesAndHostLifecycle",
      ),
    ],
    [
      "/proc unmasked",
      withContainer({ procMount: "Unmasked" }),
      refused(
        "containers[0].securityContext.procMount",
        '"Unmasked"',
        '"Default", or unset',
        "The container sees the parts of /proc that the runtime normally hides.",
        "procMount",
      ),
    ],
    [
      "no AppArmor profile",
      withPod({ appArmorProfile: { type: "Unconfined" } }),
      refused(
        "securityContext.appArmorProfile.type",
        '"Unconfined"',
        '"RuntimeDefault", or unset',
        "The container runs without the runtime's profile.",
        "appArmorProfile",
      ),
    ],
    [
      "a label of SELinux that lets out",
      withPod({ seLinuxOptions: { type: "spc_t" } }),
      refused(
        "securityContext.seLinuxOptions.type",
        '"spc_t"',
        "a container type, such as container_t, or unset",
        "The container gets an SELinux label that may not isolate it.",
        "seLinuxOptions",
      ),
    ],
    [
      "a sysctl of the node",
      withPod({
        sysctls: [
          { name: "net.ipv4.tcp_rmem", value: "1" },
          { name: "kernel.msgmax", value: "1" },
        ],
      }),
      refused(
        "securityContext.sysctls[1].name",
        '"kernel.msgmax"',
        "one of kernel.shm_rmid_forced, net.ipv4.ip_local_port_range, net.ipv4.tcp_syncookies, net.ipv4.ping_group_range, net.ipv4.ip_unprivileged_port_start, net.ipv4.ip_local_reserved_ports, net.ipv4.tcp_keepalive_time, net.ipv4.tcp_fin_timeout, net.ipv4.tcp_keepalive_intvl, net.ipv4.tcp_keepalive_probes, net.ipv4.tcp_rmem, net.ipv4.tcp_wmem",
        "The setting affects more than this pod.",
        "sysctls",
      ),
    ],
    [
      "a process of a Windows node",
      withContainer({ windowsOptions: { hostProcess: true } }),
      refused(
        "containers[0].securityContext.windowsOptions.hostProcess",
        "true",
        off,
        "The container runs as a process of the node.",
        "windowsHostProcess",
      ),
    ],
  ];
  for (const [what, resource, expected] of cases) {
    it(`refuses ${what}`, async () => assert.deepEqual(await findings(policy, resource), [expected]));
  }

  it("looks at init and ephemeral containers", async () => {
    for (const list of ["initContainers", "ephemeralContainers"]) {
      const spec = { ...good, [list]: [container({ ...context, privileged: true })] };
      assert.deepEqual(await findings(policy, workload(spec)), [
        refused(
          `${list}[0].securityContext.privileged`,
          "true",
          off,
          "The container is root on the node.",
          "privileged",
        ),
      ]);
    }
  });

  it("names the container that says nothing, where another does", async () => {
    const containers = [container({ ...context, runAsNonRoot: true }), container()];
    const securityContext = { seccompProfile: podContext.seccompProfile };
    assert.deepEqual(await findings(policy, workload({ securityContext, containers })), [
      refused("containers[1].securityContext.runAsNonRoot", "missing", "true", notRoot, "runAsNonRoot"),
    ]);
  });

  it("accepts root in a user namespace of its own, and Windows without what only Linux has", async () => {
    const securityContext = { seccompProfile: podContext.seccompProfile };
    assert.deepEqual(await findings(policy, workload({ ...good, securityContext, hostUsers: false })), []);
    const windows = { os: { name: "windows" }, securityContext: { runAsNonRoot: true }, containers: [container({})] };
    assert.deepEqual(await findings(policy, workload(windows)), []);
  });

  it("says when a preview doesn't know a field, and still refuses the others", async () => {
    assert.deepEqual(await findings(policy, withContainer({ privileged: unknown, runAsUser: 0 })), [
      refused(
        "containers[0].securityContext.runAsUser",
        "0",
        "a user other than 0, or unset",
        "The container runs as root: one kernel vulnerability gives it the node.",
        "runAsUser",
      ),
      "advisory: string value at .spec.template.spec.containers.0.securityContext.privileged can't be known during preview",
    ]);
  });

  describe("of an operator's resource and of chart values", () => {
    it("refuses what they say against the standard, and leaves the rest to operator and chart", async () => {
      const spec = { hostNetwork: true, containers: [{ name: "prometheus" }] };
      const prometheus = object("monitoring.coreos.com/v1", "Prometheus", { metadata: { name: "k8s" }, spec });
      const found = await findings(policy, prometheus);
      assert.deepEqual(
        found.map((message) => message.split(";")[0]),
        ["Prometheus k8s: spec.hostNetwork is true"],
      );
      const values = {
        loki: { containerSecurityContext: { privileged: true }, podSecurityContext: { runAsUser: 0 } },
        agent: { hostPID: true, extraVolumes: [hostPath] },
        off: { enabled: false, hostNetwork: true },
        fine: { securityContext: { runAsNonRoot: true } },
      };
      assert.deepEqual(
        (await findings(policy, release("loki", values))).map((message) => message.split(";")[0]),
        [
          "Release monitoring/loki: values.loki.containerSecurityContext.privileged is true",
          "Release monitoring/loki: values.loki.podSecurityContext.runAsUser is 0",
          "Release monitoring/loki: values.agent.hostPID is true",
          'Release monitoring/loki: values.agent.extraVolumes[0].hostPath is "/var/log"',
        ],
      );
    });
  });

  describe("but for what is exempt", () => {
    const nodeExporter = {
      ...good,
      hostNetwork: true,
      hostPID: true,
      containers: [container(context, { ports: [{ containerPort: 9100, hostPort: 9100 }] })],
      volumes: [hostPath],
    };
    const alloy = {
      ...good,
      securityContext: { ...podContext, runAsNonRoot: undefined, runAsUser: 0 },
      volumes: [hostPath],
    };

    it("lets node-exporter and alloy do what they are for", async () => {
      assert.deepEqual(await findings(policy, workload(nodeExporter, "DaemonSet", "node-exporter")), []);
      assert.deepEqual(await findings(policy, workload(alloy, "DaemonSet", "alloy")), []);
    });

    it("lets the node-exporter of a chart do so, and no other part of it", async () => {
      const values = { "prometheus-node-exporter": { hostNetwork: true }, grafana: { hostNetwork: true } };
      assert.deepEqual(
        (await findings(policy, release("kube-prometheus-stack", values))).map((message) => message.split(";")[0]),
        ["Release monitoring/kube-prometheus-stack: values.grafana.hostNetwork is true"],
      );
    });

    it("refuses them anything else, and others the same", async () => {
      const summary = async (spec: object, name: string) =>
        (await findings(policy, workload(spec, "DaemonSet", name))).map((message) => message.split(" is ")[0]);
      assert.deepEqual(await summary({ ...alloy, hostPID: true }, "alloy"), [
        "DaemonSet monitoring/alloy: spec.template.spec.hostPID",
      ]);
      const privileged = { ...nodeExporter, containers: [container({ ...context, privileged: true })] };
      assert.deepEqual(await summary(privileged, "node-exporter"), [
        "DaemonSet monitoring/node-exporter: spec.template.spec.containers[0].securityContext.privileged",
      ]);
      assert.equal((await summary(nodeExporter, "other")).length, 4);
    });

    it("takes exemptions from its configuration, each with a control and a reason", async () => {
      const config = {
        exempt: [{ name: "app*", namespace: "monitoring", controls: ["hostNamespaces"], reason: "a test" }],
      };
      const onNode = workload({ ...good, hostNetwork: true });
      assert.deepEqual(await findings(policy, onNode, config), []);
      const elsewhere = { exempt: [{ ...config.exempt[0], namespace: "other" }] };
      assert.equal((await findings(policy, onNode, elsewhere)).length, 1);
      const silent = { exempt: [{ ...config.exempt[0], reason: "" }] };
      await assert.rejects(findings(policy, workload(good), silent), /exempt\[0\]\.reason/);
      const wrong = { exempt: [{ ...config.exempt[0], controls: ["everything"] }] };
      await assert.rejects(findings(policy, workload(good), wrong), /exempt\[0\]\.controls\[0\]/);
    });
  });

  describe("of pods that an operator makes", () => {
    const privileged = [{ name: "a", image: "example/a:1.0.0", securityContext: { privileged: true } }];
    const root = { securityContext: { runAsUser: 0 } };
    for (const [apiVersion, kind, spec, ...places] of [
      ["monitoring.coreos.com/v1", "Prometheus", { hostNetwork: true }, "hostNetwork"],
      ["monitoring.coreos.com/v1", "Alertmanager", root, "securityContext.runAsUser"],
      [
        "monitoring.coreos.com/v1",
        "ThanosRuler",
        { containers: privileged },
        "containers[0].securityContext.privileged",
      ],
      ["operator.victoriametrics.com/v1beta1", "VMSingle", root, "securityContext.runAsUser"],
      [
        "opentelemetry.io/v1beta1",
        "OpenTelemetryCollector",
        { hostNetwork: true, volumes: [hostPath] },
        "hostNetwork",
        "volumes[0].hostPath",
      ],
      [
        "argoproj.io/v1alpha1",
        "Workflow",
        { templates: [{ container: privileged[0] }, { sidecars: privileged }] },
        "templates[0].container.securityContext.privileged",
        "templates[1].sidecars[0].securityContext.privileged",
      ],
      ["tekton.dev/v1", "Task", { steps: privileged }, "steps[0].securityContext.privileged"],
      [
        "postgresql.cnpg.io/v1",
        "Pooler",
        { template: { spec: { hostNetwork: true, containers: [] } } },
        "template.spec.hostNetwork",
      ],
    ] as [string, string, object, ...string[]][]) {
      it(`refuses what a ${kind} says against the standard: ${places.join(", ")}`, async () => {
        const given = object(apiVersion, kind, { metadata: { name: "x" }, spec });
        assert.deepEqual(
          (await findings(policy, given)).map((each) => each.split(" is ")[0]),
          places.map((place) => `${kind} x: spec.${place}`),
        );
      });
    }

    it("demands nothing that is left to the operator", async () => {
      for (const [apiVersion, kind, spec] of [
        ["monitoring.coreos.com/v1", "Prometheus", { replicas: 1, containers: [{ name: "prometheus" }] }],
        ["operator.victoriametrics.com/v1beta1", "VMSingle", {}],
        ["argoproj.io/v1alpha1", "Workflow", { templates: [{ container: { image: "example/a:1.0.0" } }] }],
        ["tekton.dev/v1", "Task", { steps: [{ image: "example/a:1.0.0" }] }],
      ] as const)
        assert.deepEqual(await findings(policy, object(apiVersion, kind, { metadata: { name: "x" }, spec })), [], kind);
    });
  });
});
