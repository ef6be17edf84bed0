/** What an error says, on one line, for a person: no stack. */
export function brief(error: unknown): string {
  if (!(error instanceof Error)) return String(error).split("\n")[0].slice(0, 200);
  return `${error.name}: ${error.message.split("\n")[0]}`.slice(0, 200);
}
