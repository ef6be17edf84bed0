import { run } from "./cli";

/** npm run up|preview -- --stack S [arguments of Pulumi] */
const [command, ...words] = process.argv.slice(2);
void run(command === "up" ? "up" : "preview", words, (text) => process.stderr.write(text)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 2;
  },
);
