/** The scripts of package.json that are given a stack. */
export const stackCommands = [
  "adopt",
  "alert",
  "backfill",
  "backup",
  "destroy",
  "import-logs",
  "plan",
  "policy",
  "preflight",
  "preview",
  "preview:offline",
  "render",
  "restore",
  "size",
  "up",
  "usage",
  "verify",
] as const;

const command = new RegExp(`npm run (${stackCommands.join("|")})(?![\\w:-])(?! -- --stack)(?: --(?= --))?`, "g");

/**
 * How a command is given a stack.
 * @param stack the stack's name
 * @param configFile its file, if it isn't Pulumi.<stack>.yaml
 * @returns such as `--stack production --config-file ../mine.yaml`
 */
export const stackWords = (stack: string, configFile?: string): string =>
  [`--stack ${stack}`, ...(configFile === undefined ? [] : [`--config-file ${quoted(configFile)}`])].join(" ");

/** As a shell takes it. */
const quoted = (path: string) => (/^[\w./~@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

/**
 * A text for somebody who has just run a command of a stack: each command in it is one that can be copied. Texts don't name a stack themselves: most of
 * them are about any. Those of the settings name it, but don't know the file.
 * @param text such as `npm run up -- --refresh creates it again`
 * @param stack the stack's name
 * @param configFile the file that the command was given
 * @returns such as `npm run up -- --stack production --refresh creates it again`
 */
export function ofStack(text: string, stack: string, configFile?: string): string {
  const words = stackWords(stack, configFile);
  const named = text.replace(command, (_, script: string) => `npm run ${script} -- ${words}`);
  return configFile === undefined
    ? named
    : named.replace(/--stack ([^\s`'",;:)]+)(?! --config-file)/g, (its, other) => (other === stack ? words : its));
}
