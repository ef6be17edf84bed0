import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";
import { until } from "../until";

/** A program that runs on this machine for a test, on the loopback. */
export interface LocalServer {
  /** Ends it, and waits until it has. */
  stop(): Promise<void>;
  /** Ends it as the kernel does when memory is short, and waits until it has. */
  kill(): Promise<void>;
  /** The end of what it printed. */
  said(): string;
  /** Fulfilled once it has ended, for whatever reason. */
  ended: Promise<void>;
}

/**
 * Where {@link freePort} looks: below the ports that Linux gives to outgoing connections (32768 and above) and Kubernetes to node ports (30000). One of
 * those could become a connection's own end before its program listens, or while that is restarted.
 */
const [firstPort, portCount] = [20_000, 10_000];

/**
 * A port of the loopback that nobody listens on, and another each time, also than other processes get here: until its program listens, and while that
 * is restarted, only this process knows whose it is.
 */
export async function freePort(): Promise<number> {
  const port = firstPort + randomInt(portCount);
  return !given.has(port) && (await claimed(port)) && (await nobodyListens(port)) ? port : freePort();
}

/** Those that {@link freePort} has given. */
const given = new Set<number>();

function nobodyListens(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Whether a port is this process's from now on: Linux keeps an abstract socket of its name until the process ends, and refuses the same to others. */
function claimed(port: number): Promise<boolean> {
  given.add(port);
  if (process.platform !== "linux") return Promise.resolve(true);
  return new Promise((resolve, reject) => {
    const claim = createServer().unref();
    claim.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    claim.listen(`\0observability-port-${port}`, () => resolve(true));
  });
}

/** Seconds that a program may take until it answers, also where several compete for two cores. */
const secondsToStart = 240;

/**
 * Starts a program and waits until it answers.
 * @param command its path
 * @param args its arguments
 * @param options its environment and working folder, and a URL that answers 200 once it is ready, or `tcp://…`, which takes connections then
 * @throws Error with what it printed, when it ends before it is ready or isn't ready within four minutes
 */
export async function startServer(
  command: string,
  args: string[],
  { env, cwd, ready }: { env?: NodeJS.ProcessEnv; cwd: string; ready: string },
): Promise<LocalServer> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text) => (said = `${said}${text}`.slice(-40_000)));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const end = (signal: NodeJS.Signals) => async () => {
    child.kill(signal);
    await ended;
  };
  const [stop, kill] = [end("SIGTERM"), end("SIGKILL")];
  const died = ended.then(() => {
    throw new Error(`${command} ended:\n${said.slice(-4000)}`);
  });
  died.catch(() => undefined); // it ends in the end
  let over = false;
  const answers = until(
    `${command} answers at ${ready}`,
    secondsToStart,
    async () => over || answersAt(new URL(ready)),
  );
  await Promise.race([answers, died]).catch(async (error) => {
    over = true;
    await stop();
    throw error;
  });
  return { stop, kill, said: () => said, ended };
}

/** Whether a URL answers 200, or `tcp://…` takes connections. */
export async function answersAt(url: URL): Promise<true | undefined> {
  if (url.protocol !== "tcp:") return (await fetch(url)).ok || undefined;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      socket.destroy();
      resolve(true);
    }).on("error", reject);
  });
}
