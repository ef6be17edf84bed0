import type { types } from "@pulumi/kubernetes";
import { serviceAccountClass } from "../monitors/scrape-class";
import { configFile } from "./arguments";

/**
 * The scrape configuration: Prometheus's operator writes it for a Prometheus of which it runs no pod (`components/vmalert/gathered.ts`), and a script
 * brings it to vmagent.
 */

/** What decides about the labels and the interval of series. */
export interface ScrapeArgs {
  /** Value of the label `cluster`, which Prometheus put on every series as it sent it; none: it has none. */
  cluster?: string;
  /** How often targets are scraped whose monitor says nothing (Prometheus duration). */
  scrapeInterval: string;
}

/**
 * Spec of that Prometheus: every monitor of every namespace, with the labels, interval and scrape class that kube-prometheus-stack's had
 * (`components/kube-prometheus-stack/values.ts`).
 * @param args labels and interval
 */
export const gatheredSpec = ({ cluster, scrapeInterval }: ScrapeArgs) => ({
  scrapeInterval,
  prometheusExternalLabelName: "",
  replicaExternalLabelName: "",
  ...(cluster !== undefined && { externalLabels: { cluster } }),
  scrapeClasses: [serviceAccountClass],
  ...Object.fromEntries(
    ["serviceMonitor", "podMonitor", "probe", "scrapeConfig"].flatMap((kind) => [
      [`${kind}Selector`, {}],
      [`${kind}NamespaceSelector`, {}],
    ]),
  ),
});

/** The same file as the operator writes it. */
const gatheredFile = `${configFile}.gz`;

/** Where the configuration looks for the certificates that monitors name (`tlsAssetsDir` in the operator's pkg/prometheus/common.go). */
export const certificatesFolder = "/etc/prometheus/certs";

/** How many Secrets of certificates are mounted; each has up to half a megabyte. */
const most = 4;

/**
 * What the operator writes, as volumes: the configuration, without which the pod doesn't start, and the certificates.
 * @param name of the Prometheus
 */
export const gatheredVolumes = (name: string): types.input.core.v1.Volume[] => [
  { name: "gathered", secret: { secretName: `prometheus-${name}` } },
  {
    name: "certificates",
    projected: {
      sources: Array.from({ length: most }, (_, index) => ({
        secret: { name: `prometheus-${name}-tls-assets-${index}`, optional: true },
      })),
    },
  },
];

/** Key of the ConfigMap. */
export const scriptFile = "scrape-config.sh";

/**
 * The script that brings the configuration to vmagent: `scrape-config.sh FROM TO`. The operator compresses it, and leaves `$(SHARD)` in it for the
 * program beside Prometheus, which has the number of the pod's shard: there is one, 0.
 */
export const scrapeConfigScript = `#!/bin/sh
set -eu
from=$1/${gatheredFile} to=$2/${configFile}
gunzip -c "$from" > "$to.gathered"
sed 's/\\$(SHARD)/0/g' "$to.gathered" > "$to.new"
[ -s "$to.new" ] || { echo "$from is empty: the operator has not written it yet"; exit 1; }
cmp -s "$to.new" "$to" || { mv "$to.new" "$to"; echo "$to: $(grep -c '^- job_name:' "$to") jobs"; }
`;
