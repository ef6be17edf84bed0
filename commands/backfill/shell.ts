import { Writable } from "node:stream";
import { InvalidInput } from "../../engine/errors";
import type { Connection } from "../shared/api/kubernetes";

/** A shell somewhere. */
export interface Shell {
  /** Where, for messages. */
  readonly place: string;
  /**
   * Runs a script.
   * @param script for `sh`; its arguments are `$1`, `$2` …
   * @param take gets what it prints, piece by piece; nothing more is read until it returns
   * @throws ScriptFailed when it ends with another exit code than 0; {@link NoShell} when it can't be started; other errors: the connection was lost
   */
  run(script: string, args: readonly string[], take?: (bytes: Buffer) => void): Promise<void>;
}

/** A script's exit code was not 0; the message is what it said. */
export class ScriptFailed extends Error {}

/** Trying again would be in vain. */
class NoShell extends InvalidInput {}

/** Milliseconds without a byte after which a connection is given up: as long as a slow disk needs for the hash of a file of half a gigabyte. */
const idle = 300_000;

/** Where a shell runs. */
export interface Container {
  namespace: string;
  pod: string;
  container: string;
}

/** A container of the cluster, through the API server, as `kubectl exec` does it. */
export class ContainerShell implements Shell {
  readonly place: string;

  /**
   * @param connection the API server
   * @param container where it runs
   * @param signal ends every script
   */
  constructor(
    private readonly connection: Connection,
    private readonly container: Container,
    private readonly signal: AbortSignal,
  ) {
    this.place = `pod ${container.namespace}/${container.pod}`;
  }

  async run(script: string, args: readonly string[], take: (bytes: Buffer) => void = () => undefined): Promise<void> {
    const { namespace, pod, container } = this.container;
    const { k8s, config } = this.connection;
    this.signal.throwIfAborted();
    let said = "";
    let end = () => {};
    const ended = new Promise<void>((resolve, reject) => {
      const silence = setTimeout(() => reject(new Error(`it gave no output for ${idle / 1000} s`)), idle);
      const stop = () => reject(this.signal.reason as Error);
      this.signal.addEventListener("abort", stop);
      // Written at once to where it goes: a buffer would grow where the network is faster than the disk.
      const out = sink((bytes) => {
        silence.refresh();
        take(bytes);
      }).on("error", reject);
      const err = sink((bytes) => (said += bytes.toString()));
      const command = ["sh", "-c", script, "sh", ...args];
      const socket = new k8s.Exec(config).exec(namespace, pod, container, command, out, err, null, false, (status) => {
        const { message = "" } = status;
        if (status.status === "Success") resolve();
        else if (message.includes("executable file not found")) reject(new NoShell(noShell(this.place)));
        else reject(new ScriptFailed(said.trim() || message));
      });
      socket.then(
        (open) => (open.onclose = () => reject(new Error("the connection was lost"))),
        ({ message }: Error) => reject(notOpened(this.place, message)),
      );
      end = () => {
        clearTimeout(silence);
        this.signal.removeEventListener("abort", stop);
        socket.then(
          (open) => open.terminate(),
          () => undefined,
        );
      };
    });
    await ended.finally(() => end());
  }
}

/** Takes bytes at once, and reports what goes wrong with them as the stream's error. */
const sink = (take: (bytes: Buffer) => void) =>
  new Writable({
    write(bytes: Buffer, _, done) {
      try {
        take(bytes);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });

const noShell = (place: string) =>
  `the image of ${place} has no shell (those named -distroless have none), so nothing can be read through it\n→ --claim reads its volume through a separate pod`;

function notOpened(place: string, message: string): Error {
  const status = /Unexpected server response: (\d+)/.exec(message)?.[1];
  return status === "403"
    ? new NoShell(`these credentials may not run commands in ${place} (403)\n→ they need the verb create on pods/exec`)
    : new Error(status ? `the API server answers ${status}` : message);
}
