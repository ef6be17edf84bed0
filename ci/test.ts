import { spawn } from "node:child_process";

/**
 * `npm test`: type check and tests side by side. What the tests print appears as they run, and below it
 * what the other checks have to say. Ends with 1 where any of them failed.
 */
const checks = ["typecheck"];

interface Ended {
  name: string;
  code: number | null;
  said: string;
  seconds: number;
}

/** Runs a script of package.json. @param shown whether it prints by itself */
function run(name: string, shown = false): Promise<Ended> {
  const begin = Date.now();
  const child = spawn("npm", ["run", "--silent", name], { stdio: ["ignore", ...(shown ? inherited : piped)] });
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
  const ends = await Promise.all([...checks.map((name) => run(name)), run("mocha", true)]);
  for (const { name, code, said, seconds } of ends) {
    console.log(`${code === 0 ? "passed" : "FAILED"}  ${name}, ${seconds.toFixed(0)} s`);
    if (code !== 0) process.stdout.write(said);
  }
  process.exitCode = ends.every(({ code }) => code === 0) ? 0 : 1;
})();
