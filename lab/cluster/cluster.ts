import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unavailableConfigMap } from "../../commands/verify/unavailable";
import { Report } from "./build";
import { ClusterOptions, Engine } from "./engine";
import { Images, loadImages, recordedImages, unavailableImages } from "./image-load";
import { dockerAnswers, kind } from "./kind";
import { withLock } from "./lock";
import { native } from "./native/engine";
import { cacheDir, kubeconfigPath, stateDir } from "./paths";
import { run } from "./run";
import { hostTool } from "./tools";

const engines = { kind, native };

/** What `status` prints. */
export interface Status {
  running: boolean;
  /** The engine of the cluster that is there, or the one that `up` would take. */
  engine: Engine["name"];
  /** Path, whether or not there is a cluster. */
  kubeconfig: string;
  /** The API server's version (`v1.36.3`); null when it doesn't run. */
  kubernetesVersion: string | null;
  images: Images;
}

/**
 * Brings the cluster up with the images of the program in it. Repeatable: what is there stays, what is missing is made.
 *
 * @param engine Engine to use; by default kind where a Docker engine answers, native otherwise.
 */
export function up(options: ClusterOptions, report: Report, engine?: Engine["name"]): Promise<Status> {
  return exclusively(report, async () => {
    const chosen = engines[await engineName(engine)];
    await chosen.prepare(options, report);
    mkdirSync(stateDir(), { recursive: true });
    writeFileSync(engineFile(), chosen.name); // before anything changes, so that `down` finds what an `up` that was cut off left
    await chosen.up(options, report);
    await loadImages(chosen, report);
    const now = await status();
    await announce(now.images);
    return now;
  });
}

/** Lists in the cluster the images that it can't pull, for `npm run verify`. */
async function announce({ unavailable }: Images): Promise<void> {
  const object = unavailableConfigMap(new Map(unavailable.map(({ reference, reason }) => [reference, reason])));
  const args = ["apply", "--server-side", "--force-conflicts", `--kubeconfig=${kubeconfigPath()}`, "-f", "-"];
  await run(await hostTool("kubectl"), args, { input: JSON.stringify(object) });
}

/** Removes the cluster with everything in it. What is cached stays. */
export function down(report: Report): Promise<void> {
  return exclusively(report, async () => engines[await engineName()].down(report));
}

/** What there is. Changes nothing. */
export async function status(): Promise<Status> {
  const engine = await engineName();
  const running = existsSync(kubeconfigPath()) && (await engines[engine].isUp());
  return {
    running,
    engine,
    kubeconfig: kubeconfigPath(),
    kubernetesVersion: running ? await serverVersion() : null,
    images: recordedImages() ?? { loaded: [], unavailable: unavailableImages() },
  };
}

function exclusively<T>(report: Report, body: () => Promise<T>): Promise<T> {
  const waiting = (owner: number) => report(`waiting for process ${owner}, which is changing the cluster`);
  return withLock(join(cacheDir(), "cluster.lock"), waiting, body);
}

function engineFile(): string {
  return join(stateDir(), "engine");
}

async function engineName(wanted?: Engine["name"]): Promise<Engine["name"]> {
  const recorded = existsSync(engineFile()) ? (readFileSync(engineFile(), "utf8") as Engine["name"]) : undefined;
  if (recorded && wanted && recorded !== wanted) {
    throw new Error(`A cluster with the engine ${recorded} exists already: remove it first (npm run cluster -- down).`);
  }
  return recorded ?? wanted ?? ((await dockerAnswers()) ? "kind" : "native");
}

async function serverVersion(): Promise<string> {
  const said = await run(await hostTool("kubectl"), ["version", "--output=json", `--kubeconfig=${kubeconfigPath()}`]);
  return (JSON.parse(said) as { serverVersion: { gitVersion: string } }).serverVersion.gitVersion;
}
