import assert from "node:assert/strict";
import type { Preview } from "../../commands/shared/preview";
import { called, kinds, object, ofKind, previewOf, graphs } from "./support/previews";
import { selects, workloads, type Workload } from "./support/workloads";

/** Services that find pods of several workloads, and why. */
const shared: Record<string, string> = {
  "Service alloy": "metrics of both collectors",
  "Service loki-memberlist": "all of Loki's processes gossip",
};

graphs.forEach(({ of, stack, config }) => {
  describe(`What finds what in ${of}`, () => {
    let preview: Preview;
    let all: Workload[];
    before(async () => {
      preview = await previewOf(stack, ...config);
      all = workloads(preview);
    });
    const podsOf = (selector: Record<string, string>) => all.filter(({ podLabels }) => selects(selector, podLabels));
    const services = () => ofKind(preview, "Service");

    it("each workload finds its own pods and no others", () => {
      for (const { called, selector } of all.filter((each) => each.selector)) {
        assert.deepEqual(
          podsOf(selector!).map((each) => each.called),
          [called],
        );
      }
    });

    it("each Service finds the pods of one workload, unless it is named here, at ports that they have", () => {
      for (const service of services()) {
        const { selector, ports } = service.inputs.spec;
        const found = podsOf(selector);
        assert(found.length > 0, `${called(service)} finds nothing`);
        assert(found.length === 1 || called(service) in shared, called(service));
        for (const { targetPort, port } of ports) {
          const wanted = targetPort ?? port;
          for (const { called: pod, containers } of found) {
            const has = containers.flatMap((each) => each.ports ?? []);
            assert(
              has.some(({ name, containerPort }) => name === wanted || containerPort === wanted),
              `${called(service)}: ${wanted} of ${pod}`,
            );
          }
        }
      }
    });

    it("each StatefulSet is governed by a Service that finds its pods", () => {
      for (const { resource, podLabels } of all.filter(({ kind }) => kind === "StatefulSet")) {
        const service = object(preview, "Service", resource.inputs.spec.serviceName);
        assert(selects(service.inputs.spec.selector, podLabels), resource.name);
      }
    });

    it("its output `versions`, by which the next update may skip none, has what its StatefulSets have as label", () => {
      const label = (object: Workload, key: string) =>
        object.resource.inputs.metadata.labels[`app.kubernetes.io/${key}`];
      const programs = all
        .filter(({ kind }) => kind === "StatefulSet")
        .filter((each) => ["loki", "mimir", "grafana"].includes(label(each, "name")))
        .map((each) => [label(each, "name"), label(each, "version")]);
      assert.deepEqual(preview.outputs.versions, Object.fromEntries(programs));
    });

    it("each ServiceMonitor finds Services with its ports, and every Service of metrics is found by one alone", () => {
      const monitors = ofKind(preview, "ServiceMonitor");
      const scraped = new Map<string, string[]>();
      for (const monitor of monitors) {
        const { selector, endpoints } = monitor.inputs.spec;
        for (const { port } of endpoints) {
          const found = services().filter(
            ({ inputs }) =>
              selects(selector.matchLabels, inputs.metadata.labels) &&
              inputs.spec.ports.some(({ name }: { name: string }) => name === port),
          );
          assert(found.length > 0, `${called(monitor)}: no Service has the port ${port}`);
          for (const { inputs } of found) {
            const target = `${inputs.metadata.name} ${port}`;
            scraped.set(target, [...(scraped.get(target) ?? []), called(monitor)]);
          }
        }
      }
      for (const [target, by] of scraped) assert.equal(by.length, 1, `${target} is scraped by ${by.join(" and ")}`);
      assert(monitors.length > 5);
    });

    it("every ConfigMap, Secret and key that a pod names is there", () => {
      const named = all.flatMap((workload) => references(workload).map((each) => ({ ...each, by: workload.called })));
      assert(named.some(({ kind }) => kind === "ConfigMap") && named.some(({ kind }) => kind === "Secret"));
      for (const { kind, name, keys, by } of named) {
        const { data } = object(preview, kind, name).inputs;
        // A Secret whose content is unknown in a preview is unknown as a whole.
        if (data.secret === true) continue;
        for (const key of keys) assert(key in data, `${by}: ${kind} ${name} has no key ${key}`);
      }
    });

    it("each container mounts volumes that its pod has", () => {
      for (const { called, pod, initContainers, containers, resource } of all) {
        const claims = (resource.inputs.spec.volumeClaimTemplates ?? []) as { metadata: { name: string } }[];
        const has = [...claims.map(({ metadata }) => metadata.name), ...(pod.volumes ?? []).map(({ name }) => name)];
        const mounts = [...initContainers, ...containers].flatMap((each) => each.volumeMounts ?? []);
        assert.deepEqual([...new Set(mounts.map(({ name }) => name))].sort(), has.sort(), called);
      }
    });

    it("every role that is granted is there, and granted to an account that is", () => {
      const bindings = preview.resources.filter(({ type }) => type.endsWith(":ClusterRoleBinding"));
      const roles = preview.resources.filter(({ type }) => type.endsWith(":ClusterRole"));
      assert(bindings.length > 0);
      for (const { inputs } of bindings) {
        assert(
          roles.some((role) => role.inputs.metadata.name === inputs.roleRef.name),
          inputs.roleRef.name,
        );
        for (const { name } of inputs.subjects) object(preview, "ServiceAccount", name);
      }
    });

    it("no two objects of one kind have one name", () => {
      const names = preview.resources
        .filter(({ inputs, type }) => type.startsWith("kubernetes:") && inputs.metadata)
        .map(({ type, inputs }) => `${type} ${inputs.metadata.namespace ?? ""}/${inputs.metadata.name}`);
      assert.deepEqual(
        names.filter((name, index) => names.indexOf(name) !== index),
        [],
      );
    });

    it("every address inside the cluster that something is given is one of a Service, at a port that it has", () => {
      const places = preview.resources.filter(({ type }) =>
        [kinds.ConfigMap, kinds.DaemonSet, kinds.Deployment, kinds.Job, kinds.StatefulSet].includes(type as never),
      );
      const addresses = new Set<string>();
      for (const { inputs } of places) {
        const found = JSON.stringify(inputs).matchAll(/([a-z0-9-]+)\.monitoring\.svc\.cluster\.local\.?(?::(\d+))?/g);
        for (const [, name, port] of found) addresses.add(port ? `${name}:${port}` : name);
      }
      const release = "kube-prometheus-stack-prometheus:9090"; // the chart's Service
      const hasRelease = ofKind(preview, "Release").some(({ inputs }) => inputs.name === "kube-prometheus-stack");
      assert.equal(addresses.delete(release), hasRelease, "Grafana has the address of a Prometheus that is there");
      assert(addresses.size >= 3, [...addresses].join(" "));
      for (const address of addresses) {
        const [name, port] = address.split(":");
        const { spec } = object(preview, "Service", name).inputs;
        assert(port === undefined || spec.ports.some((each: { port: number }) => each.port === Number(port)), address);
      }
    });
  });
});

interface Reference {
  kind: "ConfigMap" | "Secret";
  name: string;
  keys: string[];
}

/** The ConfigMaps and Secrets that a pod names, with the keys that it names. */
function references({ pod, initContainers, containers }: Workload): Reference[] {
  const keysOf = (items: { key: string }[] | undefined) => (items ?? []).map(({ key }) => key);
  const volumes = (pod.volumes ?? []).flatMap(({ configMap, secret, projected }): Reference[] => [
    ...(configMap ? [{ kind: "ConfigMap" as const, name: configMap.name, keys: keysOf(configMap.items) }] : []),
    ...(secret ? [{ kind: "Secret" as const, name: secret.secretName, keys: keysOf(secret.items) }] : []),
    // What is optional may be a person's own.
    ...(projected?.sources ?? [])
      .flatMap(({ configMap }) => (configMap && !configMap.optional ? [configMap] : []))
      // Kubernetes makes this one in every namespace.
      .filter(({ name }) => name !== "kube-root-ca.crt")
      .map(({ name, items }) => ({ kind: "ConfigMap" as const, name, keys: keysOf(items) })),
  ]);
  const variables = [...initContainers, ...containers]
    .flatMap(({ env }) => env ?? [])
    .flatMap(({ valueFrom }): Reference[] =>
      valueFrom?.secretKeyRef
        ? [{ kind: "Secret", name: valueFrom.secretKeyRef.name, keys: [valueFrom.secretKeyRef.key] }]
        : [],
    );
  return [...volumes, ...variables];
}
