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
 * A text for somebody who has just run a command of a stack: each command in it is one that can be copied. Texts don't name a stack themselves: most of
 * them are about any.
 * @param text such as `npm run up -- --refresh creates it again`
 * @param stack the stack's name
 * @returns such as `npm run up -- --stack production --refresh creates it again`
 */
export const ofStack = (text: string, stack: string): string =>
  text.replace(command, (_, script: string) => `npm run ${script} -- --stack ${stack}`);
