/** The command's input can't be used: no such stack, a malformed option, a missing setting. Exit code 2. */
export class InvalidInput extends Error {}

/** The program ended with an error, or reported one. The message is what it said. Exit code 2. */
export class ProgramFailed extends Error {}

/** The policy pack could not be started, or crashed. Exit code 2: no answer is not a good answer. */
export class PolicyPackFailed extends Error {}
