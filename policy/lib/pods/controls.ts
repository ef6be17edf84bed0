/** The controls of the Pod Security Standard "restricted", by the names that the admission controller gives them, with what each prevents. */
export const effects = {
  hostNamespaces: "The pod can see and reach the node's own network and processes.",
  hostPorts: "The port is opened on the node, where no NetworkPolicy applies.",
  hostProbesAndHostLifecycle: "The kubelet would send requests to any address that is written there.",
  windowsHostProcess: "The container runs as a process of the node.",
  privileged: "The container is root on the node.",
  allowPrivilegeEscalation: "A process may gain more privileges than its parent process.",
  capabilities: "The container keeps root privileges that it doesn't need.",
  runAsNonRoot: "The image decides whether the container runs as root.",
  runAsUser: "The container runs as root: one kernel vulnerability gives it the node.",
  seccompProfile: "Every system call is allowed.",
  appArmorProfile: "The container runs without the runtime's profile.",
  seLinuxOptions: "The container gets an SELinux label that may not isolate it.",
  procMount: "The container sees the parts of /proc that the runtime normally hides.",
  restrictedVolumes: "The container can reach the node's files, or a file server without credentials.",
  sysctls: "The setting affects more than this pod.",
} as const;

/** One of the controls. */
export type Control = keyof typeof effects;

/** The names of all controls. */
export const controls = Object.keys(effects) as [Control, ...Control[]];
