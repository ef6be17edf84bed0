import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { notRunReason } from "../../commands/verify/unavailable";
import { ownProgram } from "../../engine/project";
import { until } from "../../lab/until";
import { unhealthy } from "./alloy";
import { testCluster, type ApiProxy } from "./cluster";
import { answersAsDefault } from "./prometheus-api";
import { partOf, stageOfTransition, type Transition } from "./transition";

/** What happens while a stage is brought about. */
export interface Disturbance {
  /** Begins at the first line of output that matches. */
  at: RegExp;
  /** `kill`: the run is killed, and started again. Anything else happens beside it. */
  what: "kill" | (() => Promise<void>);
  /** The run may fail of it, and is then started again. */
  fatal?: true;
}

/** Brings a stack from stage to stage, by a process for each. */
export class StageUpdates {
  /** How many runs were killed. */
  kills = 0;

  /** @param proxy to the cluster */
  constructor(private readonly proxy: ApiProxy) {}

  /**
   * Runs a transition to its end; a run that is killed is started again. Then everything must be there as it was asked for, and the stack's one address
   * answer as the stage's default does.
   */
  async bring(transition: Transition, disturbances: Disturbance[] = []): Promise<void> {
    for (const left = [...disturbances]; ;) {
      const { killed, code, said } = await run(transition, left);
      if (killed) this.kills++;
      if (killed || (code !== 0 && disturbances.some(({ fatal }) => fatal) && isOutage(said))) continue;
      assert.equal(code, 0, said);
      break;
    }
    // What it converged to is what it was to be: nothing that a run killed half-way left behind, or left out.
    const { kubectl, unavailable } = await testCluster();
    const objects = (await partOf(transition)).flatMap(({ object }) =>
      object && notRunReason(object, unavailable) === undefined ? [object] : [],
    );
    const difference = await kubectl.diff(objects);
    assert.deepEqual(difference.match(/^diff .*$/gm) ?? [], [], difference);
    const { namespace } = transition;
    await answersAsDefault(this.proxy, namespace, stageOfTransition(transition));
    // The pods are listed each time: one that the transition removes may still be there at first.
    await until("every component of every Alloy is healthy", 240, async () => {
      const pods = await kubectl.run(["get", "pods", "-n", namespace, "-o", "name"]);
      for (const pod of pods.match(/(?<=pod\/)alloy.*/g) ?? [])
        assert.deepEqual(await unhealthy(this.proxy, namespace, pod), [], pod);
      return true;
    });
  }
}

async function run(transition: Transition, left: Disturbance[]) {
  const script = join(ownProgram, "e2e", "support", "transition.ts");
  const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(transition)], {
    cwd: ownProgram,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const beside: Promise<void>[] = [];
  let killed = false;
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  createInterface({ input: child.stdout }).on("line", (line) => {
    said += `${line}\n`;
    const index = left.findIndex(({ at }) => at.test(line));
    if (index === -1 || killed) return;
    const [{ what }] = left.splice(index, 1);
    if (what === "kill") killed = child.kill("SIGKILL");
    else beside.push(what());
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  await Promise.all(beside);
  return { killed, code, said };
}

/** Whether a run failed because the API server didn't answer. */
const isOutage = (said: string) => /handshake timeout|Client\.Timeout|i\/o timeout|deadline exceeded/.test(said);
