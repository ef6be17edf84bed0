import { Report } from "./build";

/** What a cluster is to be like. */
export interface ClusterOptions {
  /** Address range for link, pods and services (`A.B.0.0/16`); by default that of the cluster that is there, else 10.213.0.0/16. kind chooses its own. */
  range?: string;
  /** Storage classes; the first is the default one. All of them are folders of this machine. */
  storageClasses: string[];
}

/** A way to run a throw-away Kubernetes of one node. */
export interface Engine {
  /** Its name, as `status` prints it. */
  name: "kind" | "native";
  /** Whether the cluster answers. */
  isUp(): Promise<boolean>;
  /**
   * Makes sure that this machine can run the cluster, and installs what is missing and can be.
   *
   * @throws Error that names everything that is in the way, each with what to do.
   */
  prepare(options: ClusterOptions, report: Report): Promise<void>;
  /** Brings the cluster to the point where it takes objects. What is already there stays as it is. */
  up(options: ClusterOptions, report: Report): Promise<void>;
  /** Takes an image from its registry into the node; false where it can't be had there. */
  pull(reference: string): Promise<boolean>;
  /** Puts an image that was made here into the node, under its own name. */
  load(archive: string): Promise<void>;
  /** Removes the cluster and everything that `up` changed on this machine; no error when there is none. */
  down(report: Report): Promise<void>;
}
