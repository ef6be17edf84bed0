import { ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";

/**
 * How TypeScript is loaded. `tsx`: by tsx, with unused modules loaded late (see fast-start.js).
 * `ts-node`: as Pulumi does unless Pulumi.yaml says otherwise, with a type check; three times as slow.
 */
export type Loader = "tsx" | "ts-node";

/** One of Pulumi's entry points for Node.js (`@pulumi/pulumi/cmd/…`), and how it is started. */
export interface Entry {
  /** `run` for a program, `run-policy-pack` for a policy pack */
  name: "run" | "run-policy-pack";
  /** the program or the pack: working folder, and where `@pulumi/pulumi` is looked up, so that its own version runs it */
  folder: string;
  loader: Loader;
  /** for node, if tsx is the loader */
  nodeArguments: string[];
  args: string[];
  environment: Record<string, string>;
}

/** A running process, and what it has printed so far. */
export interface Runtime {
  child: ChildProcess;
  /** Standard output and standard error without colours. */
  printed(): string;
  /** Ends it. */
  stop(): void;
}

const running = new Set<ChildProcess>();

// Programs and policy packs wait for calls: they must not outlive this process.
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** Starts an entry point, in a process that ends with this one. */
export function startRuntime({ name, folder, loader, nodeArguments, args, environment }: Entry): Runtime {
  const entry = require.resolve(`@pulumi/pulumi/cmd/${name}`, { paths: [folder] });
  // The preload comes after tsx: package-files.js.
  const fast = loader === "tsx" ? [...nodeArguments, "--require", resolve(__dirname, "fast-start.js")] : [];
  // This process may itself run under Pulumi, whose settings must not be passed on.
  const inherited = Object.entries(process.env).filter(([key]) => !/^PULUMI_(NODEJS_|CONFIG)/.test(key));
  const child = spawn(process.execPath, [...fast, entry, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...Object.fromEntries(inherited), ...environment, OFFLINE_STARTER: String(process.pid) },
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  }
  return { child, printed: () => stripVTControlCharacters(text).trim(), stop: () => child.kill("SIGKILL") };
}
