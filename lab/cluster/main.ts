import { Command, Option } from "commander";
import { delimiter } from "node:path";
import { down, Status, status, up } from "./cluster";
import { tagOf } from "./image-load";
import { interruptible } from "../../commands/shared/interruption";
import { usualStorageClasses } from "./native/addons";
import { defaultRange } from "./native/network";

// `su` without `-` leaves root with a PATH that lacks the system's own programs
process.env.PATH = [process.env.PATH, "/usr/local/sbin", "/usr/sbin", "/sbin"].join(delimiter);

/** Progress goes to standard error: standard output is the result. */
function report(line: string): void {
  console.error(line);
}

function table({ running, engine, kubeconfig, kubernetesVersion, images }: Status): string {
  const width = Math.max(...[...images.loaded, ...images.unavailable].map(({ reference }) => reference.length), 0);
  const loaded = images.loaded.map(({ reference, builtFrom, version }) => {
    const differs = tagOf(reference).replace(/^v/, "") === version.replace(/^v/, "") ? "" : `, is ${version}`;
    return `  ✓ ${reference.padEnd(width)}  ${builtFrom}${differs}`;
  });
  const unavailable = images.unavailable.map(({ reference, reason }) => `  – ${reference.padEnd(width)}  ${reason}`);
  return [
    running
      ? `The cluster is running (${engine}, Kubernetes ${kubernetesVersion}).`
      : `No cluster is running (the engine is ${engine}).`,
    ...(loaded.length ? ["Images that it has:", ...loaded] : []),
    ...(unavailable.length ? ["Images that it can't have:", ...unavailable] : []),
    ...(running ? [`export KUBECONFIG=${kubeconfig}`] : []),
  ].join("\n");
}

function print(result: Status, json: boolean): void {
  console.log(json ? JSON.stringify(result, null, 2) : table(result));
}

const program = new Command("cluster").description("A throw-away Kubernetes with one node and this program's images");
const json = () => new Option("--json", "print the result as JSON").default(false);

program
  .command("up")
  .description("start it; can be repeated")
  .addOption(
    new Option("--engine <name>", "kind where a Docker engine answers, native otherwise").choices(["kind", "native"]),
  )
  .option("--range <A.B.0.0/16>", `addresses of the native engine's link, pods and services (default: ${defaultRange})`)
  .option("--storage-classes <names...>", "storage classes; the first is the default", usualStorageClasses)
  .addOption(json())
  .action(async ({ engine, range, storageClasses, json }) => {
    print(await up({ range, storageClasses }, report, engine), json);
  });

program
  .command("down")
  .description("remove it with everything in it; binaries and images stay in the cache")
  .addOption(json())
  .action(async ({ json }) => {
    await down(report);
    print(await status(), json);
  });

program
  .command("status")
  .description("show its state")
  .addOption(json())
  .action(async ({ json }) => print(await status(), json));

void interruptible(
  async () => void (await program.parseAsync()),
  "Stopped: all processes of this run have ended. The same command continues.",
);
