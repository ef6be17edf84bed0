import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

/**
 * Runs scripts of package.json side by side: `tsx test/support/side-by-side.ts typecheck mocha`. What the last one prints appears as it runs, and below it
 * what the others had to say. Ends with 1 where any of them failed.
 */
const names = process.argv.slice(2);

const root = resolve(__dirname, "../..");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
// As npm does; another npm for each of them would take half a second.
const PATH = [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);

interface Ended {
  name: string;
  code: number | null;
  said: string;
  seconds: number;
}

/** Runs a script. @param shown whether it prints by itself */
function run(name: string, shown: boolean): Promise<Ended> {
  const begin = Date.now();
  const stdio = ["ignore", ...(shown ? inherited : piped)] as const;
  const child = spawn(scripts[name], { shell: true, cwd: root, env: { ...process.env, PATH }, stdio: [...stdio] });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => said.push(chunk));
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", (code) =>
      done({ name, code, said: Buffer.concat(said).toString(), seconds: (Date.now() - begin) / 1000 }),
    );
  });
}

const inherited = ["inherit", "inherit"] as const;
const piped = ["pipe", "pipe"] as const;

void (async () => {
  const ends = await Promise.all(names.map((name, i) => run(name, i === names.length - 1)));
  for (const { said } of ends) process.stdout.write(said);
  for (const { name, code, seconds } of ends)
    console.log(`${code === 0 ? "passed" : "FAILED"}  ${name}, ${seconds.toFixed(0)} s`);
  process.exitCode = ends.every(({ code }) => code === 0) ? 0 : 1;
})();
