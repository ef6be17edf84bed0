import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { criLine } from "../logs/collector";
import { labelsOf, linesOf, podCount, type PodLines } from "../logs/lines";
import { podFolder, type FoundPod } from "../logs/pod-api";

/** The pod of the benchmark's lines with a number, as the collector finds it. */
export function foundPod(pod: number): FoundPod {
  const { namespace, pod: name, container, app } = labelsOf(pod);
  return { namespace, name, container, app };
}

/** Seconds of lines that are made at once: even of a gigabyte a day each pod has dozens in them, so that the last one's length hardly counts. */
const sliceSeconds = 30;

/** How often what is due is written, in milliseconds. */
const every = 500;

/** What was written. */
export interface Fed {
  lines: number;
  /** Bytes of the lines alone, without what containerd puts before them, and the seconds that they took. */
  bytes: number;
  seconds: number;
}

/** Pods that write at a steady rate into their files, as containerd does, until they are stopped. */
export interface Feed {
  /** When the first line was due, in milliseconds since 1970. */
  began: number;
  /** Ends them. @throws Error when a file could not be written */
  stop(): Fed;
}

/**
 * Starts the pods of the benchmark's lines.
 * @param bytesPerDay of all lines
 * @param folderOf where the `/var/log` of a pod's node is
 */
export function startFeed(bytesPerDay: number, folderOf: (pod: number) => string): Feed {
  const files = Array.from({ length: podCount }, (_, pod) => {
    const folder = join(folderOf(pod), "pods", podFolder(foundPod(pod)));
    mkdirSync(folder, { recursive: true });
    return openSync(join(folder, "0.log"), "a");
  });
  const began = Date.now();
  const fed = { lines: 0, bytes: 0 };
  let slice = 0;
  let failed: { error: unknown } | undefined;
  const sliceOf = (number: number) => linesOf(number, Number.MAX_SAFE_INTEGER, (bytesPerDay / 86_400) * sliceSeconds);
  let [current, written] = [sliceOf(0), files.map(() => 0)];
  const write = (until: number) => {
    for (;;) {
      const start = slice * sliceSeconds;
      const share = Math.min(1, (until - start) / sliceSeconds);
      current.forEach((pod, i) => {
        const due = dueOf(pod, written[i], share, began + start * 1000);
        written[i] += due.lines;
        fed.lines += due.lines;
        fed.bytes += due.bytes;
        if (due.lines > 0) writeSync(files[i], due.text);
      });
      if (share < 1) return;
      slice++;
      [current, written] = [sliceOf(slice), files.map(() => 0)];
    }
  };
  const seconds = () => (Date.now() - began) / 1000;
  const timer = setInterval(() => {
    try {
      write(seconds());
    } catch (error) {
      failed = { error };
      clearInterval(timer);
    }
  }, every);
  return {
    began,
    stop: () => {
      clearInterval(timer);
      const took = seconds();
      if (!failed) write(took);
      files.forEach((file) => closeSync(file));
      if (failed) throw failed.error;
      return { ...fed, seconds: took };
    },
  };
}

/** Of a pod's lines of a slice those that are due and not written yet, each with the time at which it was due. */
function dueOf({ labels, lines }: PodLines, from: number, share: number, start: number) {
  const due = lines.slice(from, Math.floor(lines.length * share));
  const time = (i: number) => start + ((from + i) / lines.length) * sliceSeconds * 1000;
  return {
    lines: due.length,
    bytes: due.reduce((sum, line) => sum + line.length, 0),
    text: due.map((line, i) => criLine(time(i), labels.stream, line)).join(""),
  };
}
