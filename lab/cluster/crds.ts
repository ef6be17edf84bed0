import { readdirSync } from "node:fs";
import { join } from "node:path";
import { downloadedModule, goCommand, moduleDir } from "./go";
import { moduleVersion } from "./programs";

/** The Prometheus operator's custom resource definitions. */
export interface OperatorCrds {
  /** Version of the operator that they belong to (`v0.85.0`). The chart's operator can be newer: this is the newest that exists as a Go module. */
  version: string;
  /** One YAML manifest each, absolute paths, sorted. */
  files: string[];
}

/**
 * Finds the manifests in the operator's Go module, downloading the module where the module cache lacks it.
 *
 * @throws Error when Go is missing or the module can't be had.
 */
export async function operatorCrds(): Promise<OperatorCrds> {
  const go = await goCommand();
  const dir = join(await moduleDir(go, "prometheus-operator"), "example", "prometheus-operator-crd");
  const files = readdirSync(dir).filter((file) => file.endsWith(".yaml"));
  return { version: moduleVersion("prometheus-operator"), files: files.sort().map((file) => join(dir, file)) };
}

/**
 * Finds the manifests of bucket claims (ObjectBucketClaim, ObjectBucket) in Rook's Go module, of which nothing is built.
 *
 * @throws Error when Go is missing or the module can't be had.
 */
export async function bucketClaimCrds(): Promise<string[]> {
  const module = await downloadedModule(await goCommand(), join(__dirname, "go", "rook"), "github.com/rook/rook");
  const dir = join(module, "deploy", "olm", "assemble");
  const files = readdirSync(dir).filter((file) => file.startsWith("objectbucket.io_"));
  return files.sort().map((file) => join(dir, file));
}
