/** How a registry wants to be asked: what `WWW-Authenticate` says. */
export type Challenge =
  | { scheme: "basic" }
  | {
      scheme: "bearer";
      /** URL that gives tokens. */
      realm: string;
      service?: string;
      scope?: string;
    };

/**
 * Reads `WWW-Authenticate` (RFC 9110, 11.6.1; https://distribution.github.io/distribution/spec/auth/token/). A token is taken where there is a choice.
 * @returns undefined where it has neither of the two schemes
 */
export function challengeOf(header: string | null): Challenge | undefined {
  const challenges = header ?? "";
  const [, bearer] = /(?:^|,)\s*bearer\s+((?:[\w-]+\s*=\s*(?:"[^"]*"|[^\s",]+)(?:\s*,\s*)?)+)/i.exec(challenges) ?? [];
  const parameters = Object.fromEntries(
    [...(bearer ?? "").matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s",]+))/g)].map(([, key, quoted, token]) => [
      key.toLowerCase(),
      quoted ?? token,
    ]),
  );
  const { realm, service, scope } = parameters;
  if (realm) return { scheme: "bearer", realm, service, scope };
  return /(?:^|,)\s*basic\b/i.test(challenges) ? { scheme: "basic" } : undefined;
}
