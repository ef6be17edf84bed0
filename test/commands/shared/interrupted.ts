import { interruptible } from "../../../commands/shared/interruption";
import { kind } from "../../../lab/cluster/kind";
import { withLock } from "../../../lab/cluster/lock";
import { run } from "../../../lab/cluster/run";

/**
 * A command that a test stops: `interrupted.ts WHICH FOLDER`. Each process that it starts writes its number into a file of the folder.
 */
const [which, folder] = process.argv.slice(2);

/** Has a shell tell its process id and that of a child, and then wait. */
const waiting = `sleep 600 & echo $! > ${folder}/child; echo $$ > ${folder}/shell; wait`;

const commands: Record<string, () => Promise<unknown>> = {
  processes: () => run("sh", ["-c", waiting]),
  deaf: () => run("sh", ["-c", `trap '' TERM; ${waiting}; ${waiting}`]),
  talking: () => {
    setInterval(() => console.error("still at it"), 100);
    return run("sh", ["-c", waiting]);
  },
  lock: () =>
    withLock(
      `${folder}/lock`,
      () => undefined,
      () => run("sh", ["-c", waiting]),
    ),
  // What swallows the error of what was ended goes on to the next thing, which must not begin.
  next: () => run("sh", ["-c", waiting]).catch(() => run("sh", ["-c", `touch ${folder}/begun; sleep 600`])),
  finish: () =>
    run("sh", ["-c", `${waiting.replace("wait", "sleep 1")}; kill $!; touch ${folder}/finished`], { finish: true }),
  kind: () => kind.up({ storageClasses: ["local-path"] }, () => undefined).then(() => run("sh", ["-c", waiting])),
  failing: () => run("sh", ["-c", "echo out of luck >&2; exit 3"]),
};

void interruptible(async () => void (await commands[which]()), "farewell");
