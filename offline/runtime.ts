import { ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";

/**
 * How TypeScript is loaded. `tsx`: by tsx, with what the program doesn't use loaded late (see fast-start.js).
 * `ts-node`: as Pulumi does unless Pulumi.yaml says otherwise, with a type check; three times as slow.
 */
export type Loader = "tsx" | "ts-node";

/** One of Pulumi's own entry points for Node.js (`@pulumi/pulumi/cmd/…`), and what it is started with. */
export interface Entry {
  /** `run` for a program, `run-policy-pack` for a policy pack */
  name: "run" | "run-policy-pack";
  /** the program or the pack: working folder, and where `@pulumi/pulumi` is looked up, so that its own version runs it */
  folder: string;
  loader: Loader;
  /** for node, where tsx is the loader */
  nodeArguments: string[];
  args: string[];
  environment: Record<string, string>;
}

/** A process that is running, and what it printed so far. */
export interface Runtime {
  child: ChildProcess;
  /** Standard output and standard error without colours. */
  printed(): string;
  /** Ends it. */
  stop(): void;
}

const running = new Set<ChildProcess>();

// Programs and policy packs wait for somebody to talk to them: they must not outlive this process.
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** Starts an entry point, in a process that ends with this one. */
export function startRuntime({ name, folder, loader, nodeArguments, args, environment }: Entry): Runtime {
  const entry = require.resolve(`@pulumi/pulumi/cmd/${name}`, { paths: [folder] });
  const fast = loader === "tsx" ? ["--require", resolve(__dirname, "fast-start.js"), ...nodeArguments] : [];
  // This process may itself run under Pulumi, whose settings are not for that one.
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
