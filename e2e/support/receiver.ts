import { image } from "../../components/images";
import { restrictedContainer, restrictedPod } from "../../components/kubernetes/security";
import type { KubernetesObject } from "../../commands/shared/objects";
import type { Kubectl } from "../../lab/sandbox/kubectl";

const name = "receiver";

/** Labels of its Service and its pod. */
export const receiverLabels = { app: name };

// Logs each request's path and body as a line of JSON. The body is only read for an upstream, so the server is its own.
const config = `pid /tmp/nginx.pid;
events {}
http {
  log_format bodies escape=json '{"path":"$request_uri","body":"$request_body"}';
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  client_body_buffer_size 1m;
  access_log off;
  server {
    listen 8080;
    location = /metrics { return 200 "receiver_up 1\n"; }
    location / { access_log /dev/stdout bodies; proxy_pass http://127.0.0.1:8081; }
  }
  server { listen 127.0.0.1:8081; return 200; }
}
`;

/** Host and port of the receiver in the cluster. */
export const receiverHost = (namespace: string): string => `${name}.${namespace}.svc.cluster.local:8080`;

/** Address of the receiver's path in the cluster. */
export function receiverUrl(namespace: string, path: string): string {
  return `http://${receiverHost(namespace)}${path}`;
}

/** A notification that the receiver got. */
export interface Notification {
  path: string;
  alerts: { status: string; labels: Record<string, string> }[];
}

/** Objects of a receiver of webhooks, which counts what it gets in its log. Its port `http` has a metric, too: it can be a target that every stage has. */
export function receiverObjects(namespace: string): KubernetesObject[] {
  const metadata = { name, namespace, labels: receiverLabels };
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "nginx.conf": config } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: receiverLabels, ports: [{ name: "http", port: 8080 }] },
    },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: {
        automountServiceAccountToken: false,
        securityContext: restrictedPod(101),
        containers: [
          {
            name,
            image: image("nginx"),
            imagePullPolicy: "IfNotPresent",
            args: ["nginx", "-c", "/config/nginx.conf", "-g", "daemon off;"],
            securityContext: restrictedContainer,
            resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
            ports: [{ name: "http", containerPort: 8080 }],
            readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
            volumeMounts: [
              { name: "config", mountPath: "/config" },
              { name: "tmp", mountPath: "/tmp" },
            ],
          },
        ],
        volumes: [
          { name: "config", configMap: { name } },
          { name: "tmp", emptyDir: {} },
        ],
      },
    },
  ];
}

/** What the receiver got so far. */
export async function notifications(kubectl: Kubectl, namespace: string): Promise<Notification[]> {
  const log = await kubectl.run(["logs", name, "-n", namespace]);
  return log
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => {
      const { path, body } = JSON.parse(line) as { path: string; body: string };
      return { path, alerts: (JSON.parse(body) as Pick<Notification, "alerts">).alerts };
    });
}
