import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { host, Report } from "./build";
import { goCommand, moduleDir } from "./go";
import { BuiltImage, buildImage } from "./image-build";
import { ImageRecipe } from "./images";
import { coreDnsImage } from "./native/addons";
import { pauseImage } from "./native/config";
import { cacheDir } from "./paths";
import { moduleVersion, programRelease } from "./programs";
import { run } from "./run";

/** Makes the images that the cluster itself needs before anything can run: the one that holds a pod's namespaces, and its DNS server. */
export async function buildSystemImages(report: Report): Promise<BuiltImage[]> {
  const pause: ImageRecipe = {
    program: "kubernetes",
    entries: [{ path: "/pause", from: await buildPause(), mode: 0o755 }],
    config: { Entrypoint: ["/pause"], User: "65535:65535" },
  };
  const coreDns: ImageRecipe = {
    program: "coredns",
    binaries: { "/coredns": "coredns" },
    config: { Entrypoint: ["/coredns"] },
  };
  return [
    await buildImage("pause", pauseImage, pause, report),
    await buildImage("coredns", coreDnsImage(programRelease("coredns")), coreDns, report),
  ];
}

/** Compiles `pause.c` from the Kubernetes module, with its Makefile's flags. */
async function buildPause(): Promise<string> {
  const out = join(cacheDir(), "bin", "pause", `${moduleVersion("kubernetes")}-${host.arch}`, "pause");
  if (existsSync(out)) return out;
  const source = join(await moduleDir(await goCommand(), "kubernetes"), "build", "pause", "linux", "pause.c");
  mkdirSync(join(out, ".."), { recursive: true });
  const version = `-DVERSION=${moduleVersion("kubernetes")}`;
  const unfinished = `${out}.unfinished`;
  await run("gcc", ["-Os", "-Wall", "-Werror", "-static", version, "-o", unfinished, source]);
  renameSync(unfinished, out);
  return out;
}
