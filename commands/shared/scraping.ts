import * as alloy from "../../components/alloy/unsupported";
import * as vmagent from "../../components/vmagent/unsupported";
import type { Backend } from "../../stages";

/** What scrapes once kube-prometheus-stack is gone. */
interface Successor {
  /** What it is called. */
  title: string;
  cannotScrape(object: alloy.MonitoringObject, readable: alloy.Readable): string[];
  scrapesDifferently(object: alloy.MonitoringObject): string[];
}

/** What scrapes once kube-prometheus-stack is gone, by the stack's backend, and what of the cluster's monitors it doesn't, or does otherwise. */
export const successors: Readonly<Record<Backend, Successor>> = {
  mimir: { title: "Alloy", ...alloy },
  "victoria-metrics": { title: "vmagent", ...vmagent },
};
