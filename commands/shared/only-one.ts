import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { InvalidInput } from "../../engine/errors";

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Linux's name of the time since the machine was started: after a restart, another program may have the same number. */
const bootFile = "/proc/sys/kernel/random/boot_id";

const ourselves = () => `${process.pid} ${existsSync(bootFile) ? readFileSync(bootFile, "utf8").trim() : ""}`.trim();

/**
 * Does something with files of this machine that two runs of a command would spoil for each other. A run that was killed is taken over at once.
 * @param file says who is at it, and is removed afterwards
 * @param command the command, for a person
 * @throws InvalidInput while another run is at it
 */
export async function onlyOne<T>(file: string, command: string, act: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  for (let attempt = 1; !taken(file); attempt++) {
    const [pid, boot] = existsSync(file) ? readFileSync(file, "utf8").split(" ") : [];
    const over = boot !== ourselves().split(" ")[1] || !isAlive(Number(pid));
    if (!over || attempt === 3)
      throw new InvalidInput(
        `${command} runs already, as process ${pid} of this machine (${file}): two at once would spoil each other's files\n→ wait until it has ended, or stop it: it can be run again`,
      );
    rmSync(file, { force: true });
  }
  try {
    return await act();
  } finally {
    rmSync(file, { force: true });
  }
}

function taken(file: string): boolean {
  try {
    writeFileSync(file, ourselves(), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
