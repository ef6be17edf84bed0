import { run } from "./cli";

/**
 * npm run up|preview -- --stack S [arguments of Pulumi]
 * The scripts begin with `exec`: a shell between npm and this process would keep npm's signals to itself.
 */
const [command, ...words] = process.argv.slice(2);
void run(command === "up" ? "up" : "preview", words, (text) => process.stderr.write(text)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 2;
  },
);
